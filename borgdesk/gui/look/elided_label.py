"""Labels that elide their text instead of making the window wider."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QWidget

_LEAST = 60
"""Minimum width in pixels: nothing would be readable below it."""


class ElidedLabel(QLabel):
    """Shows plain text, with the full text as tool tip when it does not fit."""

    def __init__(self, parent: QWidget | None = None, *, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setAccessibleName(text)
        self._update_tip()

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, self.fontMetrics().height() + 2)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 4, self.fontMetrics().height() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_tip()

    def _update_tip(self) -> None:
        self.setToolTip("" if self._fits(self.text()) else self.text())

    def _fits(self, text: str) -> bool:
        return self.fontMetrics().horizontalAdvance(text) <= self.width()

    def _fitting(self) -> str:
        """Return what is shown, unless it is still too long."""
        return self.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self._fitting(), self._mode, self.width())
        alignment = QStyle.visualAlignment(self.layoutDirection(), self.alignment()) | Qt.AlignmentFlag.AlignAbsolute
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # a path is not read from its end
        painter.drawText(self.rect(), int(alignment | Qt.TextFlag.TextSingleLine), text)
        painter.end()


class PartsLabel(ElidedLabel):
    """Leaves out the last ones of several parts before it cuts one: "7.…" of a number says something else."""

    def __init__(self, separator: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._separator = separator
        self._parts: list[str] = []

    def set_parts(self, parts: Sequence[str]) -> None:
        """Show these parts, the most important one first."""
        self._parts = [*parts]
        self.setText(self._separator.join(parts))

    def _fitting(self) -> str:
        for count in range(len(self._parts), 1, -1):
            text = self._separator.join(self._parts[:count])
            if self._fits(text):
                return text
        return self._parts[0] if self._parts else ""
