"""Dialog that exports the whole set-up to a file, on request with its secrets, and says what is not in it."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.passphrase import check_new_passphrase
from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.configuration.exporting import export
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.passphrase_hint import passphrase_hint
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.settings.sentence_tree import Heading, Sentence, SentenceTree
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_SUGGESTED = "borgdesk-set-up.json"
_INDENT = 22
"""Pixels by which the passphrase is moved to the right, below the check box."""
_WIDTH, _LINES = 600, 21
"""Pixels, and lines of text: enough for the page and a message below it."""


class ExportSetUpDialog(Dialog):
    """Two pages: what is to be in the file, and where it was written."""

    help_page = "settings"
    exported = Signal(Path)
    """The file was written."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setWindowTitle(_("Export set-up"))
        self.with_secrets = QCheckBox(_("With passphrases and secret values, en&crypted"))
        self.first, self.again = QLineEdit(), QLineEdit()
        self.hint = QLabel(wordWrap=True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.show_typed = QCheckBox(_("&Show passphrase"))
        self.banner = Banner(self)
        self.wait = StoppableCall(background, self.banner, self)
        self.left_out = SentenceTree(_("What is not in the file"))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.export_set_up = self._buttons.addButton(_("&Export…"), QDialogButtonBox.ButtonRole.ActionRole)
        # Otherwise Return would press it if it has had the focus, as it has while the file is written.
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.export_set_up.setDefault(True)
        self._lay_out()
        self._connect()
        self._show_typed(False)
        self._adapt()

    def entered(self) -> list[str]:
        """Return what was typed."""
        return [self.first.text(), self.again.text()]

    def reject(self) -> None:
        """Stop if the file is being written; the dialog then stays to say what came of it."""
        if self.wait.is_open:
            self.wait.stop()
        else:
            super().reject()

    def ask_where(self) -> None:
        """Ask for a file; the chooser asks before one is overwritten."""
        problem = self._problem()
        if problem:
            self.banner.show_message(problem, Tone.BAD)
            return
        chooser = QFileDialog(self, _("Export set-up"), str(Path.home() / _SUGGESTED))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setFileMode(QFileDialog.FileMode.AnyFile)
        chooser.setNameFilters([_("Exported set-ups (*.json)"), _("All files (*)")])
        chooser.selectFile(_SUGGESTED)
        # Only what is there now was asked about.
        chooser.fileSelected.connect(lambda name: self.write(Path(name), over=os.path.lexists(name)))
        chooser.open()

    def write(self, file: Path, *, over: bool) -> None:
        """Write the file, if necessary *over* one that is there."""
        passphrase = self.first.text() if self.with_secrets.isChecked() else None
        self.wait.ask(
            _("Writing the set-up…"),
            lambda cancel: export(self._workspace, file, passphrase, over=over, cancel=cancel),
            lambda left_out: self._show_written(file, left_out),
        )

    def _lay_out(self) -> None:
        # Two lines from the start, so that what is below does not jump.
        self.hint.setMinimumHeight(2 * self.hint.fontMetrics().lineSpacing())
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        form = QFormLayout()
        form.addRow(_("&Passphrase"), self.first)
        form.addRow(_("&Repeat passphrase"), self.again)
        self._secret = QWidget()
        rows = QVBoxLayout(self._secret)
        set_margins(rows, _INDENT, 0, 0, 0)
        rows.addLayout(form)
        rows.addWidget(self.show_typed)
        rows.addWidget(self.hint)
        rows.addWidget(explanation(_("It is needed to import them, and BorgDesk does not keep it.")))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(
            explanation(
                _(
                    "One file with all repositories, schedules, scripts and settings, which only you can read. "
                    "Archives and the history are not in it."
                )
            )
        )
        column.addWidget(self.with_secrets)
        column.addWidget(self._secret)
        column.addStretch(1)
        self._pages = QStackedWidget()
        self._pages.addWidget(FormScroll(page))
        self._pages.addWidget(self.left_out)
        column = QVBoxLayout(self)
        column.addWidget(self._pages, 1)
        column.addWidget(self.banner)
        column.addWidget(self._buttons)
        self.resize(_WIDTH, self.fontMetrics().lineSpacing() * _LINES)

    def _connect(self) -> None:
        for line in (self.first, self.again):
            line.textChanged.connect(self._adapt)
        self.with_secrets.toggled.connect(self._on_toggled)
        self.show_typed.toggled.connect(self._show_typed)
        self.wait.changed.connect(lambda _waits: self._adapt())
        self.export_set_up.clicked.connect(self.ask_where)
        self._buttons.rejected.connect(self.reject)

    def _on_toggled(self, checked: bool) -> None:
        self._adapt()
        if checked:
            self.first.setFocus()

    def _adapt(self) -> None:
        waits, wanted = self.wait.is_open, self.with_secrets.isChecked()
        self.with_secrets.setEnabled(not waits)
        self._secret.setEnabled(wanted and not waits)
        self.hint.setText(passphrase_hint(self.first.text(), self.again.text()))
        is_complete = bool(self.first.text()) and self.first.text() == self.again.text()
        self.export_set_up.setEnabled(not waits and (is_complete or not wanted))

    def _problem(self) -> str:
        if self.with_secrets.isChecked():
            try:
                check_new_passphrase(self.first.text())
            except InvalidInput as error:
                return str(error)
        return ""

    def _show_typed(self, visible: bool) -> None:
        for line in (self.first, self.again):
            line.setEchoMode(QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password)

    def _show_written(self, file: Path, left_out: list[str]) -> None:
        for line in (self.first, self.again):
            line.clear()
        self._before = self.entered()
        warning = icons.toned("status-warning", theme.Tone.WARNING)
        self.left_out.show_headings([Heading(_("Not in the file"), warning, [Sentence(one) for one in left_out])])
        if left_out:
            self._pages.setCurrentWidget(self.left_out)
        else:
            self._pages.hide()
            self.resize(self.width(), self.minimumSizeHint().height())
        show = BannerButton(_("&Open folder"), lambda: open_folder(str(file.parent)), "folder", hides_banner=False)
        told = _("The set-up was written to {file}.").format(file=file)
        self.banner.show_message(told, Tone.GOOD, [show], dismissible=False)
        self.export_set_up.hide()
        self._buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()
        self.exported.emit(file)
