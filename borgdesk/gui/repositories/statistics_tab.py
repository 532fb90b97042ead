"""Tab with the sizes of a repository's backups over time, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.statistics import BackupSize
from borgdesk.engine.archives.statistics import statistics
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import longest, theme, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.size_chart import Series, SizeChart
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_CHART, _TABLE = 3, 2
"""Shares of the height."""


class StatisticsTab(QWidget):
    """Reads the history when it is shown, and again when runs have ended meanwhile."""

    loaded = Signal()
    """The sizes are shown."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._repository: Repository | None = None
        self._sizes: list[BackupSize] = []
        self.chart = SizeChart(_("Sizes of the backups"))
        self.told = ElidedLabel()
        self.model = TableModel[BackupSize](_columns(), lambda one: (one.at, one.archive), self)
        self.table = TableView(self.model, _("Sizes of the backups"), _("There are no backups with known sizes yet."))
        split = QSplitter(Qt.Orientation.Vertical)
        self._upper = QWidget()
        column = QVBoxLayout(self._upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.chart, 1)
        column.addWidget(self.told)
        split.addWidget(self._upper)
        split.addWidget(self.table)
        split.setChildrenCollapsible(False)
        split.setSizes([_CHART, _TABLE])
        layout = QVBoxLayout(self)
        layout.addWidget(split)
        self.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        # The names of archives begin alike, and end with their times.
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.chart.current_changed.connect(self._tell)
        self.table.row_selected.connect(self._mark)

    def show_repository(self, repository: Repository) -> None:
        """Show the backups of a repository."""
        other = self._repository is None or self._repository.id != repository.id
        self._repository = repository
        if other:
            self._show(repository.id, [])
        self.refresh()

    def refresh(self) -> None:
        """Read the history again if the tab is visible; otherwise that is done when it becomes visible."""
        shown = self._repository
        if shown is not None and self.isVisible():
            self._background.ask(lambda: statistics(self._workspace, shown), partial(self._show, shown.id), owner=self)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _show(self, repository_id: RepositoryId, sizes: list[BackupSize]) -> None:
        if self._repository is None or self._repository.id != repository_id:
            return
        if sizes and sizes == self._sizes:
            self.loaded.emit()
            return
        self._sizes = sizes
        self.model.set_rows(sizes)
        self._upper.setVisible(bool(sizes))
        self.chart.show_sizes(
            [words.moment(one.at) for one in sizes],
            [
                Series(_("Original size"), tuple(one.original for one in sizes), theme.Tone.WORKING),
                Series(
                    _("All archives in the repository"),
                    tuple(one.repository for one in sizes),
                    theme.Tone.GOOD,
                    dashed=True,
                ),
            ],
            Series(_("New"), tuple(one.new for one in sizes), theme.Tone.WARNING),
            self._text,
        )
        self._tell(self.chart.current)
        self.loaded.emit()

    def _text(self, place: int) -> str:
        return _sentence(self._sizes[place])

    def _tell(self, place: int) -> None:
        self.told.setText(self._text(place) if self._sizes else "")

    def _mark(self, row: BackupSize | None) -> None:
        if row is not None and row in self._sizes:
            self.chart.set_current(self._sizes.index(row))


def _sentence(one: BackupSize) -> str:
    """Return what is known of one backup."""
    parts = [words.moment(one.at), _("original size {size}").format(size=words.size(one.original))]
    if one.repository is not None:
        parts.append(_("all archives {size}").format(size=words.size(one.repository)))
    if one.new is not None:
        parts.append(_("new {size}").format(size=words.size(one.new)))
    return ", ".join(parts)


def _columns() -> list[Column[BackupSize]]:
    return [
        Column(_("When"), lambda one: words.moment(one.at), lambda one: one.at.timestamp(), whole=longest.moments()),
        Column(_("Archive"), lambda one: words.file_name(one.archive), stretch=True),
        _size_column(_("Original"), lambda one: one.original),
        _size_column(_("New"), lambda one: one.new),
        _size_column(_("All archives"), lambda one: one.repository),
        _size_column(_("Free after"), lambda one: one.free_after, optional=True),
    ]


def _size_column(title: str, size: Callable[[BackupSize], int | None], *, optional: bool = False) -> Column[BackupSize]:
    def key(one: BackupSize) -> int:
        known = size(one)
        return -1 if known is None else known

    return Column(title, lambda one: words.size(size(one)), key, right=True, whole=longest.sizes(), optional=optional)
