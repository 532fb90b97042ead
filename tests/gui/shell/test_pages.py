"""Overview and history with a real store and real Borg."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import ArchiveStatistics, BorgCall, ProcessIdentity
from borgdesk.domain.reasons import text
from borgdesk.domain.run import BorgStep, ExecutionStatus, Outcome, RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.runs import recovery
from borgdesk.engine.runs.run_folders import now
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.overview.owed_line import OwedLine
from borgdesk.gui.runs.history_page import PAGE, HistoryPage
from borgdesk.gui.runs.timeline_table import TimelineTable
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.gui.listed import runs_in
from tests.gui.scene import POST, PRE, Scene


def overview_of(scene: Scene, background: Background, executor: Executor, qtbot: QtBot) -> OverviewPage:
    page = OverviewPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(720, 600)
    page.show()
    with qtbot.waitSignal(page.overview_read):
        pass
    return page


def history_of(scene: Scene, background: Background, executor: Executor, qtbot: QtBot) -> HistoryPage:
    page = HistoryPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    return page


def visible_labels(parent: QWidget) -> list[QLabel]:
    return [label for label in parent.findChildren(QLabel) if label.isVisible()]


def _title(view: QWidget) -> str:
    return "\n".join(label.text() for label in visible_labels(view))


def seen(parent: QWidget, text: str) -> list[QPushButton]:
    buttons = parent.findChildren(QPushButton)
    return [one for one in buttons if one.text().replace("&", "") == text and one.isVisible() and one.isEnabled()]


def press(qtbot: QtBot, parent: QWidget, text: str) -> None:
    """Click a button as soon as it exists."""
    qtbot.waitUntil(lambda: len(seen(parent, text)) == 1)
    seen(parent, text)[0].click()


def fill_history(scene: Scene, count: int, status: Callable[[int], RunStatus] = lambda _: RunStatus.SUCCESS) -> None:
    repository, runs = scene.repository(), scene.workspace.store.runs
    for number in range(count):
        run = runs.queue(repository, Trigger.CLI, procfs.identity(), now())
        runs.finish(run.id, status(number), now())


class TestOverview:
    def test_shows_the_repositories_in_an_unknown_time_zone_and_tells_it_once(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        scene.schedule(repository, "30 2 * * *")
        scene.workspace = replace(scene.workspace, environment={**scene.workspace.environment, "TZ": "Middle/Earth"})
        told: list[str] = []
        background.problem_met.connect(told.append)
        page = overview_of(scene, background, executor, qtbot)
        assert page.card(repository.id) is not None
        with qtbot.waitSignal(page.overview_read):
            page.refresh()
        (sentence,) = told
        assert sentence.startswith("The time zone “Middle/Earth” is not known.")

    def test_shows_the_way_when_there_is_nothing(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        page = overview_of(scene, background, executor, qtbot)
        with qtbot.waitSignal(page.repositories_requested):
            press(qtbot, page, "Add a repository")
        with qtbot.waitSignal(page.scripts_requested):
            press(qtbot, page, "Browse scripts")

    def test_cards_end_where_the_header_ends_or_before_a_scroll_bar(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        page = overview_of(scene, background, executor, qtbot)
        card, (header,), (area,) = (
            page.card(repository.id),
            page.findChildren(PageHeader),
            page.findChildren(QScrollArea),
        )
        assert card is not None
        bar = area.verticalScrollBar()

        def right(widget: QWidget) -> int:
            return widget.mapTo(page, widget.rect().topRight()).x()

        page.resize(900, 700)
        qtbot.waitUntil(lambda: not bar.isVisible() and right(card) == right(header))
        page.resize(900, 150)
        qtbot.waitUntil(lambda: bar.isVisible() and right(card) < right(bar) - bar.width())

    def test_a_card_tells_and_asks(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        run = scene.run(repository)
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        with qtbot.waitSignal(page.backup_requested) as asked:
            press(qtbot, card, "Back up now")
        assert asked.args == [repository.id]
        with qtbot.waitSignal(page.repositories_requested):
            press(qtbot, page, "Add repository…")
        with qtbot.waitSignal(page.run_requested) as asked:
            press(qtbot, card, "Show")
        assert asked.args == [run.id]

    def test_a_card_follows_its_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Wait", f"echo here; {gate.line}", PRE)
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        executor.start(repository)
        qtbot.waitUntil(lambda: bool(executor.active() and executor.active()[0].story.script), timeout=30_000)
        assert not says_that_nothing_is_owed(page)
        with qtbot.waitSignal(page.stop_requested) as asked:
            press(qtbot, card, "Stop")
        assert asked.args == [repository.id]
        gate.open()
        with qtbot.waitSignal(executor.run_ended, timeout=60_000):
            pass
        qtbot.waitUntil(lambda: bool(seen(card, "Back up now")) and says_that_nothing_is_owed(page))

    def test_what_is_owed_can_be_run_or_settled_by_hand(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        scene.hook(repository, "Start containers", "true", POST)
        run = scene.run(repository)
        scene.workspace.store.executions.still_owed(run.executions[0].id)
        page = overview_of(scene, background, executor, qtbot)
        (banner,) = [notice for notice in page.findChildren(Banner) if notice.isVisible()]
        assert "“Start containers”" in banner.text
        assert not says_that_nothing_is_owed(page)
        with qtbot.waitSignal(page.owed_run_requested) as asked:
            press(qtbot, banner, "Run now")
        assert asked.args == [run.id]
        with qtbot.waitSignal(page.overview_read):
            press(qtbot, banner, "Mark as done")
        assert scene.workspace.store.executions.of_run(run.id)[0].status is ExecutionStatus.SKIPPED
        qtbot.waitUntil(lambda: not [n for n in page.findChildren(Banner) if n.isVisible()])
        qtbot.waitUntil(lambda: says_that_nothing_is_owed(page))

    def test_a_recovered_run_is_told_until_somebody_has_seen_it(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, runs = scene.repository(), scene.workspace.store.runs
        dead = runs.queue(repository, Trigger.USER, ProcessIdentity(4_000_000, 1, "another boot"), now())
        # As a guardian does while the window is open.
        page = overview_of(scene, background, executor, qtbot)
        assert not [notice for notice in page.findChildren(Banner) if notice.isVisible()]
        recovery.recover_all(scene.workspace)
        qtbot.waitUntil(lambda: bool([n for n in page.findChildren(Banner) if n.isVisible()]))
        later = overview_of(scene, background, executor, qtbot)
        for each in (page, later):
            (banner,) = [notice for notice in each.findChildren(Banner) if notice.isVisible()]
            assert banner.text == (
                "BorgDesk was interrupted during the backup of “Documents”. Nothing had to be put back."
            )
        with qtbot.waitSignal(later.run_requested) as asked:
            press(qtbot, banner, "Show")
        assert asked.args == [dead.id]
        for each in (page, later):
            qtbot.waitUntil(partial(_tells_nothing, each))
        assert runs.untold() == []

    def test_what_could_not_be_started_again_is_told_and_can_be_run_again(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, runs = scene.repository(), scene.workspace.store.runs
        scene.hook(repository, "Stop web", "true", PRE)
        scene.hook(repository, "Start web", "exit 3", POST)
        run = scene.run(repository)
        page = overview_of(scene, background, executor, qtbot)
        (banner,) = [notice for notice in page.findChildren(Banner) if notice.isVisible()]
        assert banner.text.startswith("“Start web” failed after the backup of “Documents”, at ")
        assert banner.text.endswith(". What it starts may still be down.")
        assert not says_that_nothing_is_owed(page)
        with qtbot.waitSignal(page.run_requested) as asked:
            press(qtbot, banner, "Show")
        assert asked.args == [run.id]
        with qtbot.waitSignal(page.owed_run_requested) as asked:
            press(qtbot, banner, "Run again")
        assert asked.args == [run.id]
        assert [one.id for one in runs.owing()] == [run.id]

    def test_one_card_speaks_of_one_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        """A good backup followed by a failure is one run, with one time and its own size."""
        repository, runs = scene.repository(), scene.workspace.store.runs
        began = now() - timedelta(hours=3)
        for files, end, status in ((5, 2, RunStatus.SUCCESS), (7, 1, RunStatus.WARNING)):
            run = runs.queue(repository, Trigger.CLI, procfs.identity(), began)
            statistics = ArchiveStatistics(1000 * files, 10, files)
            errors = (text("Start failed."),) if files == 7 else ()
            runs.settle(run.id, Outcome.SUCCESS, archive="a", statistics=statistics, errors=errors)
            runs.finish(run.id, status, now() - timedelta(hours=end))
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        texts = [label.text() for label in card.findChildren(QLabel) if label.text()]
        below = f"7 files · 7.0 kB · {repository.location}"
        assert texts[1:] == ["Backed up with warnings 1 hour ago: Start failed.", "No schedule", below]
        failed = runs.queue(repository, Trigger.CLI, procfs.identity(), now())
        runs.settle(failed.id, Outcome.FAILURE, errors=(text("Borg said no."),))
        runs.finish(failed.id, RunStatus.FAILURE, now())
        qtbot.waitUntil(lambda: "Borg said no." in "".join(label.text() for label in card.findChildren(QLabel)))
        texts = [label.text() for label in card.findChildren(QLabel) if label.text()]
        assert texts[1] == "Failed just now: Borg said no."
        assert f"Last good backup 1 hour ago · {below}" in texts

    def test_what_another_process_waits_for_is_not_said_to_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, runs = scene.repository(), scene.workspace.store.runs
        other = runs.queue(repository, Trigger.CLI, procfs.identity(os.getppid()), now())
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None

        def says() -> str:
            return "\n".join(label.text() for label in card.findChildren(QLabel))

        assert "A backup is waiting, started by: command line" in says()
        runs.arm(other.id, now(), [])
        qtbot.waitUntil(lambda: "A backup is running, started by: command line" in says())

    def test_what_stops_and_what_starts_never_share_a_place(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Wait", f"echo here; {gate.line}", POST)
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        page.stop_requested.connect(executor.stop_repository)
        places = Places(card)
        places.look()
        executor.start(repository)
        qtbot.waitUntil(lambda: bool(executor.active() and executor.active()[0].story.script), timeout=30_000)
        places.look()
        press(qtbot, card, "Stop")
        places.look()
        gate.open()
        qtbot.waitUntil(lambda: bool(seen(card, "Back up now")), timeout=60_000)
        places.look()
        assert {"Back up now", "Stop", "Stopping…", "Stop now"} <= places.seen.keys()
        places.are_apart("Back up now", "Stop", "Stop now")


def says_that_nothing_is_owed(page: QWidget) -> bool:
    return any(line.isVisible() for line in page.findChildren(OwedLine))


def _tells_nothing(page: QWidget) -> bool:
    return not [notice for notice in page.findChildren(Banner) if notice.isVisible()]


class Places:
    """Records the positions of a widget's buttons."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self.seen: dict[str, list[QRect]] = {}

    def look(self) -> None:
        self._widget.grab()  # performs the layout
        for button in self._widget.findChildren(QPushButton):
            if button.isVisible():
                place = QRect(button.mapTo(self._widget, QPoint()), button.size())
                self.seen.setdefault(button.text().replace("&", ""), []).append(place)

    def are_apart(self, *texts: str) -> None:
        for one, other in itertools.combinations(texts, 2):
            for first, second in itertools.product(self.seen[one], self.seen[other]):
                assert not first.intersects(second), f"{one} and {other} share a place"


