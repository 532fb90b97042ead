"""History page: a list of all runs and script tests, newest first, and a view of a single run."""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.history_list import Key, Listed, ListedTest, key_of, key_of_run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.run import RunKind
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.runs.history_columns import columns
from borgdesk.gui.runs.run_filter import RunFilter
from borgdesk.gui.runs.run_list import RunList
from borgdesk.gui.runs.run_search import RunSearch
from borgdesk.gui.runs.run_view import RunView
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.store_watcher import StoreWatcher
from borgdesk.store.history_list import Wanted
from borgdesk.translation import _

PAGE = 100
"""Runs and tests per request."""


class HistoryPage(Page):
    """Shows the list, or a run that was opened from it."""

    run_again_requested = Signal(int)
    """Repository id."""
    owed_run_requested = Signal(int)
    """Run id."""
    stop_requested = Signal(int)
    """Run id."""
    script_requested = Signal(int, str)
    """Script id, and the SHA-256 of the revision that ran."""
    test_requested = Signal(int)
    """Execution id of a test of a script."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._search = RunSearch(workspace.store.history_list, background, self)
        self._search.found.connect(self._on_found)
        self._search.ended.connect(self._on_search_ended)
        self._search.failed.connect(self._on_search_failed)
        self._searches_on = False
        """Whether the current search continues after what is already listed."""
        self._opened: RunId | None = None
        """The run that is shown, from wherever it was opened."""
        self._left: RunId | None = None
        """The run that was shown last, which is to be selected in the list."""
        self._wanted = Wanted()
        self._stays = False
        self._found = 0
        """How much the current search has found so far."""
        self._searching = False
        self._search.listed.connect(self._on_listed)
        self._shown: Wanted | None = None
        """What the list shows all of."""
        self._first_page: list[Listed] = []
        self.model = RunList(columns(), self)
        self.model.wanted.connect(self._on_rows_wanted)
        self.model.more_requested.connect(self._on_more_requested)
        self._make(executor)
        self._lay_out()
        self._looking = self._look_again = False
        """Whether the newest runs are being read, and whether they must be read once more afterwards."""
        self._watcher = StoreWatcher(workspace.store.database, background, self)
        self._watcher.changed.connect(self._on_store_changed)
        self.refresh()

    def refresh(self) -> None:
        """Reload from the newest run on. While a single run is shown, the list is updated on returning to it."""
        if self._shows_run:
            return
        self._filter.refresh()
        self._begin_search(None)

    def show_repository(self, repository_id: RepositoryId) -> None:
        """Show the runs of one repository."""
        self._back()
        self._filter.choose_repository(repository_id)
        self.refresh()

    def show_restores(self, repository_id: RepositoryId) -> None:
        """Show the restores from one repository."""
        self._filter.choose_kind(RunKind.RESTORE)
        self.show_repository(repository_id)

    def show_start(self) -> None:
        if self._shows_run:
            self._back()

    def show_run(self, run_id: RunId) -> None:
        """Open one run."""
        self._opened = run_id
        self.run_view.show_run(run_id)
        self._stack.setCurrentIndex(1)
        self._back_button.show()
        self._header.set_title(_("Run {number}").format(number=run_id))

    def warm_up(self) -> None:
        """Prepare the view of a run for its first use, unless it is in use."""
        if not self._shows_run:
            self.run_view.warm_up()

    def focus_search(self) -> None:
        """Search what is visible: the list of runs, or the output of the open run."""
        if self._shows_run:
            self.run_view.focus_search()
        else:
            self._filter.focus_search()

    def focus_content(self) -> None:
        """Focus the main content."""
        if not self._shows_run:
            self._table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def _shows_run(self) -> bool:
        return self._stack.currentWidget() is self.run_view

    # widgets

    def _make(self, executor: Executor) -> None:
        self._header = PageHeader(_("History"), self)
        self._back_button = QPushButton(icons.icon("go-previous"), _("Al&l runs"), self)
        self._back_button.setToolTip(_("Back to the list (Alt+Left)"))
        self._back_button.clicked.connect(self._back)
        self._back_button.hide()
        self._header.row.insertWidget(0, self._back_button)
        self._filter = RunFilter(self._workspace.store, self._background, self)
        self._filter.changed.connect(self.refresh)
        self._table = TableView(
            self.model, _("Runs"), _("No backups yet."), sortable=False, filterable=False, parent=self
        )
        self._nothing = Banner(self)
        self._table.row_activated.connect(self._open)
        self.run_view = RunView(self._workspace, self._background, executor, self)
        self.run_view.run_again_requested.connect(self.run_again_requested)
        self.run_view.owed_run_requested.connect(self.owed_run_requested)
        self.run_view.stop_requested.connect(self.stop_requested)
        self.run_view.script_requested.connect(self.script_requested)
        back = QShortcut(QKeySequence(QKeySequence.StandardKey.Back), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self._back)

    def _lay_out(self) -> None:
        listed = QWidget(self)
        inside = QVBoxLayout(listed)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._filter)
        inside.addWidget(self._nothing)
        inside.addWidget(self._table, 1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(listed)
        self._stack.addWidget(self.run_view)
        column = QVBoxLayout(self)
        column.addWidget(self._header)
        column.addWidget(self._stack, 1)

    def _open(self, row: Listed) -> None:
        if isinstance(row, ListedTest):
            self.test_requested.emit(row.execution.id)
        else:
            self.show_run(row.id)

    def _back(self) -> None:
        self._stack.setCurrentIndex(0)
        self._back_button.hide()
        self._header.set_title(_("History"))
        self.run_view.clear()
        self._left, self._opened = self._opened, None
        self.refresh()
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watcher.start()
        self._look_for_new()

    def hideEvent(self, event: QHideEvent) -> None:
        self._watcher.stop()
        super().hideEvent(event)

    # reading the store

    def _on_more_requested(self) -> None:
        self._begin_search(self.model.oldest)

    def _begin_search(self, before: Key | None) -> None:
        self._searches_on, self._found, self._searching = before is not None, 0, True
        wanted = self._filter.wanted(before)
        # What is the same as before stays until all of it is known again, and with it the place in the list.
        self._stays = wanted == self._shown
        self._shown = None
        self._wanted = wanted
        self._search.start(wanted, PAGE)

    def _on_found(self, number: int, rows: list[Listed]) -> None:
        if number != self._search.number:
            return
        if self._searches_on or self._found:
            self.model.append(rows)
        elif not self._stays or len(rows) < PAGE:
            self.model.set_rows(rows)
        self._first_page = rows
        self._found += len(rows)
        if rows:
            self._nothing.hide()

    def _on_listed(self, number: int, keys: array[int]) -> None:
        if number == self._search.number:
            self.model.set_keys(array("q", map(key_of, self._first_page)) + keys)
            for row in self._first_page:
                self.model.put(row)
            self._shown = self._wanted

    def _on_rows_wanted(self, keys: list[int]) -> None:
        history = self._workspace.store.history_list
        keep = partial(self.model.keep, keys)
        self._background.ask(lambda: history.some(keys), keep, self._on_rows_not_read, owner=self)

    def _on_rows_not_read(self, error: BorgDeskError) -> None:
        self.model.keep_nothing()
        self._background.problem_met.emit(error.sentence)

    def _on_search_ended(self, number: int) -> None:
        if number != self._search.number:
            return
        if not self._found and not self._searches_on:
            self.model.set_rows([])
        self.model.append([], has_more=self._wanted.conditions.search is not None and self._found == PAGE)
        narrow = self._filter.is_narrow
        self._show_nothing_found(nothing=narrow and not self.model.rowCount())
        self._table.set_empty(_("No matches.") if narrow else _("No backups yet."))
        if self._left is not None:
            self._table.select_key(key_of_run(self._left))
            self._left = None
        self._leave_search()

    def _show_nothing_found(self, *, nothing: bool) -> None:
        text = _("No runs match the search and filters.") if nothing else ""
        show_all = BannerButton(_("Show &all runs"), self._filter.clear)
        self._nothing.show_message(text, theme.Tone.MUTED, [show_all], dismissible=False)

    def _leave_search(self) -> None:
        self._searching = False
        if not self._looking:
            self._end_look()

    def _on_search_failed(self, number: int, error: BorgDeskError) -> None:
        if number != self._search.number:
            return
        self._leave_search()
        self._background.problem_met.emit(error.sentence)

    def _on_store_changed(self) -> None:
        if self._shows_run:
            self.run_view.look()
        else:
            self._look_for_new()

    def _look_for_new(self) -> None:
        """Update the top of the list without changing what is loaded below it."""
        if self._shows_run:
            return
        if self._looking or self._searching:
            self._look_again = True
            return
        self._looking = True
        asked, history, wanted = self._search.number, self._workspace.store.history_list, self._filter.wanted()

        def newest() -> list[Listed]:
            # The limit keeps a search from going through all runs when only the newest matter.
            return history.find(replace(wanted, from_run=RunId(max(0, history.newest_run() - PAGE))), PAGE)

        def put(rows: list[Listed]) -> None:
            if asked == self._search.number:
                for row in reversed(rows):
                    if self.model.place_of(key_of(row)) is not None or key_of(row) > self.model.newest:
                        self.model.put(row)
                        self._nothing.hide()
            self._end_look()

        def fail(error: BorgDeskError) -> None:
            self._end_look()
            self._background.problem_met.emit(error.sentence)

        self._background.ask(newest, put, fail, owner=self)

    def _end_look(self) -> None:
        self._looking = False
        if self._look_again:
            self._look_again = False
            self._look_for_new()
