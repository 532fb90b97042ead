"""The first page: how each repository is, what needs a person, and the way to the first backup."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.history import Run
from borgdesk.engine import recovery
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import run_words, theme
from borgdesk.gui.background import Background
from borgdesk.gui.executor import Executor
from borgdesk.gui.live_run import Told
from borgdesk.gui.overview_data import Overview, RepositoryState, read_overview
from borgdesk.gui.sample_data import SampleWindow, open_sample_window
from borgdesk.gui.widgets.first_steps import FirstSteps
from borgdesk.gui.widgets.notice import Notice
from borgdesk.gui.widgets.page_header import PageHeader
from borgdesk.gui.widgets.repository_card import RepositoryCard

_TICK = 30_000
"""Milliseconds after which "2 minutes ago" is looked at again, and what other processes did."""

_SOON = 200
"""Milliseconds after a run's end in which everybody else who shows it asks the store; and more may end with it."""


class OverviewPage(QWidget):
    """A card per repository."""

    backup_asked = Signal(int)
    stop_asked = Signal(int)
    history_asked = Signal(int)
    repository_asked = Signal(int)
    """Repository ids."""
    repositories_asked = Signal()
    scripts_asked = Signal()
    owed_run_asked = Signal(int)
    """Run id: do now what it still owes."""

    overview_read = Signal(object)
    """The Overview that is shown from now on."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._cards: dict[int, RepositoryCard] = {}
        self._banners: dict[object, Notice] = {}
        self._samples: list[SampleWindow] = []
        self._header = PageHeader(self.tr("Overview"), self)
        self._all = self._header.add_button(
            self.tr("Back up &all"), "media-playback-start", self._ask_all, self.tr("Back up every repository now")
        )
        self._empty = FirstSteps(self)
        self._empty.repositories_asked.connect(self.repositories_asked)
        self._empty.scripts_asked.connect(self.scripts_asked)
        self._empty.sample_asked.connect(self._open_sample)
        self._lay_out()
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self.refresh)
        self._clock.start()
        executor.events_arrived.connect(self._hear)
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self.refresh)
        executor.run_ended.connect(lambda _: self._soon.start())
        executor.idle.connect(self._soon.start)
        self.refresh()

    def refresh(self) -> None:
        """Ask the store again."""
        self._background.ask(lambda: read_overview(self._workspace), self.show_overview, owner=self)

    def show_overview(self, overview: Overview) -> None:
        """Show what the store knows."""
        self._show_cards(overview.repositories)
        self._show_owing(() if self._executor.is_recovering else overview.owing)
        self._empty.setVisible(not overview.repositories)
        self._all.setVisible(len(overview.repositories) > 1)
        self._show_lives()
        self.overview_read.emit(overview)

    def show_recovered(self, run: Run) -> None:
        """Tell about a run that was finished after its process had died."""
        banner = self._banner(("recovered", run.id), run_words.recovered(run), theme.Tone.WARNING, closable=True)
        if run.repository_id is not None:
            banner.add_button(self.tr("Show"), partial(self.history_asked.emit, run.repository_id), "history")

    def card(self, repository_id: int) -> RepositoryCard | None:
        """The card of a repository."""
        return self._cards.get(repository_id)

    def _lay_out(self) -> None:
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(6)
        column = QVBoxLayout(self)
        column.addWidget(self._header)
        column.addLayout(self._notices)
        column.addWidget(scroll, 1)

    # cards

    def _show_cards(self, states: tuple[RepositoryState, ...]) -> None:
        wanted = {state.repository.id for state in states}
        for gone in self._cards.keys() - wanted:
            self._cards.pop(gone).deleteLater()
        for place, state in enumerate(states):
            card = self._cards.get(state.repository.id) or self._new_card(state)
            card.show_state(state)
            if self._column.indexOf(card) != place:
                self._column.removeWidget(card)
                self._column.insertWidget(place, card)

    def _new_card(self, state: RepositoryState) -> RepositoryCard:
        card = RepositoryCard(state, self)
        card.backup_asked.connect(self.backup_asked)
        card.stop_asked.connect(self.stop_asked)
        card.history_asked.connect(self.history_asked)
        card.opened.connect(self.repository_asked)
        self._cards[state.repository.id] = card
        return card

    def _show_lives(self) -> None:
        for repository_id, card in self._cards.items():
            card.show_live(self._executor.live_of(repository_id))

    def _hear(self, _events: list[Told]) -> None:
        self._show_lives()

    def _ask_all(self) -> None:
        for repository_id in self._cards:
            self.backup_asked.emit(repository_id)

    def _open_sample(self) -> None:
        self._empty.show_preparing(preparing=True)
        environment = self._workspace.environment
        self._background.ask(lambda: open_sample_window(environment), self._see_sample, self._see_no_sample, owner=self)

    def _see_sample(self, window: SampleWindow) -> None:
        self._samples.append(window)
        self._empty.show_preparing(preparing=False)

    def _see_no_sample(self, error: Exception) -> None:
        self._empty.show_preparing(preparing=False)
        if not isinstance(error, BorgDeskError):
            raise error
        self._background.problem.emit(error.sentence)

    # what needs a person

    def _show_owing(self, owing: tuple[Run, ...]) -> None:
        wanted = {("owed", run.id) for run in owing}
        for key in [*self._banners]:
            if isinstance(key, tuple) and key[0] == "owed" and key not in wanted:
                self._banners.pop(key).deleteLater()
        for run in owing:
            if ("owed", run.id) not in self._banners:
                text = run_words.owed(run, run.executions)
                banner = self._banner(("owed", run.id), text, theme.Tone.BAD)
                banner.add_button(
                    self.tr("&Run now"), partial(self.owed_run_asked.emit, run.id), "media-playback-start"
                )
                banner.add_button(self.tr("I did it &myself"), partial(self._settle_by_hand, run.id))

    def _settle_by_hand(self, run_id: int) -> None:
        self._background.ask(
            lambda: recovery.settle_by_hand(self._workspace, run_id), lambda _: self.refresh(), owner=self
        )

    def _banner(self, key: object, text: str, tone: theme.Tone, *, closable: bool = False) -> Notice:
        banner = Notice(self, closable=closable)
        self._banners[key] = banner
        self._notices.addWidget(banner)
        banner.tell(text, tone)
        return banner
