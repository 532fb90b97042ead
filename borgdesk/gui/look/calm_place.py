"""Place of banners beside a content: nothing moves below the pointer of somebody who is about to press it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

_SPACING = 6
_TURNS = 3
"""At most: the width of a text says how high it is, which may say how wide it is."""
_TICK = 50
_REST = 600
"""Milliseconds that the pointer rests before it counts as resting."""
_LONGEST = 10_000
"""Milliseconds after which a banner comes nevertheless: it may say that a service is down."""
_GUARDED = 300
"""Milliseconds: who presses so soon after the content has moved saw it where it was before."""
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_CHANGES = (QEvent.Type.ShowToParent, QEvent.Type.HideToParent, QEvent.Type.LayoutRequest)


class CalmPlace(QWidget):
    """Banners in a column. One that comes or goes waits while the pointer moves over the content, or a button is down.

    Once the pointer has left or rests, at the latest after a while, the content makes room, and ignores presses for the
    moment that it takes to see that. A banner that answers a press therefore comes when the hand has stopped.
    """

    def __init__(self, content: QWidget, *banners: QWidget) -> None:
        super().__init__()
        self._content = content
        # As high as it needs to be, and cut by the place meanwhile: nothing is squeezed.
        self._inside = QWidget(self)
        self._inside.installEventFilter(self)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_SPACING)
        self._height = 0
        self._pointer, self._rested, self._waited = QPoint(), 0, 0
        self._watch = QTimer(self, interval=_TICK)
        self._watch.timeout.connect(self._on_watched)
        self._guard = _Guard(content, self)
        self.setFixedHeight(0)
        self.hide()
        for banner in banners:
            self.add(banner)

    def add(self, banner: QWidget) -> None:
        """Add a banner below the others."""
        banner.installEventFilter(self)
        self._column.addWidget(banner)
        self._consider()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest and watched is not self._inside:
            self._column.invalidate()  # it would be told in another turn only
        if event.type() in _CHANGES:
            self._consider()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._inside.resize(self.width(), self._needed())
            if not self._watch.isActive():
                self._take(self._needed())

    def _needed(self) -> int:
        """Return the height of the banners that are shown."""
        if self._column.isEmpty():
            return 0
        if self._column.hasHeightForWidth():
            return self._column.totalHeightForWidth(self.width())
        return self._column.totalSizeHint().height()

    def _consider(self) -> None:
        self.setMinimumWidth(self._column.totalMinimumSize().width())
        self._inside.resize(self.width(), self._needed())
        if self._column.isEmpty() == self.isHidden() and (self.isHidden() or self._needed() == self._height):
            self._watch.stop()
        elif not self._is_pointed_at():
            self._settle()
        elif not self._watch.isActive():
            self._pointer, self._rested, self._waited = QCursor.pos(), 0, 0
            self._watch.start()

    def _is_pointed_at(self) -> bool:
        return self._content.isVisible() and self._content.underMouse()

    def _on_watched(self) -> None:
        at, before = QCursor.pos(), self._pointer
        self._pointer = at
        is_pressed = bool(QGuiApplication.mouseButtons())
        self._rested = self._rested + _TICK if at == before and not is_pressed else 0
        self._waited += _TICK
        is_late = self._waited >= _LONGEST and not is_pressed
        if self._rested >= _REST or is_late or not self._is_pointed_at():
            self._settle()

    def _settle(self) -> None:
        self._watch.stop()
        if self._is_pointed_at():
            self._guard.begin()
        # A hidden place takes no spacing.
        self.setVisible(not self._column.isEmpty())
        for _ in range(_TURNS):
            self._take(self._needed())
            self._lay_out_page()
            if self._needed() == self._height:
                break

    def _take(self, height: int) -> None:
        if height != self._height:
            self._height = height
            self.setFixedHeight(height)

    def _lay_out_page(self) -> None:
        """Move what is beside it at once, as Qt does when a widget is shown: the keyboard may be on its way there."""
        page = self.parentWidget()
        layout = page.layout() if page is not None else None
        if layout is not None:
            layout.activate()


class _Guard(QObject):
    """Ignores presses of a widget and all that is in it, for a moment."""

    def __init__(self, content: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._content = content
        self._clock = QTimer(self, singleShot=True, interval=_GUARDED)
        self._clock.timeout.connect(self._end)

    def begin(self) -> None:
        """Ignore presses from now on."""
        if not self._clock.isActive() and (application := QApplication.instance()) is not None:
            application.installEventFilter(self)
        self._clock.start()

    def _end(self) -> None:
        if (application := QApplication.instance()) is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _PRESSES or not isinstance(watched, QWidget):
            return False
        return watched is self._content or self._content.isAncestorOf(watched)
