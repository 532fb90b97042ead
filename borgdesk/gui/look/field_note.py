"""Banner below a field of a form: what is wrong with what was entered there, or worth knowing."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent

from borgdesk.gui.look.banner import Banner


class FieldNote(Banner):
    """As high as its text is in the width that it has: forms would give it the height that it has when narrow."""

    def sizeHint(self) -> QSize:
        return self._fitting(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        return self._fitting(super().minimumSizeHint())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _fitting(self, hint: QSize) -> QSize:
        if self.width() > hint.width():
            hint.setHeight(min(hint.height(), self.heightForWidth(self.width())))
        return hint
