"""A sentence that changes, beside what it is about, with what can be done about it; a Notice says one thing only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from borgdesk.gui import icons, theme

_ICONS = {
    theme.Tone.GOOD: "status-success",
    theme.Tone.WARNING: "status-warning",
    theme.Tone.BAD: "status-failure",
    theme.Tone.WORKING: "status-running",
    theme.Tone.MUTED: "dialog-information",
}


_GAP = 6
"""Pixels between the sentence and its buttons, and between them."""
_LONGEST = 40
"""Characters of a button's label."""


class Message(QFrame):
    """Hidden until it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = theme.Tone.MUTED
        self._icon = QLabel()
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(_GAP)
        self._close = QToolButton()
        self._close.setIcon(icons.icon("window-close"))
        self._close.setAutoRaise(True)
        self._close.setToolTip(self.tr("Put away"))
        self._close.setAccessibleName(self.tr("Put away"))
        self._close.clicked.connect(self.hide)
        words_and_actions = QVBoxLayout()
        words_and_actions.setSpacing(0)
        words_and_actions.addWidget(self._label)
        words_and_actions.addLayout(self._actions)
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words_and_actions, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._label.text()

    def say(
        self,
        text: str,
        tone: theme.Tone = theme.Tone.MUTED,
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        *,
        closable: bool = True,
    ) -> None:
        """Show a sentence and buttons; each button puts the notice away before it acts."""
        self._tone = tone
        self._draw_icon()
        self._label.setText(text)
        self._close.setVisible(closable)
        while (item := self._actions.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for label, run in actions:
            button = QPushButton(_shortened(label))
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._act, run))
            self._actions.addWidget(button)
        self._actions.setContentsMargins(0, _GAP if actions else 0, 0, 0)
        beside = Qt.AlignmentFlag.AlignTop if actions else Qt.AlignmentFlag.AlignVCenter
        self._row.setAlignment(self._icon, beside)
        if actions:
            self._actions.addStretch(1)
        self.show()
        self.update()

    def _act(self, run: Callable[[], object], _checked: bool = False) -> None:
        self.hide()
        run()

    def button(self, label: str) -> QPushButton:
        """The button of that label.

        Raises:
            LookupError: there is none.
        """
        for place in range(self._actions.count()):
            item = self._actions.itemAt(place)
            widget = item.widget() if item is not None else None
            if isinstance(widget, QPushButton) and widget.text() == _shortened(label):
                return widget
        raise LookupError(label)

    def _draw_icon(self) -> None:
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.toned(_ICONS[self._tone], self._tone).pixmap(side, side))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color(self._tone))
        painter.setBrush(theme.tint(self._tone))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 5, 5)
        painter.end()


def _shortened(label: str) -> str:
    """A label that names something may be longer than the window is wide."""
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
