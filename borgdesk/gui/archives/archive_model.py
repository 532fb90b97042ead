"""Table model of archives: newest first, grouped under days or months, or sorted by another column without groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont

from borgdesk.domain.archive import Archive
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.table import EDGE
from borgdesk.translation import _

Index = QModelIndex | QPersistentModelIndex

MADE, NAME, NEW, SIZE, COMMENT = range(5)
_NUMBERS = (NEW, SIZE)
_CROWDED = 2
"""Archives per day from which on they are grouped by day, otherwise by month."""
_LATE = datetime(2026, 11, 25, 22, 58).astimezone()
"""A moment with as many digits as a moment has, on a Wednesday."""
_NOWHERE = QModelIndex()
_KEYS: Mapping[int, Callable[[Archive], Any]] = {
    MADE: lambda one: one.start,
    NAME: lambda one: one.name.casefold(),
    NEW: lambda one: -1 if one.deduplicated_size is None else one.deduplicated_size,
    SIZE: lambda one: -1 if one.original_size is None else one.original_size,
    COMMENT: lambda one: one.comment.casefold(),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """Row above the archives of a day or a month."""

    day: date
    is_day: bool

    @property
    def text(self) -> str:
        """What it says; phrased when it is seen, since there may be thousands."""
        return _day_name(self.day) if self.is_day else _month_name(self.day)


class ArchivesModel(QAbstractTableModel):
    """Archives and headings. An archive is identified by its id, whatever its name."""

    about_to_replace = Signal()
    replaced = Signal()
    """The rows or their order changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._archives: tuple[Archive, ...] = ()
        self._days: dict[str, date] = {}
        """Local day of each archive, by its id."""
        self._texts: dict[str, str] = {}
        """Searchable text of each archive."""
        self._rows: list[Archive | Heading] = []
        self._shown = 0
        self._by_day = True
        self._column, self._descending = MADE, True
        self._wanted, self._since = "", date.min

    # content

    @property
    def shown(self) -> int:
        """Number of archives that pass the filter."""
        return self._shown

    @property
    def archives(self) -> tuple[Archive, ...]:
        """All archives, regardless of the filter."""
        return self._archives

    def set_archives(self, archives: Iterable[Archive]) -> None:
        """Set the archives, to which the filter applies."""
        self._archives = tuple(archives)
        day_of = date.fromtimestamp  # the user's days
        self._days = {one.id: day_of(one.start.timestamp()) for one in self._archives}
        self._texts = {}
        self._by_day = len(self._archives) >= _CROWDED * len(set(self._days.values()))
        self._arrange()

    def set_filter(self, text: str, since: date = date.min) -> None:
        """Show only archives with *text* in their name, comment, host or date, made on *since* or later."""
        if (text.strip().casefold(), since) != (self._wanted, self._since):
            self._wanted, self._since = text.strip().casefold(), since
            self._arrange()

    def _arrange(self) -> None:
        wanted, since = self._wanted, self._since
        found = list(self._archives)
        if wanted or since > date.min:
            if not self._texts:
                self._texts = {one.id: _searched(one, self._days[one.id]) for one in self._archives}
            found = [one for one in found if wanted in self._texts[one.id] and self._days[one.id] >= since]
        found.sort(key=_KEYS[self._column], reverse=self._descending)
        rows = self._with_headings(found) if self._column == MADE else list[Archive | Heading](found)
        self._shown = len(found)
        if rows == self._rows:
            return
        self.about_to_replace.emit()
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        self.replaced.emit()

    def _with_headings(self, archives: Sequence[Archive]) -> list[Archive | Heading]:
        rows: list[Archive | Heading] = []
        last: Hashable = None
        for one in archives:
            day = self._days[one.id]
            group = day if self._by_day else (day.year, day.month)
            if group != last:
                last = group
                rows.append(Heading(day, self._by_day))
            rows.append(one)
        return rows

    # rows

    def row(self, place: int) -> Archive | None:
        """Return the archive of a row; None for a heading."""
        row = self._rows[place]
        return row if isinstance(row, Archive) else None

    def places_of(self, ids: set[str]) -> list[int]:
        """Return the rows of these archives."""
        return [place for place, row in enumerate(self._rows) if isinstance(row, Archive) and row.id in ids]

    def first(self) -> int | None:
        """Return the row of the topmost archive."""
        return next((place for place, row in enumerate(self._rows) if isinstance(row, Archive)), None)

    # QAbstractTableModel

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 5

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or isinstance(self._rows[index.row()], Heading):
            return Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_("Made"), _("Archive"), _("New") + EDGE, _("Size") + EDGE, _("Comment"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and section == NEW:
            return _("What an archive added to the repository when it was made")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if isinstance(row, Heading):
            return _heading_data(row, index.column(), role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row)
        return None

    def _text(self, one: Archive, column: int) -> str:
        match column:
            case 0:
                return self._time(one)
            case 1:
                return words.file_name(one.name)
            case 2:
                return "" if one.deduplicated_size is None else words.size(one.deduplicated_size)
            case 3:
                return "" if one.original_size is None else words.size(one.original_size)
        return words.file_name(one.comment)

    def _time(self, one: Archive) -> str:
        """Return the part of the time that the heading does not give."""
        if self._column != MADE:
            return words.moment(one.start)
        return self._below_heading(QDateTime.fromSecsSinceEpoch(int(one.start.timestamp())))

    @property
    def long_time(self) -> str:
        """A time as long as those shown now."""
        if self._column != MADE:
            return words.moment(_LATE)
        return self._below_heading(QDateTime.fromSecsSinceEpoch(int(_LATE.timestamp())))

    def _below_heading(self, local: QDateTime) -> str:
        time = words.clock(local.time())
        if self._by_day:
            return time
        return _("{weekday} {day}, {time}").format(
            weekday=QLocale().standaloneDayName(local.date().dayOfWeek(), QLocale.FormatType.ShortFormat),
            day=local.date().day(),
            time=time,
        )

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        descending = order is Qt.SortOrder.DescendingOrder
        if (column, descending) != (self._column, self._descending):
            self._column, self._descending = column, descending
            self._arrange()


def _searched(one: Archive, day: date) -> str:
    return f"{one.name}\n{one.comment}\n{one.hostname}\n{day.isoformat()}".casefold()


def _day_name(day: date) -> str:
    days_ago = (datetime.now(UTC).astimezone().date() - day).days
    if days_ago in (0, 1):
        return _("Yesterday") if days_ago else _("Today")
    return QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.LongFormat)


def _month_name(day: date) -> str:
    return _("{month} {year}").format(month=QLocale().standaloneMonthName(day.month), year=day.year)


def _heading_data(row: Heading, column: int, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return "" if column else row.text
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setBold(True)
        return font
    if role == Qt.ItemDataRole.ForegroundRole:
        return theme.color(theme.Tone.MUTED)
    return None


def _tip(one: Archive) -> str:
    facts = [words.file_name(one.name), words.exact_moment(one.start)]
    if one.deduplicated_size is not None:
        size, new = words.size(one.original_size), words.size(one.deduplicated_size)
        facts.append(_("{size}, {new} of it new").format(size=size, new=new))
    return words.tooltip("\n".join([*facts, *([words.file_name(one.comment)] if one.comment else [])]))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