class TestHistory:
    def test_lists_all_to_the_very_first_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        fill_history(scene, 2 * PAGE + 30)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() == 2 * PAGE + 30)
        assert not page.model.canFetchMore()
        assert list(page.model.all_keys()) == sorted(page.model.all_keys(), reverse=True)

    def test_filters(self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot) -> None:
        fill_history(scene, 20, lambda number: RunStatus.FAILURE if number % 4 == 0 else RunStatus.SUCCESS)
        other = scene.repository("Photos")
        scene.hook(other, "Speak", "echo a very rare word", PRE)
        run = scene.run(other)
        long_ago = now() - timedelta(days=8)
        old = scene.workspace.store.runs.queue(other, Trigger.CLI, procfs.identity(), long_ago)
        scene.workspace.store.runs.finish(old.id, RunStatus.WARNING, long_ago)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() == 22)
        choices = {box.accessibleName(): box for box in page.findChildren(QComboBox)}

        def choose(name: str, text: str) -> None:
            choice = choices[name]
            qtbot.waitUntil(lambda: choice.findText(text) >= 0)
            choice.setCurrentIndex(choice.findText(text))
            choice.activated.emit(choice.currentIndex())

        choose("Status", "Failed")
        qtbot.waitUntil(lambda: page.model.rowCount() == 5)
        choose("Status", "Any status")
        choose("Script", "Speak")
        qtbot.waitUntil(lambda: [one.id for one in runs_in(page.model)] == [run.id])
        choose("Script", "Any script")
        choose("Time", "Last 7 days")
        qtbot.waitUntil(lambda: page.model.rowCount() == 21)
        page.focus_search()
        field = next(one for one in page.findChildren(QLineEdit) if one.accessibleName().startswith("Search names"))
        qtbot.keyClicks(field, "RARE WORD")
        qtbot.waitUntil(lambda: [one.id for one in runs_in(page.model)] == [run.id])
        field.clear()
        choose("Time", "Last 24 hours")
        page.show_repository(other.id)
        qtbot.waitUntil(lambda: [one.repository for one in runs_in(page.model)] == ["Photos"])

    def test_a_run_opens_with_what_went_wrong_and_goes_back(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        scene.hook(repository, "First", "echo fine", PRE)
        script = scene.hook(repository, "Second", "echo the reason; exit 9", PRE)
        run = scene.run(repository)
        page = history_of(scene, background, executor, qtbot)
        page.show_run(run.id)
        output = page.run_view.findChild(QPlainTextEdit)
        assert isinstance(output, QPlainTextEdit)
        qtbot.waitUntil(lambda: output.toPlainText() == "the reason")
        with qtbot.waitSignal(page.script_requested) as asked:
            press(qtbot, page, "Open the script")
        assert asked.args == [script.id, run.executions[1].planned.revision]
        with qtbot.waitSignal(page.run_again_requested) as again:
            press(qtbot, page, "Run again")
        assert again.args == [repository.id]
        press(qtbot, page, "All runs")
        assert page.run_view.run_id is None

    def test_the_run_that_was_shown_is_selected_in_the_list(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        fill_history(scene, 3)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() == 3)
        second = runs_in(page.model)[1].id
        page.show_run(second)  # as other pages do
        press(qtbot, page, "All runs")
        qtbot.waitUntil(lambda: page._table.current_row() is not None)
        qtbot.keyClick(page._table, Qt.Key.Key_Return)
        assert page.run_view.run_id == second

    def test_what_a_run_left_down_is_started_again_from_its_view(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, repaired = scene.repository(), scene.folder / "repaired"
        scene.hook(repository, "Stop web", "true", PRE)
        scene.hook(repository, "Start web", f'[ -e "{repaired}" ] || exit 3', POST)
        run = scene.run(repository)
        page = history_of(scene, background, executor, qtbot)
        page.owed_run_requested.connect(executor.recover)
        page.show_run(run.id)
        repaired.touch()
        press(qtbot, page, "Start it again")
        qtbot.waitUntil(lambda: not seen(page, "Start it again"), timeout=60_000)
        assert "may still be down" not in "".join(one.text for one in page.findChildren(Banner))
        statuses = [one.status for one in scene.workspace.store.runs.get(run.id).executions]
        assert statuses == [ExecutionStatus.SUCCESS, ExecutionStatus.SUCCESS]

    def test_time_goes_on_in_a_run_of_another_process(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, runs = scene.repository(), scene.workspace.store.runs
        other = runs.queue(repository, Trigger.CLI, procfs.identity(os.getppid()), now())
        runs.arm(other.id, now(), [])
        scene.workspace.store.borg_calls.put(other.id, BorgCall(BorgStep.CREATE, RunStatus.RUNNING, now()))
        page = history_of(scene, background, executor, qtbot)
        page.show_run(other.id)
        table = page.run_view.findChild(TimelineTable)
        assert isinstance(table, TimelineTable)

        def seconds() -> float:
            return sum(entry.duration or 0.0 for entry in table.rows.rows())

        qtbot.waitUntil(lambda: seconds() > 0)
        first = seconds()
        # Nothing is stored meanwhile that could cause an update.
        qtbot.waitUntil(lambda: seconds() > first)
        again = next(one for one in page.findChildren(QPushButton) if "again" in one.text())
        assert not again.isEnabled()

    def test_a_live_run_that_fails_ends_at_what_failed_unless_something_was_chosen(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Stop web", "echo no such container; exit 3", PRE)
        scene.hook(repository, "Start web", f"echo waiting; {gate.line}", POST)
        page = history_of(scene, background, executor, qtbot)
        executor.run_began.connect(page.show_run)
        output, table = page.run_view.findChild(QPlainTextEdit), page.run_view.findChild(TimelineTable)
        assert isinstance(output, QPlainTextEdit)
        assert isinstance(table, TimelineTable)
        executor.start(repository)
        qtbot.waitUntil(lambda: output.toPlainText() == "waiting", timeout=30_000)
        gate.open()
        qtbot.waitUntil(lambda: output.toPlainText() == "no such container", timeout=60_000)
        executor.start(repository)
        qtbot.waitUntil(lambda: output.toPlainText() == "waiting", timeout=30_000)
        qtbot.keyClick(table, Qt.Key.Key_Up)  # Borg, which was not started
        chosen = output.toPlainText()
        assert chosen not in ("waiting", "no such container")
        gate.open()
        with qtbot.waitSignal(executor.run_ended, timeout=60_000):
            pass
        qtbot.waitUntil(lambda: bool(seen(page, "Run again")))
        assert output.toPlainText() == chosen

    def test_a_live_run_follows_its_scripts_and_becomes_history(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Wait", f"echo waiting; {gate.line}; echo going", PRE)
        page = history_of(scene, background, executor, qtbot)
        executor.run_began.connect(page.show_run)
        executor.start(repository)
        places = Places(page.run_view)
        output = page.run_view.findChild(QPlainTextEdit)
        table = page.run_view.findChild(TimelineTable)
        assert isinstance(output, QPlainTextEdit)
        assert isinstance(table, TimelineTable)
        qtbot.waitUntil(lambda: output.toPlainText() == "waiting", timeout=30_000)
        entry = table.current_row()
        assert entry is not None
        assert entry.entry.is_active
        assert [one.entry.status for one in table.rows.rows()][1] is ExecutionStatus.PENDING
        places.look()
        gate.open()
        with qtbot.waitSignal(executor.run_ended, timeout=60_000):
            pass
        qtbot.waitUntil(lambda: bool(seen(page, "Run again")))
        assert all(not one.entry.is_active for one in table.rows.rows())
        places.look()
        places.are_apart("Stop", "Run again", "Open the script")
        press(qtbot, page, "All runs")
        qtbot.waitUntil(lambda: [run.status for run in runs_in(page.model)] == [RunStatus.SUCCESS])

    def test_a_stopped_run_says_what_was_kept_and_put_back(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        for number in range(60):
            (scene.source / f"{number}.bin").write_bytes(os.urandom(64 * 1024))
        repository = scene.repository()
        repository = scene.workspace.store.repositories.update(replace(repository, compression="lzma,9"))
        scene.hook(repository, "Start containers", "true", POST)
        page = history_of(scene, background, executor, qtbot)
        executor.run_began.connect(page.show_run)
        executor.start(repository)
        places = Places(page.run_view)
        qtbot.waitUntil(lambda: bool(executor.active() and executor.active()[0].story.progress), timeout=60_000)
        executor.stop(executor.active()[0].run_id)
        places.look()
        qtbot.waitUntil(lambda: bool(seen(page, "Run again")), timeout=60_000)
        places.look()
        places.are_apart("Stop now", "Run again", "Stopping…")
        told = [notice.text for notice in page.run_view.findChildren(Banner) if notice.isVisible()]
        assert told == [
            "Backup of Documents was cancelled. “Start containers” ran afterwards.",
            "Borg saved what it had read so far as a checkpoint, and the next backup continues from there.",
        ]
        (run,) = scene.workspace.store.runs.list()
        (create,) = scene.workspace.store.runs.get(run.id).borg
        assert (create.status, create.error) == (RunStatus.CANCELLED, None)
        assert "SIGINT" in create.stdout + create.stderr
        assert "SIGINT" not in create.stderr, "that it was stopped is no complaint"

    def test_a_run_of_another_process_is_followed(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, runs = scene.repository(), scene.workspace.store.runs
        run = runs.queue(repository, Trigger.CLI, procfs.identity(), now())
        page = history_of(scene, background, executor, qtbot)
        page.show_run(run.id)
        qtbot.waitUntil(lambda: "Waiting" in _title(page.run_view))
        runs.finish(run.id, RunStatus.SUCCESS, now())
        qtbot.waitUntil(lambda: "Success" in _title(page.run_view))

    def test_a_filter_that_fits_nothing_says_so_and_can_be_cleared(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        fill_history(scene, 3)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() == 3)
        assert not seen(page, "Show all runs")
        (search,) = [field for field in page.findChildren(QLineEdit) if field.isVisible()]
        search.setText("nothing has this")
        qtbot.waitUntil(lambda: page.model.rowCount() == 0)
        qtbot.waitUntil(lambda: "No runs match" in "".join(label.text() for label in visible_labels(page)))
        press(qtbot, page, "Show all runs")
        qtbot.waitUntil(lambda: page.model.rowCount() == 3)
        assert search.text() == ""
        assert not seen(page, "Show all runs")

    def test_warming_up_shows_nothing_and_disturbs_nobody(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        page = history_of(scene, background, executor, qtbot)
        page.warm_up()
        assert (page.run_view.run_id, seen(page, "Run again"), seen(page, "All runs")) == (None, [], [])
        run = scene.run(repository)
        page.show_run(run.id)
        page.warm_up()
        qtbot.waitUntil(lambda: bool(seen(page, "Run again")))
        assert page.run_view.run_id == run.id

    def test_keyboard_goes_there_and_back(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        fill_history(scene, 3)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() == 3)
        page._table.select_first()
        qtbot.keyClick(page._table, Qt.Key.Key_Return)
        assert page.run_view.run_id == runs_in(page.model)[0].id
