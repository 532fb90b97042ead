"""Banner: a short message on a tinted background, with buttons for the possible actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from borgdesk.gui.look import accessible, icons, theme
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.layout_parts import parts_of
from borgdesk.translation import _

_ICONS = {
    theme.Tone.GOOD: "status-success",
    theme.Tone.WARNING: "status-warning",
    theme.Tone.BAD: "status-failure",
    theme.Tone.WORKING: "dialog-information",
    theme.Tone.MUTED: "dialog-information",
}

_GAP = 6
"""Pixels between the text and its buttons, and between buttons."""
_LONGEST = 40
"""Maximum characters of a button's label: one that contains a file name may be wider than the window."""
_FRAME = 110
"""Opacity of the tone's colour in the frame, out of 255."""


@dataclass(frozen=True, slots=True)
class BannerButton:
    """An action that the banner offers."""

    text: str
    on_click: Callable[[], object]
    icon: str = ""
    hides_banner: bool = True
    """Whether the banner hides before the action; False if the action may be refused."""


class Banner(QFrame):
    """Hidden until it has something to show. Buttons are beside a short text and below a long one."""

    accessible_role = QAccessible.Role.Notification
    """Screen readers say what it is called when it appears."""

    dismissed = Signal()
    """The user closed the banner."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = theme.Tone.MUTED
        self._icon = QLabel()
        self._text = QLabel(wordWrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(_GAP)
        self._close = QToolButton()
        self._close.setIcon(icons.icon("window-close"))
        self._close.setAutoRaise(True)
        self._close.setToolTip(_("Close this message"))
        self._close.setAccessibleName(self._close.toolTip())
        self._close.clicked.connect(self._on_close_clicked)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(_GAP)
        self._middle.addWidget(self._text, 1)
        self._middle.addLayout(self._buttons)
        self._row = QHBoxLayout(self)
        set_margins(self._row, 10, 8, 6, 8)
        self._row.addWidget(self._icon)
        self._row.addLayout(self._middle, 1)
        self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """The text shown; empty while the banner is hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_message(
        self,
        text: str,
        tone: theme.Tone = theme.Tone.MUTED,
        buttons: Sequence[BannerButton] = (),
        *,
        dismissible: bool = True,
    ) -> None:
        """Show *text* and buttons instead of the previous ones, or hide the banner if *text* is empty."""
        self._tone = tone
        self._close.setVisible(dismissible)
        self._set_buttons(buttons)
        self.change_text(text)
        if text:
            self._draw_icon()
        self.setVisible(bool(text))
        self.update()

    def change_text(self, text: str) -> None:
        """Change the text that is shown, leaving the buttons and the focus as they are."""
        is_news = self.isVisible() and text != self._text.text()
        self._text.setText(text)
        self._text.setAccessibleName(text)
        self.setAccessibleName(text)
        if is_news:
            accessible.announce(self, text)
        self._place_buttons()

    def button(self, text: str) -> QPushButton:
        """Return the button with that text.

        Raises:
            LookupError: there is none.
        """
        for button in self._shown_buttons():
            if button.text() == _shortened(text):
                return button
        raise LookupError(text)

    def _shown_buttons(self) -> list[QPushButton]:
        return [button for _, button in parts_of(self._buttons) if isinstance(button, QPushButton)]

    def _set_buttons(self, buttons: Sequence[BannerButton]) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for button in buttons:
            shown = QPushButton(_shortened(button.text))
            if button.icon:
                shown.setIcon(icons.icon(button.icon))
            shown.setAutoDefault(False)
            shown.clicked.connect(partial(self._on_button_clicked, button))
            self._buttons.addWidget(shown)
            shown.show()  # Qt would do so in another turn, and until then there would be no room for it
        if buttons:
            self._buttons.addStretch(1)

    def _on_button_clicked(self, button: BannerButton, _checked: bool = False) -> None:
        if button.hides_banner:
            self.hide()
        button.on_click()

    def _on_close_clicked(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _place_buttons(self) -> None:
        """Place the buttons by the width alone, which does not depend on where they are."""
        line = self._text.fontMetrics().size(0, self._text.text()).width()
        used = self._icon.sizeHint().width() + self._close.sizeHint().width() + self._buttons.sizeHint().width()
        margins = self._row.contentsMargins()
        free = self.width() - margins.left() - margins.right() - used - 4 * self._row.spacing()
        below = bool(self._buttons.count()) and line > free
        direction = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._middle.direction() != direction:
            self._middle.setDirection(direction)
        self._row.setAlignment(self._icon, Qt.AlignmentFlag.AlignTop if below else Qt.AlignmentFlag.AlignVCenter)

    def _draw_icon(self) -> None:
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.toned(_ICONS[self._tone], self._tone).pixmap(QSize(side, side)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tint(self._tone, _FRAME), 1))
        painter.setBrush(theme.tint(self._tone))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 5, 5)
        painter.end()


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
