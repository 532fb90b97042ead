"""Tooltips of the editor: findings, and descriptions of variables."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QToolTip, QWidget

from borgdesk.gui.editor.completion import Completion
from borgdesk.gui.editor.marks import FindingMarks, findings_as_text
from borgdesk.gui.editor.surface import Surface
from borgdesk.gui.look import words


class Hints:
    """Tooltips of the text and of its margin."""

    def __init__(self, surface: Surface, view: QWidget, marks: FindingMarks, completion: Completion) -> None:
        self._surface, self._view = surface, view
        self._marks, self._completion = marks, completion

    def show_at(self, x: int, y: int, position: int) -> bool:
        """Show the tooltip of a place, given in pixels and in the text (-1: beside it); return whether there is one."""
        hint = self._hint(x, y, position)
        if not hint:
            QToolTip.hideText()
            return False
        QToolTip.showText(QPoint(*self._surface.global_point(x, y)), hint, self._view)
        return True

    def show_findings(self, position: int) -> None:
        """Show the findings at a position below it."""
        x, y, height = self._surface.point_of(position)
        point = QPoint(*self._surface.global_point(x, y + height))
        QToolTip.showText(point, findings_as_text(self._marks.at(position)), self._view)

    def _hint(self, x: int, y: int, position: int) -> str:
        line = self._surface.line_at_finding_margin(x, y)
        if line:
            return findings_as_text(self._marks.on_line(line))
        if position < 0:
            return ""
        findings = findings_as_text(self._marks.at(position))
        name = self._surface.word_at(position)
        description = self._completion.description(name)
        if not description:
            return findings
        return f"{name}\n{words.tooltip(description)}\n{findings}".strip()
