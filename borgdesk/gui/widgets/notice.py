"""A short text on tinted ground that says what a person should know, with buttons for what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from borgdesk.gui import icons, theme

_ICONS = {
    theme.Tone.GOOD: "status-success",
    theme.Tone.WARNING: "dialog-warning",
    theme.Tone.BAD: "dialog-error",
    theme.Tone.WORKING: "dialog-information",
    theme.Tone.MUTED: "dialog-information",
}


class Notice(QWidget):
    """Hidden until it has something to tell."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None, *, closable: bool = False) -> None:
        super().__init__(parent)
        self._tone = theme.Tone.WORKING
        self._icon = QLabel(self)
        self._text = QLabel(self, wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        row = QHBoxLayout()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addLayout(self._buttons)
        self._close = QToolButton(self)
        self._close.setIcon(icons.icon("window-close"))
        self._close.setAutoRaise(True)
        self._close.setToolTip(self.tr("Close this message"))
        self._close.setAccessibleName(self._close.toolTip())
        self._close.setVisible(closable)
        self._close.clicked.connect(self.hide)
        self._close.clicked.connect(self.closed)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addLayout(row)
        self.hide()

    @property
    def text(self) -> str:
        """What it tells."""
        return self._text.text()

    def tell(self, text: str, tone: theme.Tone) -> None:
        """Show *text*, or nothing when it is empty."""
        self._tone = tone
        self._text.setText(text)
        self._text.setAccessibleName(text)
        if text:
            self._draw_icon()
        self.setVisible(bool(text))
        self.update()

    def add_button(self, text: str, done: Callable[[], object], icon: str | None = None) -> QPushButton:
        """Offer something to do."""
        button = QPushButton(text, self)
        if icon is not None:
            button.setIcon(icons.icon(icon))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: done())  # noqa: PLW0108 - clicked would pass its own argument on
        self._buttons.addWidget(button)
        return button

    def _draw_icon(self) -> None:
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.toned(_ICONS[self._tone], self._tone).pixmap(side, side))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tint(self._tone, 110), 1))
        painter.setBrush(theme.tint(self._tone))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 5, 5)
        painter.end()
