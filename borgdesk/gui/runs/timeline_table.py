"""Table of a run's timeline, with a bar for each entry on one time axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.runs.story import Entry, Key, Story
from borgdesk.gui.look import icons, longest, run_words, theme, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import ROW_ROLE, TableModel
from borgdesk.gui.look.table_view import CellDelegate, TableView
from borgdesk.translation import _

_BAR, _LEAST = 10, 3
"""Height of a bar, and the least width, in pixels: also what took no time was done."""
_ROUND = 2.5


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the values that depend on the time and on other entries."""

    entry: Entry
    duration: float | None = None
    """In seconds."""
    begin: float = 0.0
    """When it began, as a fraction of the run's time."""
    share: float | None = None
    """Its part of the run's time, 0 to 1; None if it has not begun."""

    @property
    def key(self) -> Key:
        """The entry's key."""
        return self.entry.key


def rows_of(story: Story, now: datetime | None = None) -> list[Row]:
    """Return the rows for a run's timeline, on one time axis from the first start to the last end."""
    now = now or datetime.now(UTC)
    starts = [entry.started_at for entry in story.entries if entry.started_at is not None]
    if not starts:
        return [Row(entry, entry.duration(now)) for entry in story.entries]
    first = min(starts)
    spans = [_span(entry, first, now) for entry in story.entries]
    whole = max((begin + length for begin, length in filter(None, spans)), default=0.0)
    return [
        Row(entry, entry.duration(now)) if span is None else _row(entry, span, whole, now)
        for entry, span in zip(story.entries, spans, strict=True)
    ]


def _span(entry: Entry, first: datetime, now: datetime) -> tuple[float, float] | None:
    """Return seconds from the first start to that of the entry, and its duration."""
    if entry.started_at is None:
        return None
    return (entry.started_at - first).total_seconds(), max(0.0, entry.duration(now) or 0.0)


def _row(entry: Entry, span: tuple[float, float], whole: float, now: datetime) -> Row:
    begin, length = (part / whole if whole > 0 else 0.0 for part in span)
    return Row(entry, entry.duration(now), begin, length)


class TimelineTable(TableView[Row]):
    """Entries in the order of execution."""

    def __init__(self, parent: QWidget | None = None) -> None:
        model = TableModel[Row](self._columns(), key=lambda row: row.key)
        super().__init__(model, _("Steps of the run"), _("No steps yet."), sortable=False, parent=parent)
        model.setParent(self)
        self.setItemDelegateForColumn(2, _AxisDelegate(self))

    def show_story(self, story: Story) -> None:
        """Show the current state of a timeline."""
        self.rows.set_rows(rows_of(story))

    def _columns(self) -> list[Column[Row]]:
        return [
            Column(
                _("Step"),
                lambda row: run_words.entry_title(row.entry),
                icon=lambda row: icons.status_icon(row.entry.status),
                width=42,
            ),
            Column(_("When"), lambda row: run_words.entry_lane(row.entry), whole=longest.lanes(), optional=True),
            Column(_("Time"), lambda _row: "", width=30, grows=True),
            Column(_("Duration"), lambda row: words.duration(row.duration), right=True, width=11),
            Column(_("Result"), lambda row: run_words.entry_result(row.entry), tone=_tone, stretch=True),
        ]


def _tone(row: Row) -> theme.Tone | None:
    entry = row.entry
    tone = theme.tone_of(entry.status)
    if entry.is_owed:
        return theme.Tone.BAD  # it was tried and still has to run
    return tone if tone in (theme.Tone.BAD, theme.Tone.WARNING) or _unreached(entry) else None


def _unreached(entry: Entry) -> bool:
    return entry.status in (ExecutionStatus.PENDING, ExecutionStatus.SKIPPED)


class _AxisDelegate(CellDelegate):
    """Draws when each entry began and ended."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        row: Row = index.data(ROW_ROLE)
        if row.share is None:
            return
        area: QRect = option.rect.adjusted(6, 0, -6, 0)
        width = max(_LEAST, round(area.width() * row.share))
        begin = min(round(area.width() * row.begin), area.width() - width)
        if option.direction == Qt.LayoutDirection.RightToLeft:
            begin = area.width() - begin - width
        selected = option.state & QStyle.StateFlag.State_Selected
        color = option.palette.highlightedText().color() if selected else theme.color(theme.tone_of(row.entry.status))
        top = area.center().y() - _BAR / 2 + 1
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(area.left() + begin, top, width, _BAR), _ROUND, _ROUND)
        painter.restore()
