"""The tabs that edit a repository's own values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.archive_name import preview_archive_name
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, repository_words
from borgdesk.gui.background import Background
from borgdesk.gui.widgets.compression_edit import CompressionEdit
from borgdesk.gui.widgets.excludes_edit import ExcludesEdit
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.passphrase_entry import PassphraseEntry
from borgdesk.gui.widgets.path_list import PathList
from borgdesk.gui.widgets.retention_edit import RetentionEdit
from borgdesk.gui.widgets.secret_place import SecretPlace


class _Tab(FormScroll):
    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        self._form = QFormLayout(inside)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        super().__init__(inside, parent)


class BackupTab(_Tab):
    """Name, sources, excludes, compression and the names of archives."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.sources = PathList(self.tr("What is backed up"), self.tr("Add the folders to back up, or drop them here."))
        self.excludes = ExcludesEdit()
        self.compression = CompressionEdit()
        self.archive_name = QLineEdit()
        self._example = QLabel()
        self._example.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._example.setWordWrap(True)
        self._form.addRow(self.tr("N&ame"), self.name)
        self._form.addRow(self.tr("&Sources"), self.sources)
        self._form.addRow(self.tr("Left o&ut"), self.excludes)
        self._form.addRow(self.tr("&Compression"), self.compression)
        self._form.addRow(self.tr("Archive na&me"), self.archive_name)
        self._form.addRow("", self._example)
        self.archive_name.textChanged.connect(self._show_example)
        for signal in (
            self.name.textEdited,
            self.sources.edited,
            self.excludes.edited,
            self.compression.edited,
            self.archive_name.textEdited,
        ):
            signal.connect(self._tell)

    def show_repository(self, repository: Repository) -> None:
        """Show the values of a repository."""
        self.name.setText(repository.name)
        self.sources.set_paths(repository.sources)
        self.excludes.show_values(repository.excludes, repository.exclude_caches, repository.one_file_system)
        self.compression.set_compression(repository.compression)
        self.archive_name.setText(repository.archive_name)

    def apply(self, repository: Repository) -> Repository:
        """The repository with the values that are shown."""
        return replace(
            repository,
            name=self.name.text(),
            sources=self.sources.paths(),
            excludes=self.excludes.patterns(),
            exclude_caches=self.excludes.caches.isChecked(),
            one_file_system=self.excludes.one_file_system.isChecked(),
            compression=self.compression.compression(),
            archive_name=self.archive_name.text(),
        )

    def _tell(self) -> None:
        self.edited.emit()

    def _show_example(self, template: str) -> None:
        try:
            example = preview_archive_name(template, datetime.now().astimezone())
        except InvalidInput as error:
            self._example.setText(str(error))
            return
        self._example.setText(self.tr("For example {name}").format(name=example))


class RetentionTab(_Tab):
    """Which archives are kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rules = RetentionEdit()
        self._form.addRow(self.rules)
        self.rules.edited.connect(self.edited)

    def show_repository(self, repository: Repository) -> None:
        """Show the rules of a repository."""
        self.rules.set_retention(repository.retention)

    def apply(self, repository: Repository) -> Repository:
        """The repository with the rules that are shown.

        Raises:
            InvalidInput: they are not rules.
        """
        return replace(repository, retention=self.rules.retention())


class ConnectionTab(_Tab):
    """Where the repository is and how it is unlocked."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Repository | None = None
        self.location = QLineEdit()
        browse = QPushButton(icons.icon("folder"), self.tr("&Browse…"))
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.location, 1)
        row.addWidget(browse)
        self._encryption = QLabel()
        self._encryption.setWordWrap(True)
        self.passphrase = PassphraseEntry()
        self.passphrase.set_new(False)
        self._key_group = QGroupBox(self.tr("Unlocked by"))
        box = QVBoxLayout(self._key_group)
        box.addWidget(self.passphrase)
        box.addWidget(SecretPlace(workspace, background))
        label = QLabel(self.tr("&Location"))
        label.setBuddy(self.location)
        self._form.addRow(label, row)
        self._form.addRow(self.tr("Encryption"), self._encryption)
        self._form.addRow(self._key_group)
        self.location.textEdited.connect(self._tell)
        self.passphrase.edited.connect(self._tell)

    def show_repository(self, repository: Repository) -> None:
        """Show the values of a repository; its passphrase is never shown."""
        self._shown = repository
        self.location.setText(repository.location)
        self._encryption.setText(repository_words.encryption_of(repository))
        self.passphrase.clear()
        self.passphrase.by_command.setChecked(repository.passcommand is not None)
        self.passphrase.by_passphrase.setChecked(repository.passcommand is None)
        self.passphrase.command.setText(repository.passcommand or "")
        self.passphrase.set_hint(self.tr("kept; type to change it") if repository.has_passphrase else "")
        self._key_group.setVisible(repository.encryption != "none")

    def apply(self, repository: Repository) -> Repository:
        """The repository with the values that are shown; a passphrase that was typed is not among them."""
        return replace(
            repository, location=self.location.text().strip(), passcommand=self.passphrase.unlocking().passcommand
        )

    def _tell(self) -> None:
        self.edited.emit()

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of the repository"), self.location.text())
        if chosen:
            self.location.setText(chosen)
            self._tell()
