"""Overview and history with a real store, real Borg and, where it is pressed, real buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import ExecutionStatus, RunStatus, Trigger
from borgdesk.engine import procfs
from borgdesk.engine.active_run import now
from borgdesk.gui.background import Background
from borgdesk.gui.executor import Executor
from borgdesk.gui.pages.history import PAGE, HistoryPage
from borgdesk.gui.pages.overview import OverviewPage
from borgdesk.gui.widgets.notice import Notice
from borgdesk.gui.widgets.timeline_table import TimelineTable
from tests.gui.scene import POST, PRE, Scene


def overview_of(scene: Scene, background: Background, executor: Executor, qtbot: QtBot) -> OverviewPage:
    page = OverviewPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
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


def seen(parent: QWidget, text: str) -> list[QPushButton]:
    buttons = parent.findChildren(QPushButton)
    return [one for one in buttons if one.text().replace("&", "") == text and one.isVisible()]


def press(qtbot: QtBot, parent: QWidget, text: str) -> None:
    """Click the button, once it is there."""
    qtbot.waitUntil(lambda: len(seen(parent, text)) == 1, timeout=10_000)
    seen(parent, text)[0].click()


def fill_history(scene: Scene, count: int, status: Callable[[int], RunStatus] = lambda _: RunStatus.SUCCESS) -> None:
    repository, runs = scene.repository(), scene.workspace.store.runs
    for number in range(count):
        run = runs.queue(repository, Trigger.CLI, procfs.identity(), now())
        runs.finish(run.id, status(number), now())


class TestOverview:
    def test_shows_the_way_when_there_is_nothing(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        page = overview_of(scene, background, executor, qtbot)
        with qtbot.waitSignal(page.repositories_asked):
            press(qtbot, page, "Add a repository")
        with qtbot.waitSignal(page.scripts_asked):
            press(qtbot, page, "Look at scripts")

    def test_a_card_tells_and_asks(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        scene.run(repository)
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        with qtbot.waitSignal(page.backup_asked) as asked:
            press(qtbot, card, "Back up now")
        assert asked.args == [repository.id]
        with qtbot.waitSignal(page.history_asked):
            press(qtbot, card, "History")

    def test_a_card_follows_its_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Wait", f"echo here; {gate.line}", PRE)
        page = overview_of(scene, background, executor, qtbot)
        card = page.card(repository.id)
        assert card is not None
        executor.start(repository)
        qtbot.waitUntil(lambda: bool(executor.active() and executor.active()[0].script), timeout=30_000)
        with qtbot.waitSignal(page.stop_asked) as asked:
            press(qtbot, card, "Stop")
        assert asked.args == [repository.id]
        gate.open()
        with qtbot.waitSignal(executor.run_ended, timeout=60_000):
            pass
        qtbot.waitUntil(lambda: bool(seen(card, "Back up now")))

    def test_what_is_owed_can_be_run_or_settled_by_hand(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        scene.hook(repository, "Start containers", "true", POST)
        run = scene.run(repository)
        scene.workspace.store.runs.still_owed(run.executions[0].id)
        page = overview_of(scene, background, executor, qtbot)
        (banner,) = [notice for notice in page.findChildren(Notice) if notice.isVisible()]
        assert "“Start containers”" in banner.text
        with qtbot.waitSignal(page.owed_run_asked) as asked:
            press(qtbot, banner, "Run now")
        assert asked.args == [run.id]
        with qtbot.waitSignal(page.overview_read):
            press(qtbot, banner, "I did it myself")
        assert scene.workspace.store.runs.executions(run.id)[0].status is ExecutionStatus.SKIPPED
        qtbot.waitUntil(lambda: not [n for n in page.findChildren(Notice) if n.isVisible()])

    def test_a_recovered_run_is_told(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository = scene.repository()
        run = scene.run(repository)
        page = overview_of(scene, background, executor, qtbot)
        page.show_recovered(run)
        (banner,) = [notice for notice in page.findChildren(Notice) if notice.isVisible()]
        assert banner.text == "A backup of “Documents” was interrupted; nothing had to be put back."


class TestHistory:
    def test_loads_page_by_page_to_the_very_first_run(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        fill_history(scene, 2 * PAGE + 30)
        page = history_of(scene, background, executor, qtbot)
        qtbot.waitUntil(lambda: page.model.rowCount() >= PAGE)

        def grown(before: int) -> bool:
            return page.model.rowCount() > before

        while page.model.canFetchMore():
            before = page.model.rowCount()
            page.model.fetchMore()
            qtbot.waitUntil(partial(grown, before))
        ids = [run.id for run in page.model.rows()]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == 2 * PAGE + 30

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
        qtbot.waitUntil(lambda: [one.id for one in page.model.rows()] == [run.id])
        choose("Script", "Any script")
        choose("Time", "Last 7 days")
        qtbot.waitUntil(lambda: page.model.rowCount() == 21)
        page.focus_search()
        field = next(one for one in page.findChildren(QLineEdit) if one.accessibleName().startswith("Search names"))
        qtbot.keyClicks(field, "RARE WORD")
        qtbot.waitUntil(lambda: [one.id for one in page.model.rows()] == [run.id], timeout=5000)
        field.clear()
        choose("Time", "Last 24 hours")
        page.show_repository(other.id)
        qtbot.waitUntil(lambda: [one.repository for one in page.model.rows()] == ["Photos"], timeout=5000)

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
        with qtbot.waitSignal(page.script_asked) as asked:
            press(qtbot, page, "Open the script")
        assert asked.args == [script.id, run.executions[1].planned.revision]
        with qtbot.waitSignal(page.run_again_asked) as again:
            press(qtbot, page, "Run again")
        assert again.args == [repository.id]
        press(qtbot, page, "All runs")
        assert page.run_view.run_id is None

    def test_a_live_run_follows_its_scripts_and_becomes_history(
        self, scene: Scene, background: Background, executor: Executor, qtbot: QtBot
    ) -> None:
        repository, gate = scene.repository(), scene.gate()
        scene.hook(repository, "Wait", f"echo waiting; {gate.line}; echo going", PRE)
        page = history_of(scene, background, executor, qtbot)
        executor.run_began.connect(page.show_run)
        executor.start(repository)
        output = page.run_view.findChild(QPlainTextEdit)
        table = page.run_view.findChild(TimelineTable)
        assert isinstance(output, QPlainTextEdit)
        assert isinstance(table, TimelineTable)
        qtbot.waitUntil(lambda: output.toPlainText() == "waiting", timeout=30_000)
        entry = table.current_row()
        assert entry is not None
        assert entry.is_active
        assert [one.status for one in table.rows.rows()][1] is ExecutionStatus.PENDING
        gate.open()
        with qtbot.waitSignal(executor.run_ended, timeout=60_000):
            pass
        qtbot.waitUntil(lambda: bool(seen(page, "Run again")))
        assert all(not one.is_active for one in table.rows.rows())
        press(qtbot, page, "All runs")
        qtbot.waitUntil(lambda: [run.status for run in page.model.rows()] == [RunStatus.SUCCESS])

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
        assert page.run_view.run_id == page.model.row(0).id
