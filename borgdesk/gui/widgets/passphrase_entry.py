"""How a repository is unlocked: a passphrase, typed twice where it is a new one, or a command that prints it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLineEdit,
    QRadioButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)


@dataclass(frozen=True, slots=True)
class Unlocking:
    """What was chosen; neither where nothing was given."""

    passphrase: str | None = field(default=None, repr=False)
    passcommand: str | None = None


class PassphraseEntry(QWidget):
    """Two ways, one of them chosen."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.by_passphrase = QRadioButton(self.tr("&Passphrase, kept for me"))
        self.by_command = QRadioButton(self.tr("A command that p&rints the passphrase"))
        self.by_passphrase.setChecked(True)
        self.first = QLineEdit()
        self.second = QLineEdit()
        self.command = QLineEdit()
        self.command.setPlaceholderText("pass show borg/documents")
        self.show_typed = QCheckBox(self.tr("S&how what is typed"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._typed_page())
        self._stack.addWidget(self._command_page())
        self._stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.by_passphrase)
        layout.addWidget(self.by_command)
        layout.addWidget(self._stack)
        self.by_command.toggled.connect(self._turn)
        self.show_typed.toggled.connect(self._show)
        for line in (self.first, self.second, self.command):
            line.textEdited.connect(self.edited)
        self._show(False)

    def set_new(self, new: bool) -> None:
        """Whether the passphrase is a new one, which must be typed twice."""
        self._form.setRowVisible(self.second, new)

    def set_hint(self, text: str) -> None:
        """What stands in the empty field."""
        self.first.setPlaceholderText(text)

    def unlocking(self) -> Unlocking:
        """What was chosen."""
        if self.by_command.isChecked():
            return Unlocking(passcommand=self.command.text().strip() or None)
        return Unlocking(passphrase=self.first.text() or None)

    def problem(self) -> str:
        """What is wrong so far, as a sentence; empty if nothing is."""
        if self.by_command.isChecked() or not self._form.isRowVisible(self.second):
            return ""
        if self.first.text() != self.second.text():
            return self.tr("The two passphrases are not the same.")
        return ""

    def clear(self) -> None:
        """Forget what was typed."""
        for line in (self.first, self.second, self.command):
            line.clear()
        self.show_typed.setChecked(False)

    def _typed_page(self) -> QWidget:
        page = QWidget()
        self._form = QFormLayout(page)
        self._form.setContentsMargins(22, 0, 0, 0)
        self._form.addRow(self.tr("Passphrase"), self.first)
        self._form.addRow(self.tr("Once more"), self.second)
        self._form.addRow("", self.show_typed)
        return page

    def _command_page(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(22, 0, 0, 0)
        form.addRow(self.tr("Command"), self.command)
        return page

    def _turn(self, by_command: bool) -> None:
        self._stack.setCurrentIndex(int(by_command))
        self.edited.emit()

    def _show(self, visible: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password
        self.first.setEchoMode(mode)
        self.second.setEchoMode(mode)
