"""Tabs for the settings of a repository."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.archive_name import preview_archive_name
from borgdesk.borg.excludes import exclude_of
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import escaped
from borgdesk.domain.repository import LONGEST_COMPACT_EVERY, Repository, Retention, check_stall_limit
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.days_edit import DaysEdit
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.form_parts import explanation, label_of, show_text
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.advanced_edit import AdvancedEdit
from borgdesk.gui.repositories.compression_edit import CompressionEdit
from borgdesk.gui.repositories.excludes_edit import ExcludesEdit
from borgdesk.gui.repositories.passphrase_entry import PassphraseEntry
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.repositories.retention_edit import RetentionEdit
from borgdesk.gui.repositories.retention_preview_panel import RetentionPreviewPanel
from borgdesk.gui.repositories.source_sizes import SourceSizes
from borgdesk.gui.servers.server_edit import ServerEdit
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class _Tab(FormScroll):
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column = QVBoxLayout(inside)
        column.addLayout(self._form)
        # Otherwise the rows would share the room that a high window has left.
        column.addStretch(1)
        super().__init__(inside, parent)


class BackupTab(_Tab):
    """Name, sources, excludes, compression and archive name."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.sources = PathList(_("Folders and files to back up"), _("Add the folders to back up, or drop them here."))
        self.sizes = SourceSizes(self.sources, background)
        self.excludes = ExcludesEdit()
        self.excludes.preview.show()
        self.compression = CompressionEdit()
        self.archive_name = QLineEdit()
        self._example = explanation()
        self._form.addRow(_("&Name"), self.name)
        self.strict = QCheckBox(_("Fail if an&y source is missing, instead of backing up the rest"))
        self._form.addRow(_("&Sources"), self.sources)
        self._form.addRow("", self.sizes)
        self._form.addRow("", self.strict)
        self._form.addRow(_("E&xclude"), self.excludes)
        self._form.addRow(_("&Compression"), self.compression)
        self._form.addRow(_("Archive na&me"), self.archive_name)
        self._form.addRow("", self._example)
        self.advanced = AdvancedEdit()
        self._form.addRow(self.advanced)
        self.excludes.one_file_system.toggled.connect(self.sizes.set_one_file_system)
        self.archive_name.textChanged.connect(self._show_example)
        for signal in (
            self.name.textEdited,
            self.sources.edited,
            self.excludes.edited,
            self.compression.edited,
            self.archive_name.textEdited,
            self.strict.clicked,
            self.advanced.edited,
        ):
            signal.connect(self._emit_edited)

    def show_repository(self, repository: Repository) -> None:
        """Show the values of a repository."""
        show_text(self.name, repository.name)
        self.sources.set_paths(repository.sources)
        self.excludes.show_values(repository.excludes, repository.exclude_caches, repository.one_file_system)
        self.compression.set_compression(repository.compression)
        self.strict.setChecked(repository.fail_on_missing_source)
        show_text(self.archive_name, repository.archive_name)
        self.advanced.show_repository(repository)

    def apply(self, repository: Repository) -> Repository:
        """Return the repository with the entered values.

        Raises:
            InvalidInput: the time between checkpoints is out of range.
        """
        return replace(
            self.advanced.apply(repository),
            name=self.name.text(),
            sources=self.sources.paths(),
            excludes=self.excludes.patterns(),
            exclude_caches=self.excludes.caches.isChecked(),
            one_file_system=self.excludes.one_file_system.isChecked(),
            compression=self.compression.compression(),
            archive_name=self.archive_name.text(),
            fail_on_missing_source=self.strict.isChecked(),
        )

    def exclude(self, path: str) -> None:
        """Exclude a file or folder: before the patterns if there are any, since the first match wins."""
        if self.advanced.patterns.toPlainText().strip():
            self.advanced.leave_out(exclude_of(path))
        else:
            self.excludes.add((exclude_of(path),))

    def _emit_edited(self) -> None:
        self.edited.emit()

    def _show_example(self, template: str) -> None:
        try:
            example = preview_archive_name(
                template, datetime.now().astimezone(), hostname=socket.gethostname(), user=getpass.getuser()
            )
        except InvalidInput as error:
            self._example.setText(str(error))
            return
        self._example.setText(_("For example, {name}").format(name=example))


