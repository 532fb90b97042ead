"""A part of a form that is folded in until it is wanted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from borgdesk.gui.look.reveal import reveal


class Fold(QWidget):
    """A button with a title, and below it what it shows and hides."""

    toggled = Signal(bool)
    """It was opened or closed."""

    def __init__(self, title: str, inside: QWidget, parent: QWidget | None = None) -> None:
        """*inside* is hidden at first."""
        super().__init__(parent)
        self._inside = inside
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(inside)
        self.button.toggled.connect(self._on_toggled)
        self.button.clicked.connect(self._on_clicked)
        self._on_toggled(False)

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
        self.button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._inside.setVisible(is_open)
        self.toggled.emit(is_open)

    def _on_clicked(self, is_open: bool) -> None:
        if is_open:
            reveal(self._inside, self.button)
