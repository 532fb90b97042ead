"""Confirmation dialog for actions that cannot be undone; not acting is always the default."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask_to_confirm(
    parent: QWidget,
    title: str,
    question: str,
    explanation: str,
    *,
    yes: str,
    no: str = "",
    on_yes: Callable[[], object],
) -> QMessageBox:
    """Ask without blocking. *no* is the label of the button that declines, "Cancel" by default."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(explanation)
    leave = (
        box.addButton(no, QMessageBox.ButtonRole.RejectRole) if no else box.addButton(QMessageBox.StandardButton.Cancel)
    )
    confirm = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(leave)
    box.setEscapeButton(leave)
    confirm.clicked.connect(lambda: on_yes())  # noqa: PLW0108 - clicked would pass its own argument on
    box.open()
    return box
