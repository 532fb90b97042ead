"""Entry for how a repository is unlocked: a passphrase, repeated if it is new, or a command that prints it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.passcommand import check_passcommand
from borgdesk.borg.passphrase import check_new_passphrase
from borgdesk.domain.errors import InvalidInput
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.passphrase_hint import passphrase_hint
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The user's choice; both fields are empty if nothing was entered."""

    passphrase: str | None = field(default=None, repr=False)
    passcommand: str | None = None


class _Hint(QLabel):
    """As high as its text is in the width that it has: a stack of pages gives it the height that it has when wide."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(self.heightForWidth(self.width()))


class PassphraseEntry(QWidget):
    """A choice between passphrase and command."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.by_passphrase = QRadioButton(_("&Passphrase"))
        self.by_command = QRadioButton(_("Command that p&rints the passphrase"))
        self.by_passphrase.setChecked(True)
        self.first = QLineEdit()
        self.second = QLineEdit()
        self.command = QLineEdit()
        self.command.setPlaceholderText("pass show borg/documents")
        self.show_typed = QCheckBox(_("Show passphrase"))
        self.hint = _Hint(passphrase_hint("", ""), wordWrap=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._typed_page())
        self._stack.addWidget(self._command_page())
        self._stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.by_passphrase)
        layout.addWidget(self.by_command)
        layout.addWidget(self._stack)
        self.by_command.toggled.connect(self._on_by_command_toggled)
        self.show_typed.toggled.connect(self._show)
        for line in (self.first, self.second, self.command):
            line.textEdited.connect(self._on_edited)
        self._show(False)

    def set_new(self, new: bool) -> None:
        """Set whether the passphrase is a new one, which must be typed twice."""
        self._form.setRowVisible(self.second, new)
        self._form.setRowVisible(self.hint, new)

    def set_hint(self, text: str) -> None:
        """Set the placeholder text."""
        self.first.setPlaceholderText(text)

    def unlocking(self) -> Unlocking:
        """Return the user's choice."""
        if self.by_command.isChecked():
            return Unlocking(passcommand=self.command.text().strip() or None)
        return Unlocking(passphrase=self.first.text() or None)

    def problem(self) -> str:
        """Return what is wrong, as a sentence, or ""."""
        command = self.unlocking().passcommand
        if command is not None:
            try:
                check_passcommand(command)
            except InvalidInput as error:
                return str(error)
        if self.by_command.isChecked() or not self._form.isRowVisible(self.second):
            return ""
        if self.first.text() != self.second.text():
            return _("The passphrases do not match.")
        try:
            if self.first.text():
                check_new_passphrase(self.first.text())
        except InvalidInput as error:
            return str(error)
        return ""

    def clear(self) -> None:
        """Clear all input."""
        for line in (self.first, self.second, self.command):
            line.clear()
        self.show_typed.setChecked(False)
        self._show_hint()

    def _typed_page(self) -> QWidget:
        page = QWidget()
        self._form = QFormLayout(page)
        set_margins(self._form, 22, 0, 0, 0)
        self._form.addRow(_("Passphrase"), self.first)
        self._form.addRow(_("Repeat passphrase"), self.second)
        self._form.addRow("", self.hint)
        self._form.addRow("", self.show_typed)
        return page

    def _command_page(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        set_margins(form, 22, 0, 0, 0)
        form.addRow(_("Command"), self.command)
        return page

    def _on_edited(self) -> None:
        self._show_hint()
        self.edited.emit()

    def _show_hint(self) -> None:
        # That the repetition differs is among the problems, which are shown as well.
        self.hint.setText(passphrase_hint(self.first.text(), ""))

    def _on_by_command_toggled(self, by_command: bool) -> None:
        self._stack.setCurrentIndex(int(by_command))
        self.edited.emit()

    def _show(self, visible: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password
        self.first.setEchoMode(mode)
        self.second.setEchoMode(mode)
