"""Overview page: the state of each repository, problems that need attention, and the first steps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from borgdesk.domain.downtime import left_down
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Event
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.engine.runs import demo_mark
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import run_words, theme
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.overview.card_grid import CardGrid
from borgdesk.gui.overview.first_steps import FirstSteps
from borgdesk.gui.overview.held_line import HeldLine
from borgdesk.gui.overview.memory_banner import MemoryBanner
from borgdesk.gui.overview.overview_data import Overview, RepositoryState, read_overview
from borgdesk.gui.overview.owed_line import OwedLine
from borgdesk.gui.overview.repository_card import RepositoryCard
from borgdesk.gui.overview.sample_data import SampleWindow, open_sample_window
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.store_watcher import StoreWatcher
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.engine.runs.demo import Demo
    from borgdesk.gui.overview.sample_guide import SampleGuide

_GAP = 6
"""Pixels between the cards and what is beside or below them."""
_LIVE_TICK = 1000
"""Milliseconds between two updates of what is under way, such as the time left."""
_TICK = 30_000
"""Milliseconds between two updates of relative times such as "2 minutes ago"."""


class OverviewPage(Page):
    """One card per repository."""

    backup_requested = Signal(int)
    all_backups_requested = Signal()
    stop_requested = Signal(int)
    repository_requested = Signal(int)
    """Repository ids."""
    repositories_requested = Signal()
    scripts_requested = Signal()
    import_requested = Signal()
    owed_run_requested = Signal(int)
    """Id of a run that is to do now what it still owes."""

    run_requested = Signal(int)
    """Id of a run that is to be shown."""

    waiting_changed = Signal(str)
    """What is being waited for; empty once it is there."""
    lanes_requested = Signal(int)
    """Id of a repository whose scripts are to be shown."""
    quit_requested = Signal()
    """The window is to be closed for good."""

    passphrase_requested = Signal(int)
    """Id of a repository whose passphrase the user is to be asked for."""
    overview_read = Signal(object)
    """The new Overview."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._cards: dict[RepositoryId, RepositoryCard] = {}
        self._banners: dict[tuple[str, int], Banner] = {}
        """By the subject of the banner and the run's id."""
        self._samples: list[SampleWindow] = []
        self._header = PageHeader(_("Overview"), self)
        self._nothing_owed = OwedLine(self)
        self._header.row.addWidget(self._nothing_owed)
        self._add = self._header.add_button(_("&Add repository…"), "list-add", self.repositories_requested.emit)
        self._all = self._header.add_button(
            _("Back up a&ll"),
            "media-playback-start",
            self.all_backups_requested.emit,
            _("Back up every repository now"),
        )
        for button in (self._add, self._all):
            button.hide()
        self._empty = FirstSteps(self)
        self._empty.repositories_requested.connect(self.repositories_requested)
        self._empty.scripts_requested.connect(self.scripts_requested)
        self._empty.import_requested.connect(self.import_requested)
        self._empty.sample_requested.connect(self.open_sample)
        self._memory = MemoryBanner(workspace, background, self)
        self._memory.passphrase_requested.connect(self.passphrase_requested)
        self._memory.settled.connect(self.refresh)
        self._guide: SampleGuide | None = None
        self._lay_out()
        self._ask_for_guide()
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self.refresh)
        self._clock.start()
        self._live_clock = QTimer(self, interval=_LIVE_TICK)
        self._live_clock.timeout.connect(self._show_lives)
        self._reading = self._again = self._owes_nothing = False
        self._problem = ""
        """Of the schedules, as it was told last."""
        executor.events_arrived.connect(self._on_events_arrived)
        executor.elsewhere.run_found.connect(lambda _: self._show_lives())
        executor.elsewhere.run_left.connect(lambda _: self._show_lives())
        # A recovery that changed nothing ends without any other signal.
        executor.became_idle.connect(self.refresh)
        # Watch also while the page is hidden: the tray shows what is read here.
        self._watcher = StoreWatcher(workspace.store.database, background, self)
        self._watcher.changed.connect(self.refresh)
        self._watcher.start()
        self.refresh()

    def refresh(self) -> None:
        """Read the overview again; a change during the reading leads to another one."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._background.ask(self._read, self._on_overview_read, self._on_read_failed, owner=self)

    def _read(self) -> Overview:
        self._watcher.begin()
        return read_overview(self._workspace)

    def _on_overview_read(self, overview: Overview) -> None:
        self._reading = False
        self.show_overview(overview)
        if overview.problem != self._problem:
            self._problem = overview.problem
            if self._problem:
                self._background.problem_met.emit(self._problem)
        if self._again:
            self._again = False
            self.refresh()

    def _on_read_failed(self, error: BorgDeskError) -> None:
        self._reading = self._again = False
        self._background.problem_met.emit(error.sentence)

    def show_overview(self, overview: Overview) -> None:
        self._show_cards(overview.repositories)
        self._show_owing(() if self._executor.is_recovering else overview.owing)
        self._owes_nothing = bool(overview.repositories) and not overview.owing and not overview.elsewhere
        self._owes_nothing &= not any(left_down(run.executions) for run in overview.recovered)
        self._show_recovered(overview.recovered)
        self._held.show_services(overview.held)
        self._memory.show_question(overview.forgettable)
        self._grid.setVisible(bool(overview.repositories))
        self._start.setVisible(not overview.repositories)
        # Without any, the first steps have a button for it.
        self._add.setVisible(bool(overview.repositories))
        self._all.setVisible(len(overview.repositories) > 1)
        self._show_lives()
        self.overview_read.emit(overview)

    def card(self, repository_id: RepositoryId) -> RepositoryCard | None:
        """Return the card of a repository."""
        return self._cards.get(repository_id)

    def _lay_out(self) -> None:
        inside = QWidget(self)
        self._grid = CardGrid(inside)
        self._start = CardGrid(inside)
        self._start.show_cards([self._empty])
        cards = QVBoxLayout(inside)
        cards.setSpacing(10)
        cards.addWidget(self._grid)
        cards.addWidget(self._start)
        self._guide_place = QVBoxLayout()
        cards.addLayout(self._guide_place)
        cards.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        bar = scroll.verticalScrollBar()
        # As wide as the header, and apart from the bar if there is one.
        bar.rangeChanged.connect(lambda _least, most: set_margins(cards, 0, 0, _GAP if most else 0, _GAP))
        cards.setContentsMargins(0, 0, 0, _GAP)
        scroll.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self._attention = CalmPlace(scroll)
        self._held = HeldLine(self)
        self._header.row.addWidget(self._held)
        column = QVBoxLayout(self)
        column.addWidget(self._header)
        column.addWidget(self._attention)
        column.addWidget(CalmPlace(scroll, self._memory))
        column.addWidget(scroll, 1)

    # cards

    def _show_cards(self, states: tuple[RepositoryState, ...]) -> None:
        wanted = {state.repository.id for state in states}
        for gone in self._cards.keys() - wanted:
            self._cards.pop(gone).deleteLater()
        for state in states:
            card = self._cards.get(state.repository.id) or self._new_card(state)
            card.show_state(state)
        self._grid.show_cards([self._cards[state.repository.id] for state in states])

    def _new_card(self, state: RepositoryState) -> RepositoryCard:
        card = RepositoryCard(state, self)
        card.backup_requested.connect(self.backup_requested)
        card.stop_requested.connect(self.stop_requested)
        card.run_requested.connect(self.run_requested)
        card.opened.connect(self.repository_requested)
        self._cards[state.repository.id] = card
        return card

    def _show_lives(self) -> None:
        lives = {repository_id: self._executor.live_of(repository_id) for repository_id in self._cards}
        for repository_id, card in self._cards.items():
            card.show_live(lives[repository_id])
        # What is under way owes the scripts that put things back, until they have run.
        under_way = any(lives.values()) or self._executor.is_recovering or self._executor.has_found_dead_runs
        self._nothing_owed.setVisible(self._owes_nothing and not under_way)
        if self._guide is not None:
            self._guide.show_busy(busy=any(card.is_under_way for card in self._cards.values()))
            self._guide.show_service()
        if not any(lives.values()):
            self._live_clock.stop()
        elif not self._live_clock.isActive():
            self._live_clock.start()

    def _on_events_arrived(self, _events: list[Event]) -> None:
        self._show_lives()

    # sample data

    def _ask_for_guide(self) -> None:
        """Show what to try if this window is one with sample data, which has a home of its own."""
        if self._workspace.paths.home is not None:
            self._background.ask(
                lambda: _present_demo(self._workspace), self._on_demo_found, lambda _unreadable: None, owner=self
            )

    def _on_demo_found(self, found: Demo | None) -> None:
        if found is None:
            return
        from borgdesk.gui.overview.sample_guide import SampleGuide

        guide = SampleGuide(found, self._background, self)
        guide.backup_requested.connect(self.backup_requested)
        guide.board_requested.connect(self.lanes_requested)
        guide.leave_requested.connect(self.quit_requested)
        self._guide_place.addWidget(guide)
        self._guide = guide
        self._show_lives()

    def open_sample(self) -> None:
        """Create sample data, and open a second window on it."""
        self._show_preparing(preparing=True)
        environment = self._workspace.environment
        self._background.ask(
            lambda: open_sample_window(environment), self._on_sample_opened, self._on_sample_failed, owner=self
        )

    def _show_preparing(self, *, preparing: bool) -> None:
        self._empty.show_preparing(preparing=preparing)
        self.waiting_changed.emit(_("Preparing the sample data…") if preparing else "")

    def _on_sample_opened(self, window: SampleWindow) -> None:
        self._samples.append(window)
        self._show_preparing(preparing=False)

    def _on_sample_failed(self, error: BorgDeskError) -> None:
        self._show_preparing(preparing=False)
        self._background.problem_met.emit(error.sentence)

    # problems that need attention

    def _show_owing(self, owing: tuple[Run, ...]) -> None:
        self._drop_banners("owed", {run.id for run in owing})
        for run in owing:
            if ("owed", run.id) not in self._banners:
                run_now = partial(self.owed_run_requested.emit, run.id)
                by_hand = partial(self._settle_by_hand, run.id)
                buttons = [
                    BannerButton(_("&Run now"), run_now, "media-playback-start", hides_banner=False),
                    BannerButton(_("Mark as &done"), by_hand, hides_banner=False),
                ]
                text = run_words.owed(run, run.executions)
                self._add_banner(("owed", run.id)).show_message(text, theme.Tone.BAD, buttons, dismissible=False)

    def _show_recovered(self, runs: tuple[Run, ...]) -> None:
        """Show what was put back after a crash, or could not be, until the user has seen it here or in a terminal."""
        self._drop_banners("recovered", {run.id for run in runs})
        for run in runs:
            key = ("recovered", run.id)
            if key not in self._banners:
                banner = self._add_banner(key)
                banner.dismissed.connect(partial(self._mark_told, run.id))
                text = run_words.recovered(run)
                if left_down(run.executions):
                    # It can be run again until the user dismisses it, so looking at the run does not hide it.
                    show = BannerButton(
                        _("Sho&w"), partial(self.run_requested.emit, run.id), "history", hides_banner=False
                    )
                    again = BannerButton(_("&Run again"), partial(self._run_owed_again, run.id), "media-playback-start")
                    banner.show_message(text, theme.Tone.BAD, [again, show])
                else:
                    show = BannerButton(_("Sho&w"), partial(self._show_told, run.id), "history")
                    banner.show_message(text, theme.Tone.WARNING, [show])

    def _show_told(self, run_id: RunId) -> None:
        self._mark_told(run_id)
        self.run_requested.emit(run_id)

    def _run_owed_again(self, run_id: RunId) -> None:
        self._background.ask(
            lambda: _owe_again(self._workspace, run_id),
            lambda _: self.owed_run_requested.emit(run_id),
            owner=self,
        )

    def _mark_told(self, run_id: RunId) -> None:
        runs = self._workspace.store.runs
        self._background.ask(lambda: runs.mark_told([run_id]), lambda _: self.refresh(), owner=self)

    def _drop_banners(self, kind: str, wanted: set[int]) -> None:
        for key in [*self._banners]:
            if key[0] == kind and key[1] not in wanted:
                self._banners.pop(key).deleteLater()

    def _settle_by_hand(self, run_id: RunId) -> None:
        self._background.ask(lambda: _settle_by_hand(self._workspace, run_id), lambda _: self.refresh(), owner=self)

    def _add_banner(self, key: tuple[str, int]) -> Banner:
        banner = Banner(self)
        self._banners[key] = banner
        self._attention.add(banner)
        return banner


def _present_demo(workspace: Workspace) -> Demo | None:
    if demo_mark.folder_of(workspace) is None:
        return None
    from borgdesk.engine.runs import demo

    return demo.present(workspace)


def _owe_again(workspace: Workspace, run_id: RunId) -> None:
    # Imported here, as below: an idle window has no use for what recoveries need.
    from borgdesk.engine.runs import recovery

    recovery.owe_again(workspace, run_id)


def _settle_by_hand(workspace: Workspace, run_id: RunId) -> None:
    from borgdesk.engine.runs import recovery

    recovery.settle_by_hand(workspace, run_id)
