"""The timeline of a run as a table, with durations as bars."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from borgdesk.domain.run import ExecutionStatus
from borgdesk.gui import icons, run_words, theme, words
from borgdesk.gui.columns import Column
from borgdesk.gui.table import ROW_ROLE, TableModel
from borgdesk.gui.timeline import Entry
from borgdesk.gui.widgets.table_view import CellDelegate, TableView

_BAR = 3
"""Pixels a duration bar is high."""


class TimelineTable(TableView[Entry]):
    """Entries in the order in which they have their turn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        model = TableModel[Entry](self._columns(), key=lambda entry: entry.key)
        super().__init__(model, self.tr("Steps of the run"), self.tr("No steps yet."), sortable=False, parent=parent)
        model.setParent(self)
        self.setItemDelegateForColumn(2, _DurationDelegate(self))

    def _columns(self) -> list[Column[Entry]]:
        return [
            Column(self.tr("Step"), run_words.entry_title, icon=lambda e: icons.status_icon(e.status), width=34),
            Column(self.tr("When"), run_words.entry_lane, width=16),
            Column(self.tr("Duration"), lambda e: words.duration(e.duration), right=True, width=14),
            Column(self.tr("Result"), run_words.entry_result, tone=_tone, stretch=True),
        ]


def _tone(entry: Entry) -> theme.Tone | None:
    tone = theme.tone_of(entry.status)
    if entry.status is ExecutionStatus.PENDING and entry.execution is not None and entry.execution.reason:
        return theme.Tone.BAD  # it was tried, and is still owed
    return tone if tone in (theme.Tone.BAD, theme.Tone.WARNING) or _unreached(entry) else None


def _unreached(entry: Entry) -> bool:
    return entry.status in (ExecutionStatus.PENDING, ExecutionStatus.SKIPPED)


class _DurationDelegate(CellDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        entry: Entry = index.data(ROW_ROLE)
        area: QRect = option.rect.adjusted(6, 0, -8, -3)
        width = round(area.width() * entry.share)
        if width < 1:
            return
        selected = option.state & QStyle.StateFlag.State_Selected
        color = option.palette.highlightedText().color() if selected else theme.color(theme.tone_of(entry.status))
        painter.fillRect(QRect(area.right() - width, area.bottom() - _BAR + 1, width, _BAR), color)
