"""Panel with a repository's archives and their filter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.gui.archives.archive_model import ArchivesModel
from borgdesk.gui.archives.archive_table import ArchiveTable
from borgdesk.gui.look import words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.search_field import SearchField
from borgdesk.translation import _, ngettext


class ArchiveListPanel(QWidget):
    """Search field, period, table, and number of archives."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked_at: datetime | None = None
        self._by_experimental = False
        self.model = ArchivesModel(self)
        self.table = ArchiveTable(self.model, self)
        self.search = SearchField(_("Search archives"), self)
        self.search.setToolTip(_("Name, comment, computer or date, such as 2026-11-20"))
        self.period = QComboBox(self)
        self.period.setAccessibleName(_("Made"))
        for text, days in (
            (_("Any time"), 0),
            (_("Today"), 1),
            (_("Last 7 days"), 7),
            (_("Last 30 days"), 30),
            (_("Last 12 months"), 366),
        ):
            self.period.addItem(text, days)
        self._about = ElidedLabel(self)
        self.search.textChanged.connect(self._filter)
        self.period.currentIndexChanged.connect(self._filter)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.period)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self._about)

    def show_archives(self, found: ArchiveList | None) -> None:
        """Show the archives that Borg reported last; None for none."""
        self._asked_at = found.asked_at if found else None
        self._by_experimental = bool(found and found.by_experimental)
        self.table.empty_text = _("No archives yet") if found else ""
        self.model.set_archives(found.archives if found else ())
        self._tell()
        self.table.viewport().update()

    def clear_filter(self) -> None:
        """Reset the filter."""
        self.search.clear()
        self.period.setCurrentIndex(0)

    def _filter(self) -> None:
        days = int(self.period.currentData())
        today = datetime.now(UTC).astimezone().date()
        self.model.set_filter(self.search.text(), today - timedelta(days - 1) if days else date.min)
        self._tell()

    def _tell(self) -> None:
        if self._asked_at is None:
            self._about.setText("")
            return
        count, many = self.model.shown, len(self.model.archives)
        text = ngettext("{count} archive", "{count} archives", count).format(count=words.number(count))
        if count != many:
            text = _("{count} of {many} archives").format(count=words.number(count), many=words.number(many))
        moment = words.when(self._asked_at)
        told = _("{archives}, as of {moment}").format(archives=text, moment=moment)
        if self._by_experimental:
            told = _("{archives}, as of {moment}, by Borg 2 (experimental)").format(archives=text, moment=moment)
        self._about.setText(told)
