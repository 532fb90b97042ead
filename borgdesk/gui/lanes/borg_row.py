"""Fixed row between two lanes: what Borg does there, so that the order of a backup is seen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from borgdesk.gui.look import theme, words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.translation import _, ngettext

_DIM = 0.6


class BorgRow(QWidget):
    """An arrow, what happens here, and a remark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = QLabel()
        font = self._what.font()
        font.setBold(True)
        self._what.setFont(font)
        self._what.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._remark = ElidedLabel()
        self._remark.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 10, 3)
        row.setSpacing(10)
        row.addWidget(_Arrow())
        row.addWidget(self._what)
        row.addWidget(self._remark, 1)

    def show_step(self, what: str, remark: str = "") -> None:
        """Show a step of Borg, and something about it."""
        self._what.setText(what)
        self._remark.setText(remark)

    @property
    def text(self) -> str:
        """The whole row."""
        return ": ".join(part for part in (self._what.text(), self._remark.text()) if part)


class _Arrow(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(14, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        shade = QColor(theme.color(theme.Tone.MUTED))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([QPointF(1, 1), QPointF(13, 1), QPointF(7, 11)]))
        painter.end()


def reading(sources: int) -> str:
    """Return what Borg does with that many sources."""
    if not sources:
        return _("Borg reads nothing yet")
    text = ngettext("Borg reads {count} folder", "Borg reads {count} folders", sources)
    return text.format(count=words.number(sources))
