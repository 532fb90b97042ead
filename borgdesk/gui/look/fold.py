"""A part of a form that is folded in until it is wanted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from borgdesk.gui.look import accessible
from borgdesk.gui.look.reveal import reveal


class FoldButton(QToolButton):
    """A button that shows and hides something, with an arrow that says which."""

    accessible_role = QAccessible.Role.Button

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setArrowType(Qt.ArrowType.RightArrow)
        self.toggled.connect(self._on_toggled)

    def accessible_expanded(self) -> bool:
        """Return whether what it shows is shown."""
        return self.isChecked()

    def accessible_press(self) -> None:
        """Do what Space does."""
        self.click()

    def _on_toggled(self, is_open: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        accessible.tell_expanded(self)


class Fold(QWidget):
    """A button with a title, and below it what it shows and hides."""

    toggled = Signal(bool)
    """It was opened or closed."""

    def __init__(self, title: str, inside: QWidget, parent: QWidget | None = None) -> None:
        """*inside* is hidden at first."""
        super().__init__(parent)
        self._inside = inside
        self.button = FoldButton()
        self.button.setText(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(inside)
        self.button.toggled.connect(self._on_toggled)
        self.button.clicked.connect(self._on_clicked)
        inside.hide()

    def set_title(self, title: str) -> None:
        """Change the title."""
        self.button.setText(title)

    @property
    def is_open(self) -> bool:
        """Whether its content is shown."""
        return self.button.isChecked()

    def open(self) -> None:
        """Show the content."""
        self.button.setChecked(True)

    def _on_toggled(self, is_open: bool) -> None:
        self._inside.setVisible(is_open)
        self.toggled.emit(is_open)

    def _on_clicked(self, is_open: bool) -> None:
        if is_open:
            reveal(self._inside, self.button)