class RetentionTab(_Tab):
    """Rules for the archives to keep."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        edited: Callable[[], Repository | None],
        parent: QWidget | None = None,
    ) -> None:
        """*edited* returns the repository with the entered rules."""
        super().__init__(parent)
        self.rules = RetentionEdit()
        self.preview = RetentionPreviewPanel(workspace, background, edited)
        self.compact_every = DaysEdit(
            0,
            _("Free disk space"),
            _("whenever archives were deleted"),
            LONGEST_COMPACT_EVERY,
            before=_("at most every "),
        )
        self.compact_every.setToolTip(
            _("Freeing space takes time and rewrites files of the repository. Without deleted archives it is left out.")
        )
        self.rules.add_row(_("Free disk space"), self.compact_every)
        self._form.addRow(self.rules)
        self._form.addRow(self.preview)
        self.rules.edited.connect(self.edited)
        self.compact_every.valueChanged.connect(lambda _days: self.edited.emit())
        self.rules.edited.connect(self.preview.follow)

    def show_repository(self, repository: Repository) -> None:
        """Show the rules of a repository."""
        if not self._shows(repository.retention):
            self.preview.follow()
        self.rules.set_retention(repository.retention)
        before = self.blockSignals(True)
        self.compact_every.setValue(repository.compact_every)
        self.blockSignals(before)

    def apply(self, repository: Repository) -> Repository:
        """Return the repository with the entered rules.

        Raises:
            InvalidInput: the rules are invalid.
        """
        return replace(repository, retention=self.rules.retention(), compact_every=self.compact_every.value())

    def _shows(self, retention: Retention) -> bool:
        try:
            return self.rules.retention() == retention
        except InvalidInput:
            return False


class ConnectionTab(_Tab):
    """Location of the repository, and how it is unlocked."""

    key_requested = Signal()
    """The user wants to save the repository's key."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Repository | None = None
        self.location = QLineEdit()
        browse = QPushButton(icons.icon("folder"), _("Br&owse…"))
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.location, 1)
        row.addWidget(browse)
        self._encryption = QLabel()
        self._encryption.setWordWrap(True)
        self.passphrase = PassphraseEntry()
        self.passphrase.set_new(False)
        self._key_group = QGroupBox(_("Unlock with"))
        box = QVBoxLayout(self._key_group)
        box.addWidget(self.passphrase)
        box.addWidget(SecretStorageNote(workspace.secrets, background))
        box.addLayout(self._lay_out_keys())
        self._form.addRow(label_of(self.location, _("&Location")), row)
        self._form.addRow(_("Encryption"), self._encryption)
        self._form.addRow(self._key_group)
        self.server = ServerEdit(workspace, background)
        self._form.addRow(self.server)
        self.append_only = QCheckBox(_("Appe&nd-only: what is deleted keeps its space"))
        self.append_only.setToolTip(
            _(
                "The server keeps all data, so that nobody can destroy it from here. Compacting would free nothing, so "
                "it is left out after a backup."
            )
        )
        self._form.addRow("", self.append_only)
        self.stall_limit = DurationEdit(_("Time without progress after which Borg is stopped"))
        self.stall_limit.setToolTip(
            _(
                "If Borg makes no progress for this long, because the host or a disk does not respond, it is "
                "stopped, and the scripts after the backup run."
            )
        )
        self._form.addRow(_("Stop if there is no pro&gress for"), self.stall_limit)
        self.stall_limit.edited.connect(self._emit_edited)
        self.location.textEdited.connect(self._emit_edited)
        self.location.textChanged.connect(self.server.set_location)
        self.server.location_changed.connect(self._on_port_changed)
        self.server.edited.connect(self._emit_edited)
        self.append_only.clicked.connect(self._on_append_only_clicked)
        self.passphrase.edited.connect(self._emit_edited)

    def show_repository(self, repository: Repository) -> None:
        """Show the values of a repository; its passphrase is never shown."""
        self._shown = repository
        show_text(self.location, repository.location)
        self.server.set_location(repository.location)
        self.server.set_connection(repository.connection)
        self.append_only.setChecked(repository.append_only)
        self.server.append_only = repository.append_only
        self.stall_limit.set_seconds(repository.stall_limit)
        self._encryption.setText(repository_words.encryption_of(repository))
        self.passphrase.clear()
        self.passphrase.by_command.setChecked(repository.passcommand is not None)
        self.passphrase.by_passphrase.setChecked(repository.passcommand is None)
        show_text(self.passphrase.command, repository.passcommand or "")
        self.passphrase.set_hint(_("stored; type to replace it") if repository.has_passphrase else "")
        self._key_group.setVisible(repository.encryption != "none")
        self.save_key.setVisible(repository_words.has_key(repository))
        self._more.setVisible(repository_words.has_key(repository))

    def _lay_out_keys(self) -> QHBoxLayout:
        self.save_key = QPushButton(icons.icon("document-export"), _("Save the &key…"))
        self.save_key.setToolTip(_("Without the key and the passphrase, nobody can open the archives"))
        self.save_key.clicked.connect(self.key_requested)
        self._more = QPushButton(_("Key an&d passphrase"))
        keys = QHBoxLayout()
        keys.addWidget(self.save_key)
        keys.addWidget(self._more)
        keys.addStretch(1)
        return keys

    def add_key_menu(self, menu: QMenu) -> None:
        """Add the menu with all that can be done with key and passphrase."""
        self._more.setMenu(menu)

    def apply(self, repository: Repository) -> Repository:
        """Return the repository with the entered values, except the passphrase.

        Raises:
            InvalidInput: the time to wait is out of range.
        """
        way = self.server.connection()
        return replace(
            repository,
            location=self.location.text().strip(),
            ssh_key=way.ssh_key,
            jump_host=way.jump_host,
            remote_path=way.remote_path,
            append_only=self.append_only.isChecked(),
            passcommand=self.passphrase.unlocking().passcommand,
            stall_limit=check_stall_limit(self.stall_limit.seconds()),
        )

    def _emit_edited(self) -> None:
        self.edited.emit()

    def _on_port_changed(self, location: str) -> None:
        self.location.setText(location)
        self._emit_edited()

    def _on_append_only_clicked(self, checked: bool) -> None:
        self.server.append_only = checked
        self._emit_edited()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Choose the repository folder"), self.location.text())
        if chosen:
            self.location.setText(escaped(chosen))
            self._emit_edited()
