"""Header of a page: its title and the buttons of its main actions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from borgdesk.gui.look import icons


class PageHeader(QWidget):
    """Title on the left, buttons on the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel(title, self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        font = QFont(self._title.font())
        font.setPointSizeF(font.pointSizeF() * 1.6)
        self._title.setFont(font)
        self.row = QHBoxLayout(self)
        """Further widgets, such as a search field, may be added at its end."""
        self.row.setContentsMargins(0, 0, 0, 6)
        self.row.addWidget(self._title, 1)

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def add_button(self, text: str, icon: str, done: Callable[[], object], tip: str = "") -> QPushButton:
        """Add a button; *icon* is a freedesktop name."""
        button = QPushButton(icons.icon(icon), text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: done())  # noqa: PLW0108 - clicked would pass its own argument on
        self.row.addWidget(button)
        return button

    def add_menu(self, text: str, menu: QMenu) -> QPushButton:
        """Add a button that opens a menu of less frequent actions."""
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setMenu(menu)
        self.row.addWidget(button)
        return button
