"""Icons of one family, BorgDesk's own, drawn at any size in the colours of the palette.

Themes of desktops lack half of them, or have only coloured ones: side by side, those would not look alike.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.gui.look import direction, theme
from borgdesk.paths import resource

_CURRENT = "currentColor"
_FAMILY = "borgdesk-"
"""Begins the names of icons, so that they can be told from those of a theme."""
_SIDES = (16, 24, 32, 48, 64, 96)
"""Sizes in pixels of icons that are drawn in advance: small and large ones, for device pixel ratios of 1 and 2."""

_clones: list[QIconEngine] = []

_RUN_ICONS = {
    RunStatus.QUEUED: "status-waiting",
    RunStatus.RUNNING: "status-running",
    RunStatus.SUCCESS: "status-success",
    RunStatus.WARNING: "status-warning",
    RunStatus.FAILURE: "status-failure",
    RunStatus.CANCELLED: "status-cancelled",
    RunStatus.INTERRUPTED: "status-interrupted",
    RunStatus.SKIPPED: "status-skipped",
}
_EXECUTION_ICONS = {
    ExecutionStatus.PENDING: "status-waiting",
    ExecutionStatus.RUNNING: "status-running",
    ExecutionStatus.SUCCESS: "status-success",
    ExecutionStatus.FAILED: "status-failure",
    ExecutionStatus.TIMED_OUT: "status-failure",
    ExecutionStatus.CANCELLED: "status-cancelled",
    ExecutionStatus.INTERRUPTED: "status-interrupted",
    ExecutionStatus.SKIPPED: "status-skipped",
}


def icon(name: str) -> QIcon:
    """Return the icon of a name, which is freedesktop's ("document-save") where that has one.

    Raises:
        FileNotFoundError: there is none.
    """
    return QIcon(_SvgEngine(direction.icon_name(name), None))


def is_ours(shown: QIcon) -> bool:
    """Return whether an icon is of the family."""
    return shown.name().startswith(_FAMILY)


def status_icon(status: RunStatus | ExecutionStatus) -> QIcon:
    """Return the icon of a status in its tone on the present palette; call this each time the icon is drawn.

    It is drawn in advance: tables paint it without calling Python, where each call would wait for a busy thread.
    """
    highlighted = QGuiApplication.palette().color(QPalette.ColorRole.HighlightedText)
    return _ready(_status_name(status), theme.color(theme.tone_of(status)).name(), highlighted.name())


def lasting_status_icon(status: RunStatus | ExecutionStatus) -> QIcon:
    """Return the icon of a status that can be kept, since it follows the palette."""
    return _toned(_status_name(status), theme.tone_of(status))


def _status_name(status: RunStatus | ExecutionStatus) -> str:
    return _EXECUTION_ICONS[status] if isinstance(status, ExecutionStatus) else _RUN_ICONS[status]


@cache
def _ready(name: str, color: str, highlighted: str) -> QIcon:
    icon = QIcon()
    for side in _SIDES:
        icon.addPixmap(_drawn(name, color, side, side))
        icon.addPixmap(_drawn(name, highlighted, side, side), QIcon.Mode.Selected)
    return icon


def toned(name: str, tone: theme.Tone) -> QIcon:
    """Return an icon of our own set in the colour of a tone."""
    return _toned(name, tone)


@cache
def _toned(name: str, tone: theme.Tone) -> QIcon:
    return QIcon(_SvgEngine(name, tone))


@cache
def _source(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _drawn(name: str, color: str, width: int, height: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_source(name).replace(_CURRENT, color).encode()))
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, width, height))
    painter.end()
    return pixmap


class _SvgEngine(QIconEngine):
    """Draws one SVG at any size in the current colour of the palette, so that a new theme needs no new icon."""

    def __init__(self, name: str, tone: theme.Tone | None) -> None:
        super().__init__()
        self._name = name
        self._tone = tone
        _source(name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        side = min(rect.width(), rect.height())
        target = QRect(0, 0, side, side)
        target.moveCenter(rect.center())
        pixels = max(1, round(side * ratio))
        painter.drawPixmap(target, _drawn(self._name, self._color(mode).name(), pixels, pixels))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # *size* is in device-independent pixels; the caller reads the ratio from the pixmap.
        pixels = size * scale
        pixmap = QPixmap(pixels)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), pixels), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        # Qt owns the copy, but PySide6 would collect it. An engine is small, and icons are hardly ever modified.
        copy = _SvgEngine(self._name, self._tone)
        _clones.append(copy)
        return copy

    def iconName(self) -> str:
        return _FAMILY + self._name

    def key(self) -> str:
        return "borgdesk-svg"

    def _color(self, mode: QIcon.Mode) -> QColor:
        palette = QGuiApplication.palette()
        if mode is QIcon.Mode.Selected:
            return palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.HighlightedText)
        if mode is QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        if self._tone is not None:
            return theme.color(self._tone)
        return palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText)
