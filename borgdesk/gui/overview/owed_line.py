"""Says beside the title of the overview that no script is owed to anybody."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.direction import set_margins
from borgdesk.translation import _


class OwedLine(QWidget):
    """To be shown only while it is true."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel(self)
        text = QLabel(_("Nothing owed"), self)
        text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setToolTip(_("No script that a backup or restore owes is still to be run"))
        row = QHBoxLayout(self)
        set_margins(row, 0, 0, 8, 0)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(text)
        self._draw_icon()
        self.hide()

    def _draw_icon(self) -> None:
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.toned("status-success", theme.Tone.GOOD).pixmap(side, side))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()
