"""One repository: what is known of it, and tabs to change it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.enrolling import edit_repository
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, repository_words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.assignment_board.board import AssignmentBoard
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.repository_tabs import BackupTab, ConnectionTab, RetentionTab


class RepositoryView(QWidget):
    """Nothing but assignments is stored before *Save*; a changed location or passphrase is tried on Borg then."""

    backup_asked = Signal(int)
    history_asked = Signal(int)
    removal_asked = Signal(object)
    """A Repository."""
    saved = Signal(object)
    """The Repository as it is stored now."""
    save_failed = Signal()

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._repository: Repository | None = None
        self._saving = False
        self.board = AssignmentBoard(workspace, background)
        self.backup = BackupTab()
        self.retention = RetentionTab()
        self.connection = ConnectionTab(workspace, background)
        self.go_on = QCheckBox(self.tr("If a script before the &backup fails, make the backup all the same"))
        self.notice = Message()
        self._make_header()
        self._lay_out()
        for tab in (self.backup, self.retention, self.connection):
            tab.edited.connect(self._adapt)
        self.go_on.clicked.connect(self._adapt)

    # What is shown --------------------------------------------------------------------------------------------------

    def show_repository(self, repository: Repository) -> None:
        """Show a repository; what was changed and not saved is forgotten."""
        other = self._repository is None or self._repository.id != repository.id
        self._repository = repository
        self._name.setText(repository.name)
        self._about.setText(f"{repository.location}\n{repository_words.last_backup(repository)}")
        for tab in (self.backup, self.retention, self.connection):
            tab.show_repository(repository)
        self.go_on.setChecked(repository.continue_on_hook_failure)
        self.board.show_repository(repository.id)
        if other:
            self.notice.hide()
        self._adapt()

    def refresh(self, repository: Repository) -> None:
        """Newer facts about the same repository; what is being edited stays."""
        if self._repository is None or self._repository.id != repository.id or not self.is_modified():
            self.show_repository(repository)
            return
        self._about.setText(f"{repository.location}\n{repository_words.last_backup(repository)}")

    @property
    def repository(self) -> Repository | None:
        """The repository as it is stored."""
        return self._repository

    def is_modified(self) -> bool:
        """Whether there is anything to save."""
        if self._repository is None:
            return False
        if self.connection.passphrase.unlocking().passphrase is not None:
            return True
        try:
            return self.edited() != self._repository
        except InvalidInput:
            return True

    def edited(self) -> Repository:
        """The repository as it would be saved.

        Raises:
            InvalidInput: a retention rule is not one.
        """
        assert self._repository is not None
        edited = self.connection.apply(self.retention.apply(self.backup.apply(self._repository)))
        return replace(edited, continue_on_hook_failure=self.go_on.isChecked())

    # Changes --------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Store the changes; :attr:`saved` or :attr:`save_failed` follows."""
        problem = self.connection.passphrase.problem()
        try:
            repository = self.edited()
        except InvalidInput as error:
            problem = str(error)
        if problem:
            self._fail(InvalidInput(problem))
            return
        passphrase = self.connection.passphrase.unlocking().passphrase
        self._saving = True
        self._adapt()
        self._background.ask(
            lambda: edit_repository(self._workspace, repository, passphrase), self._finish, self._fail, self
        )

    def discard(self) -> None:
        """Forget the changes."""
        if self._repository is not None:
            self.notice.hide()
            self.show_repository(self._repository)

    def _finish(self, repository: Repository) -> None:
        self._saving = False
        self.connection.passphrase.clear()
        self.notice.hide()
        self.show_repository(repository)
        self.saved.emit(repository)

    def _fail(self, error: Exception) -> None:
        self._saving = False
        self._adapt()
        if not isinstance(error, BorgDeskError):
            raise error
        self.notice.say(error.sentence, Tone.BAD)
        self.save_failed.emit()

    # Inside ---------------------------------------------------------------------------------------------------------

    def _make_header(self) -> None:
        self._name = QLabel()
        font = self._name.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._name.setFont(font)
        self._name.setWordWrap(True)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self._about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.start = QPushButton(icons.icon("media-playback-start"), self.tr("&Back up now"))
        self.start.clicked.connect(lambda: self._tell(self.backup_asked))
        self.more = QToolButton()
        self.more.setText(self.tr("More"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.addAction(icons.icon("history"), self.tr("Show &history"), lambda: self._tell(self.history_asked))
        menu.addSeparator()
        menu.addAction(
            icons.icon("edit-delete"), self.tr("&Remove…"), lambda: self.removal_asked.emit(self._repository)
        )
        self.more.setMenu(menu)

    def _tell(self, signal: SignalInstance) -> None:
        if self._repository is not None:
            signal.emit(self._repository.id)

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._name)
        texts.addWidget(self._about)
        header = QHBoxLayout()
        header.addLayout(texts, 1)
        header.addWidget(self.start)
        header.addWidget(self.more)
        scripts = QWidget()
        column = QVBoxLayout(scripts)
        column.addWidget(self.board, 1)
        column.addWidget(self.go_on)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.backup, self.tr("Backup"))
        self.tabs.addTab(scripts, self.tr("Scripts"))
        self.tabs.addTab(self.retention, self.tr("Retention"))
        self.tabs.addTab(self.connection, self.tr("Connection"))
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Save | buttons.Discard)
        self.buttons.accepted.connect(self.save)
        self.buttons.button(buttons.Discard).clicked.connect(self.discard)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 0)
        layout.addLayout(header)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.notice)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)

    def _adapt(self) -> None:
        self.buttons.setVisible(self.is_modified() or self._saving)
        self.buttons.setEnabled(not self._saving)
        self.tabs.setEnabled(not self._saving)
        self.progress.setVisible(self._saving)
