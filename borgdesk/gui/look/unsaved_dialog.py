"""Modal dialog about unsaved changes."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtWidgets import QMessageBox, QWidget

from borgdesk.translation import _


class Choice(Enum):
    """The user's answer."""

    SAVE = auto()
    DISCARD = auto()
    STAY = auto()


def unsaved_question(parent: QWidget, name: str) -> QMessageBox:
    """Return the dialog that asks whether to save the changes of *name*."""
    buttons = QMessageBox.StandardButton
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(_("Unsaved changes"))
    box.setText(_("Save the changes to “{name}”?").format(name=name))
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    return box


def ask_unsaved(parent: QWidget, name: str) -> Choice:
    """Ask whether to save the changes of *name*."""
    buttons = QMessageBox.StandardButton
    box = unsaved_question(parent, name)
    answer = box.exec()
    box.deleteLater()
    if answer == buttons.Save:
        return Choice.SAVE
    return Choice.DISCARD if answer == buttons.Discard else Choice.STAY
