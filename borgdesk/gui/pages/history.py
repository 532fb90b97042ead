"""The page of history: all runs, newest first, and each of them in full."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from borgdesk.domain.history import Run
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, run_words, theme, words
from borgdesk.gui.background import Background
from borgdesk.gui.columns import Column
from borgdesk.gui.executor import Executor
from borgdesk.gui.table import TableModel
from borgdesk.gui.widgets.page_header import PageHeader
from borgdesk.gui.widgets.run_filter import RunFilter
from borgdesk.gui.widgets.run_view import RunView
from borgdesk.gui.widgets.table_view import TableView

PAGE = 100
"""Runs that are asked for at once."""

_TICK = 15_000
"""Milliseconds between two looks for what other processes did, while the page is seen."""


class HistoryPage(QWidget):
    """A list, or the run that was opened from it."""

    run_again_asked = Signal(int)
    """Repository id."""
    stop_asked = Signal(int)
    """Run id."""
    script_asked = Signal(int, str)
    """Script id, and the SHA-256 of the revision that ran."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._asked = 0
        """Counts questions, so that the answer to an old one is not shown."""
        self.model = TableModel[Run](self._columns(), key=lambda run: run.id, parent=self)
        self.model.more_wanted.connect(self._ask_more)
        self._make(executor)
        self._lay_out()
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._look_for_new)
        executor.run_began.connect(lambda _: self._look_for_new())
        executor.run_ended.connect(lambda _: self._look_for_new())
        self.refresh()

    def refresh(self) -> None:
        """Ask the store again, from the newest run. Who looks at one run learns of others on the way back."""
        if self._shows_run:
            return
        self._filter.refresh()
        self._asked += 1
        asked, question = self._asked, self._filter.question(None, PAGE)

        def show(runs: list[Run]) -> None:
            if asked == self._asked:
                self.model.set_rows(runs, has_more=len(runs) == PAGE)

        self._background.ask(question, show, owner=self)

    def show_repository(self, repository_id: int) -> None:
        """Show the runs of one repository."""
        self._back()
        self._filter.choose_repository(repository_id)
        self.refresh()

    def show_run(self, run_id: int) -> None:
        """Open one run."""
        self.run_view.show_run(run_id)
        self._stack.setCurrentIndex(1)
        self._back_button.show()
        self._header.set_title(self.tr("Run {number}").format(number=run_id))

    def warm_up(self) -> None:
        """Prepare for the first run that is opened, unless one is open."""
        if not self._shows_run:
            self.run_view.warm_up()

    def focus_search(self) -> None:
        """Search in what is seen: runs, or the output of the one that is open."""
        if self._shows_run:
            self.run_view.focus_search()
        else:
            self._filter.focus_search()

    @property
    def _shows_run(self) -> bool:
        return self._stack.currentWidget() is self.run_view

    # parts

    def _columns(self) -> list[Column[Run]]:
        return [
            Column(
                self.tr("Status"),
                lambda run: words.run_status(run.status),
                icon=lambda run: icons.status_icon(run.status),
                tone=lambda run: theme.tone_of(run.status),
                width=14,
            ),
            Column(self.tr("Repository"), lambda run: run.repository, width=22),
            Column(
                self.tr("Started"),
                lambda run: words.moment(run.started_at or run.queued_at),
                tooltip=lambda run: words.exact_moment(run.started_at or run.queued_at),
                width=20,
            ),
            Column(self.tr("Duration"), words.run_duration, right=True, width=11),
            Column(self.tr("Started by"), lambda run: words.trigger(run.trigger), width=13),
            Column(self.tr("What happened"), run_words.remark, stretch=True),
        ]

    def _make(self, executor: Executor) -> None:
        self._header = PageHeader(self.tr("History"), self)
        self._back_button = QPushButton(icons.icon("go-previous"), self.tr("&All runs"), self)
        self._back_button.setToolTip(self.tr("Back to the list (Alt+Left)"))
        self._back_button.clicked.connect(self._back)
        self._back_button.hide()
        self._header.row.insertWidget(0, self._back_button)
        self._filter = RunFilter(self._workspace, self._background, self)
        self._filter.changed.connect(self.refresh)
        self._table = TableView(
            self.model, self.tr("Runs"), self.tr("No backup has run yet."), sortable=False, parent=self
        )
        self._table.row_activated.connect(lambda run: self.show_run(run.id))
        self.setFocusProxy(self._table)
        self.run_view = RunView(self._workspace, self._background, executor, self)
        self.run_view.run_again_asked.connect(self.run_again_asked)
        self.run_view.stop_asked.connect(self.stop_asked)
        self.run_view.script_asked.connect(self.script_asked)
        back = QShortcut(QKeySequence(QKeySequence.StandardKey.Back), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self._back)

    def _lay_out(self) -> None:
        listed = QWidget(self)
        inside = QVBoxLayout(listed)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._filter)
        inside.addWidget(self._table, 1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(listed)
        self._stack.addWidget(self.run_view)
        column = QVBoxLayout(self)
        column.addWidget(self._header)
        column.addWidget(self._stack, 1)

    def _back(self) -> None:
        self._stack.setCurrentIndex(0)
        self._back_button.hide()
        self._header.set_title(self.tr("History"))
        self.run_view.clear()
        self.refresh()
        self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.start()
        self._look_for_new()

    def hideEvent(self, event: QHideEvent) -> None:
        self._clock.stop()
        super().hideEvent(event)

    # questions to the store

    def _ask_more(self) -> None:
        asked, question = self._asked, self._filter.question(self.model.row(self.model.rowCount() - 1).id, PAGE)

        def append(runs: list[Run]) -> None:
            if asked == self._asked:
                self.model.append(runs, has_more=len(runs) == PAGE)

        self._background.ask(question, append, owner=self)

    def _look_for_new(self) -> None:
        """Bring the top of the list up to date, and leave alone what was loaded below it."""
        if self._shows_run:
            return
        if self.model.rowCount() == 0:
            self.refresh()
            return
        asked, question = self._asked, self._filter.question(None, PAGE)

        def put(runs: list[Run]) -> None:
            if asked == self._asked:
                for run in reversed(runs):
                    known = self.model.place_of(run.id) is not None
                    if known or self.model.rowCount() == 0 or run.id > self.model.row(0).id:
                        self.model.put(run, 0)

        self._background.ask(question, put, owner=self)
