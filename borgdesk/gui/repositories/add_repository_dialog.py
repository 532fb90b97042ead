"""Dialog that adds a repository: creates a new one or opens an existing one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, CannotOpen, InvalidInput, Stopped
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.location import escaped
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.form_checks import FormChecks, check_form
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.repositories.repository_access import break_lock_of_new
from borgdesk.engine.schedule.editing import schedule_added
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import busy_bar, explanation, label_of
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import remedies, repository_words
from borgdesk.gui.repositories.compression_edit import CompressionEdit
from borgdesk.gui.repositories.excludes_edit import ExcludesEdit
from borgdesk.gui.repositories.passphrase_entry import PassphraseEntry
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.repositories.retention_edit import RetentionEdit
from borgdesk.gui.schedule.first_schedule_edit import FirstScheduleEdit
from borgdesk.gui.servers.server_edit import ServerEdit
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_PAUSE = 200
"""Milliseconds after the last key press before the form is checked."""

_KEPT_AT_FIRST = Retention(daily=7, weekly=4, monthly=6)


class AddRepositoryDialog(Dialog):
    """A single form; problems are shown below it while it is filled in."""

    help_page = "repositories"
    added = Signal(object)
    """The stored Repository."""
    looked = Signal()
    """The form was checked."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._number = 0
        self._cancel: Cancel | None = None
        """Set while Borg is running."""
        self.setWindowTitle(_("Add repository"))
        self._make_inputs()
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._check_form)
        self._lay_out()
        self._connect()
        self._adapt()
        self.location.setFocus()

    # Inputs ---------------------------------------------------------------------------------------------------------

    def _make_inputs(self) -> None:
        self.new = QRadioButton(_("Create a &new repository"))
        self.existing = QRadioButton(_("&Use an existing repository"))
        self.new.setChecked(True)
        self.location = QLineEdit()
        self.location.setPlaceholderText(_("/mnt/disk/borg or ssh://user@host:22/./borg"))
        self.server = ServerEdit(self._workspace, self._background)
        self.encryption = QComboBox()
        self.encryption.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.encryption.setMinimumContentsLength(20)
        for mode in Encryption:
            self.encryption.addItem(repository_words.encryption(mode), mode)
        self._mode_note = explanation()
        self.passphrase = PassphraseEntry()
        self.place = SecretStorageNote(self._workspace.secrets, self._background)
        self.name = QLineEdit()
        self.name.setPlaceholderText(_("for example, Documents"))
        self.sources = PathList(_("Folders and files to back up"), _("Add the folders to back up, or drop them here."))
        self.excludes = ExcludesEdit()
        self.compression = CompressionEdit()
        self.compression.set_compression("lz4")
        self.schedule = FirstScheduleEdit(self._workspace, self._background)
        self.units_problem = ""
        """Why backups of the added repository do not start while the program is closed, although that was wanted."""
        self.retention = RetentionEdit()
        self.retention.set_retention(_KEPT_AT_FIRST)

    def _lay_out(self) -> None:
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        for title, group in (
            (_("Repository"), self._where()),
            (_("Folders and files to back up"), self._what()),
            (_("Schedule"), _column(self.schedule)),
            (_("Compression"), _form((_("&Compression"), self.compression))),
            (_("Retention"), _column(self.retention)),
        ):
            column.addWidget(_group(title, group))
        self._key_group = _group(_("Passphrase"), _column(self.passphrase, self.place))
        column.insertWidget(1, self.server)
        column.insertWidget(2, self._key_group)
        column.addStretch(1)
        self.notice = Banner()
        self.progress = busy_bar(_("Adding the repository"))
        self.progress.hide()
        self.buttons = QDialogButtonBox()
        self.leave = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.stop = self.buttons.addButton(_("S&top"), QDialogButtonBox.ButtonRole.RejectRole)
        self.stop.setIcon(icons.icon("media-playback-stop"))
        self.stop.hide()
        self.add = self.buttons.addButton(_("Add repository"), QDialogButtonBox.ButtonRole.AcceptRole)
        layout = QVBoxLayout(self)
        layout.addWidget(FormScroll(self._form), 1)
        layout.addWidget(self.notice)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(680, 620)

    def _where(self) -> QFormLayout:
        browse = QPushButton(icons.icon("folder"), _("&Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.location, 1)
        where.addWidget(browse)
        form = _form()
        form.addRow(self.new)
        form.addRow(self.existing)
        form.addRow(label_of(self.location, _("&Location")), where)
        form.addRow(_("&Encryption"), self.encryption)
        form.addRow("", self._mode_note)
        self._where_form = form
        return form

    def _what(self) -> QFormLayout:
        return _form((_("N&ame"), self.name), (_("&Sources"), self.sources), (_("E&xclude"), self.excludes))

    def _connect(self) -> None:
        self.new.toggled.connect(self._adapt)
        self.encryption.currentIndexChanged.connect(self._adapt)
        for signal in (
            self.location.textEdited,
            self.name.textEdited,
            self.passphrase.edited,
            self.sources.edited,
            self.excludes.edited,
            self.compression.edited,
            self.retention.edited,
            self.schedule.edited,
        ):
            signal.connect(self._edited)
        self.location.textChanged.connect(self.server.set_location)
        self.server.location_changed.connect(self._on_port_changed)
        self.server.edited.connect(self._edited)
        self.buttons.accepted.connect(self._add)
        self.buttons.rejected.connect(self.reject)

    def _on_port_changed(self, location: str) -> None:
        self.location.setText(location)
        self._edited()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Choose the repository folder"), self.location.text())
        if chosen:
            self.location.setText(escaped(chosen))
            self._edited()

    def _adapt(self) -> None:
        """Show the fields that the present choices need."""
        new, mode = self.new.isChecked(), self.mode()
        self._where_form.setRowVisible(self.encryption, new)
        self._where_form.setRowVisible(self._mode_note, new)
        self._mode_note.setText(repository_words.encryption_explained(mode))
        self._key_group.setVisible(not new or mode.needs_passphrase)
        self.passphrase.set_new(new)
        self.passphrase.set_hint("" if new else _("leave empty if the repository is not encrypted"))
        self._edited()

    # Values ---------------------------------------------------------------------------------------------------------

    def mode(self) -> Encryption:
        """Return the chosen encryption."""
        return Encryption(self.encryption.currentData())

    def init(self) -> Encryption | None:
        """Return the encryption of the repository to create; None to open an existing one."""
        return self.mode() if self.new.isChecked() else None

    def repository(self) -> Repository:
        """Return the repository that the form describes.

        Raises:
            InvalidInput: the retention rules are invalid.
        """
        way = self.server.connection()
        return Repository(
            id=RepositoryId(0),
            name=self.name.text(),
            location=self.location.text().strip(),
            ssh_key=way.ssh_key,
            jump_host=way.jump_host,
            remote_path=way.remote_path,
            sources=self.sources.paths(),
            excludes=self.excludes.patterns(),
            exclude_caches=self.excludes.caches.isChecked(),
            one_file_system=self.excludes.one_file_system.isChecked(),
            compression=self.compression.compression(),
            retention=self.retention.retention(),
            passcommand=None if self._key_group.isHidden() else self.passphrase.unlocking().passcommand,
        )

    def _given_passphrase(self) -> str | None:
        return None if self._key_group.isHidden() else self.passphrase.unlocking().passphrase

    # Checks ---------------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.add.setEnabled(False)
        self._number += 1
        self._timer.start()

    def _check_form(self) -> None:
        try:
            repository, cron = self.repository(), self.schedule.cron()
            if cron is not None:
                check_cron(cron)
        except InvalidInput as error:
            self._show_checks(self._number, FormChecks(str(error), prevents=True))
            return
        init = self.init()
        self._background.ask(
            lambda: check_form(self._workspace, repository, init), partial(self._show_checks, self._number), owner=self
        )

    def _show_checks(self, number: int, foreseen: FormChecks) -> None:
        if number != self._number or self._cancel is not None:
            return
        if not foreseen.prevents:
            problem = self._key_problem()
            foreseen = FormChecks(problem, prevents=True) if problem else foreseen
        self.add.setEnabled(not foreseen.prevents)
        if foreseen.sentence:
            tone = Tone.MUTED if foreseen.prevents else Tone.WARNING
            self.notice.show_message(foreseen.sentence, tone, dismissible=False)
        else:
            self.notice.hide()
        self.looked.emit()

    def _key_problem(self) -> str:
        if self._key_group.isHidden():
            return ""
        if problem := self.passphrase.problem():
            return problem
        unlocking = self.passphrase.unlocking()
        if self.new.isChecked() and unlocking.passphrase is None and unlocking.passcommand is None:
            return _("Enter a passphrase, or a command that prints it.")
        return ""

    # Adding ---------------------------------------------------------------------------------------------------------

    def _add(self, *, moved: bool = False, key_file: Path | None = None) -> None:
        repository, passphrase, init = self.repository(), self._given_passphrase(), self.init()
        cron, installs, cancel = self.schedule.cron(), self.schedule.installs, Cancel()
        self._set_cancel(cancel)
        making = _("Creating the repository…") if init else _("Opening the repository…")
        self.notice.show_message(making, Tone.WORKING, dismissible=False)

        def add() -> tuple[Repository, str]:
            added = add_repository(
                self._workspace, repository, passphrase, init, cancel, moved=moved, key_file=key_file
            )
            if cron is None:
                return added, ""
            return added, schedule_added(self._workspace, added, cron, install_units=installs)

        self._background.ask(
            add,
            self._on_added,
            self._on_failed,
            self,
            cancel,
        )

    def _set_cancel(self, cancel: Cancel | None) -> None:
        self._cancel = cancel
        busy = cancel is not None
        self._form.setEnabled(not busy)
        self.add.setEnabled(not busy)
        self.leave.setVisible(not busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(busy)
        self.progress.setVisible(busy)

    def _on_added(self, added: tuple[Repository, str]) -> None:
        repository, self.units_problem = added
        self._set_cancel(None)
        self.passphrase.clear()
        self.added.emit(repository)
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        self._set_cancel(None)
        if not isinstance(error, BorgDeskError):
            raise error
        tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
        self.notice.show_message(error.sentence, tone, self._offers(error), dismissible=False)

    def _offers(self, error: BorgDeskError) -> Sequence[BannerButton]:
        if not isinstance(error, CannotOpen):
            return ()
        return remedies.offers(
            error,
            moved=lambda: self._add(moved=True),
            break_lock=lambda: remedies.ask_to_break_lock(self, error, self._break_lock),
            import_key=lambda: remedies.ask_for_key(self, lambda file: self._add(key_file=file)),
            host_key=self.server.check_host_key,
        )

    def _break_lock(self) -> None:
        repository, cancel = self.repository(), Cancel()
        self._set_cancel(cancel)
        self.notice.show_message(_("Breaking the lock…"), Tone.WORKING, dismissible=False)
        self._background.ask(
            lambda: break_lock_of_new(self._workspace, repository, cancel), lambda _: self._add(), self._on_failed, self
        )

    def reject(self) -> None:
        """Close the dialog; if Borg is running, stop it and stay open until the state of the repository is known."""
        if self._cancel is None:
            super().reject()
            return
        self._cancel.ask()
        self.stop.setEnabled(False)
        self.notice.show_message(_("Stopping…"), Tone.WORKING, dismissible=False)


def _group(title: str, layout: QLayout) -> QGroupBox:
    group = QGroupBox(title)
    group.setLayout(layout)
    return group


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for label, widget in rows:
        form.addRow(label, widget)
    return form


def _column(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    for widget in widgets:
        column.addWidget(widget)
    return column
