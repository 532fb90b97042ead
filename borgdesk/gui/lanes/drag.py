"""What is dragged between the library and the lanes: ids for this process only, and a light picture."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QRect, Qt
from PySide6.QtGui import QDrag, QFontMetrics, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from borgdesk.gui.look import theme, words
from borgdesk.translation import ngettext

CARD_MIME = "application/x-borgdesk-assignment"
SCRIPT_MIME = "application/x-borgdesk-script"
_NAME_MIME = "application/x-borgdesk-name"

_HERE = f"{secrets.token_hex(8)}:"
"""Identifies this process: the ids of another one may belong to another store."""
_PADDING = 10
_WIDEST = 320
_OPACITY = 0.85


def dragged(mime: str, numbers: Sequence[int] | int, name: str = "") -> QMimeData:
    """Return the MIME data for dragging assignments or scripts; *name* is shown where they may be dropped."""
    numbers = [numbers] if isinstance(numbers, int) else numbers
    data = QMimeData()
    data.setData(mime, QByteArray(f"{_HERE}{','.join(map(str, numbers))}".encode()))
    data.setData(_NAME_MIME, QByteArray(name.encode()))
    return data


def dropped_ids(data: QMimeData, mime: str) -> list[int]:
    """Return the ids in the MIME data; none for other data, or a drag from another program or BorgDesk process."""
    text = bytes(data.data(mime).data()).decode(errors="replace")
    if not text.startswith(_HERE):
        return []
    numbers = text[len(_HERE) :].split(",")
    return [int(number) for number in numbers] if all(number.isdigit() for number in numbers) else []


def dragged_name(data: QMimeData) -> str:
    """Return the name of what is dragged."""
    return bytes(data.data(_NAME_MIME).data()).decode(errors="replace")


def named(names: Sequence[str]) -> str:
    """Return how to name several scripts: "Stop web", "3 scripts"."""
    if len(names) == 1:
        return names[0]
    return ngettext("{count} script", "{count} scripts", len(names)).format(count=words.number(len(names)))


def start_drag(source: QWidget, data: QMimeData, action: Qt.DropAction) -> None:
    """Drag *data* with a picture of its name, and return when it was dropped."""
    drag = QDrag(source)
    drag.setMimeData(data)
    picture = _picture(source, dragged_name(data))
    drag.setPixmap(picture)
    drag.setHotSpot(QPoint(_PADDING, round(picture.height() / picture.devicePixelRatio() / 2)))
    drag.exec(action, action)


def _picture(source: QWidget, name: str) -> QPixmap:
    """Return the name on a card that lets shine through what is below it."""
    metrics = QFontMetrics(source.font())
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, _WIDEST)
    area = QRect(0, 0, metrics.horizontalAdvance(text) + 2 * _PADDING, metrics.height() + _PADDING)
    ratio = source.devicePixelRatioF()
    picture = QPixmap(area.size() * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    palette = source.palette()
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(_OPACITY)
    painter.setPen(QPen(theme.outline(palette), 1))
    painter.setBrush(palette.color(QPalette.ColorRole.Base))
    painter.drawRoundedRect(area.adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 6, 6)
    painter.setPen(palette.color(QPalette.ColorRole.Text))
    painter.setFont(source.font())
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture
