"""Adding a repository: a new one that Borg makes, or one that is there."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository
from borgdesk.engine.foresight import Foreseen, foresee
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, repository_words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.compression_edit import CompressionEdit
from borgdesk.gui.widgets.excludes_edit import ExcludesEdit
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.passphrase_entry import PassphraseEntry
from borgdesk.gui.widgets.path_list import PathList
from borgdesk.gui.widgets.retention_edit import RetentionEdit
from borgdesk.gui.widgets.secret_place import SecretPlace

_PAUSE = 200
"""Milliseconds after the last key before the form is looked at."""

_KEPT_AT_FIRST = Retention(daily=7, weekly=4, monthly=6)


class AddRepositoryDialog(QDialog):
    """One form from top to bottom. What is wrong is said below it while it is filled in."""

    added = Signal(object)
    """The Repository, stored."""
    looked = Signal()
    """The form was looked at."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._number = 0
        self._cancel: Cancel | None = None
        """While Borg is at work."""
        self.setWindowTitle(self.tr("Add repository"))
        self._make_inputs()
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._look)
        self._lay_out()
        self._connect()
        self._adapt()
        self.location.setFocus()

    # Inputs ---------------------------------------------------------------------------------------------------------

    def _make_inputs(self) -> None:
        self.new = QRadioButton(self.tr("Make a &new repository"))
        self.existing = QRadioButton(self.tr("Use one that is &there already"))
        self.new.setChecked(True)
        self.location = QLineEdit()
        self.location.setPlaceholderText(self.tr("/mnt/disk/borg or ssh://user@host:22/./borg"))
        self.encryption = QComboBox()
        self.encryption.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.encryption.setMinimumContentsLength(20)
        for mode in Encryption:
            self.encryption.addItem(repository_words.encryption(mode), mode)
        self._mode_note = QLabel()
        self._mode_note.setWordWrap(True)
        self._mode_note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.passphrase = PassphraseEntry()
        self.place = SecretPlace(self._workspace, self._background)
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("for example Documents"))
        self.sources = PathList(self.tr("What is backed up"), self.tr("Add the folders to back up, or drop them here."))
        self.excludes = ExcludesEdit()
        self.compression = CompressionEdit()
        self.compression.set_compression("lz4")
        self.retention = RetentionEdit()
        self.retention.set_retention(_KEPT_AT_FIRST)

    def _lay_out(self) -> None:
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        for title, group in (
            (self.tr("Repository"), self._where()),
            (self.tr("What is backed up"), self._what()),
            (self.tr("How it is stored"), _form((self.tr("&Compression"), self.compression))),
            (self.tr("Which archives are kept"), _column(self.retention)),
        ):
            column.addWidget(_group(title, group))
        self._key_group = _group(self.tr("Passphrase"), _column(self.passphrase, self.place))
        column.insertWidget(1, self._key_group)
        column.addStretch(1)
        self.notice = Message()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.hide()
        self.buttons = QDialogButtonBox()
        self.leave = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.stop = self.buttons.addButton(self.tr("S&top"), QDialogButtonBox.ButtonRole.RejectRole)
        self.stop.setIcon(icons.icon("media-playback-stop"))
        self.stop.hide()
        self.add = self.buttons.addButton(self.tr("Add repository"), QDialogButtonBox.ButtonRole.AcceptRole)
        layout = QVBoxLayout(self)
        layout.addWidget(FormScroll(self._form), 1)
        layout.addWidget(self.notice)
        layout.addWidget(self.progress)
        layout.addWidget(self.buttons)
        self.resize(680, 620)

    def _where(self) -> QFormLayout:
        browse = QPushButton(icons.icon("folder"), self.tr("&Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.location, 1)
        where.addWidget(browse)
        form = _form()
        form.addRow(self.new)
        form.addRow(self.existing)
        label = QLabel(self.tr("&Location"))
        label.setBuddy(self.location)
        form.addRow(label, where)
        form.addRow(self.tr("&Encryption"), self.encryption)
        form.addRow("", self._mode_note)
        self._where_form = form
        return form

    def _what(self) -> QFormLayout:
        return _form(
            (self.tr("N&ame"), self.name), (self.tr("&Sources"), self.sources), (self.tr("Left o&ut"), self.excludes)
        )

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
        ):
            signal.connect(self._edited)
        self.buttons.accepted.connect(self._add)
        self.buttons.rejected.connect(self.reject)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of the repository"), self.location.text())
        if chosen:
            self.location.setText(chosen)
            self._edited()

    def _adapt(self) -> None:
        """Show what the choices made so far ask for."""
        new, mode = self.new.isChecked(), self.mode()
        self._where_form.setRowVisible(self.encryption, new)
        self._where_form.setRowVisible(self._mode_note, new)
        self._mode_note.setText(repository_words.encryption_explained(mode))
        self._key_group.setVisible(not new or mode.needs_passphrase)
        self.passphrase.set_new(new)
        self.passphrase.set_hint("" if new else self.tr("empty if the repository is not encrypted"))
        self._edited()

    # Values ---------------------------------------------------------------------------------------------------------

    def mode(self) -> Encryption:
        """The encryption that is chosen."""
        return Encryption(self.encryption.currentData())

    def init(self) -> Encryption | None:
        """The encryption of the repository to be made; None for one that is there."""
        return self.mode() if self.new.isChecked() else None

    def repository(self) -> Repository:
        """What was filled in.

        Raises:
            InvalidInput: the retention rules are not rules.
        """
        return Repository(
            id=0,
            name=self.name.text(),
            location=self.location.text().strip(),
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

    def _look(self) -> None:
        try:
            repository = self.repository()
        except InvalidInput as error:
            self._tell(self._number, Foreseen(str(error), prevents=True))
            return
        init = self.init()
        self._background.ask(
            lambda: foresee(self._workspace, repository, init), partial(self._tell, self._number), owner=self
        )

    def _tell(self, number: int, foreseen: Foreseen) -> None:
        if number != self._number or self._cancel is not None:
            return
        if not foreseen.prevents:
            problem = self._key_problem()
            foreseen = Foreseen(problem, prevents=True) if problem else foreseen
        self.add.setEnabled(not foreseen.prevents)
        if foreseen.sentence:
            tone = Tone.MUTED if foreseen.prevents else Tone.WARNING
            self.notice.say(foreseen.sentence, tone, closable=False)
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
            return self.tr("A passphrase is needed, or a command that prints it.")
        return ""

    # Adding ---------------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        repository, passphrase, init = self.repository(), self._given_passphrase(), self.init()
        cancel = Cancel()
        self._set_cancel(cancel)
        making = self.tr("Borg makes the repository…") if init else self.tr("Borg opens the repository…")
        self.notice.say(making, Tone.WORKING, closable=False)
        self._background.ask(
            lambda: add_repository(self._workspace, repository, passphrase, init, cancel),
            self._finish,
            self._fail,
            self,
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

    def _finish(self, repository: Repository) -> None:
        self._set_cancel(None)
        self.passphrase.clear()
        self.added.emit(repository)
        self.accept()

    def _fail(self, error: Exception) -> None:
        self._set_cancel(None)
        if not isinstance(error, BorgDeskError):
            raise error
        tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
        self.notice.say(error.sentence, tone, closable=False)

    def reject(self) -> None:
        """Close; while Borg is at work stop it, and stay until it is known what is there now."""
        if self._cancel is None:
            super().reject()
            return
        self._cancel.ask()
        self.stop.setEnabled(False)
        self.notice.say(self.tr("Stopping…"), Tone.WORKING, closable=False)


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
