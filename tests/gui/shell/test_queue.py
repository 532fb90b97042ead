"""The queue in the window: what waits for what, across processes, and cancelling one of them."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.queue import places
from borgdesk.gui.look import run_words
from borgdesk.gui.runs.queue_dialog import QueueDialog
from borgdesk.gui.runs.run_bar import RunBar
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from borgdesk.store.clock import now
from tests.gui.scene import PRE, Scene


def table(dialog: QueueDialog) -> dict[int, str]:
    """Return what the dialog says of each run."""
    return {row.run.id: row.doing for row in dialog.runs.rows.rows()}


def open_queue(bar: RunBar, qtbot: QtBot) -> QueueDialog:
    (button,) = [one for one in bar.findChildren(QPushButton) if one.text() == "&Queue…"]
    button.click()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QueueDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QueueDialog)
    return dialog


def test_what_waits_for_what_is_shown_and_one_of_another_process_can_be_taken_out(
    scene: Scene, background: Background, settings: WindowSettings, window: MainWindow, qtbot: QtBot
) -> None:
    shell = Shell(scene.workspace, background, settings, window, Lifetime(window, window), window)
    window.show()
    window.destroyed.connect(shell.finish)
    bar = window.findChild(RunBar)
    assert isinstance(bar, RunBar)
    repository, gate = scene.repository(), scene.folder / "go on"
    # Every run waits for the same file.
    scene.hook(repository, "Slow", f"until test -e '{gate}'; do sleep 0.1; done", PRE)
    runs = scene.workspace.store.runs

    def waiting(count: int) -> None:
        qtbot.waitUntil(lambda: len(runs.unfinished()) == count, timeout=60_000)

    shell.requests.back_up(repository.id)
    waiting(1)
    with scene.start_command("run", "Documents") as second:
        waiting(2)
        with scene.start_command("run", "Documents") as third:
            waiting(3)
            first_id, second_id, third_id = [run.id for run in runs.unfinished()]
            qtbot.waitUntil(lambda: len(shell.executor.queue) == 3, timeout=30_000)
            dialog = open_queue(bar, qtbot)
            qtbot.waitUntil(
                lambda: (
                    table(dialog)
                    == {
                        first_id: "running “Slow”",
                        second_id: "waiting for: Backup of Documents",
                        third_id: "waiting for: Backup of Documents, Backup of Documents",
                    }
                ),
                timeout=30_000,
            )
            dialog.runs.select_key(second_id)
            dialog.stop_button.click()
            qtbot.waitUntil(lambda: second.poll() is not None, timeout=60_000)
            assert second.returncode == 130, "cancelled"
            qtbot.waitUntil(
                lambda: table(dialog) == {first_id: "running “Slow”", third_id: "waiting for: Backup of Documents"},
                timeout=30_000,
            )
            # The one that was selected is gone: a click on Stop must not hit its neighbour.
            assert dialog.runs.current_row() is None
            assert not dialog.stop_button.isEnabled()
            dialog.runs.select_key(first_id)
            dialog.show_button.click()
            gate.touch()
            qtbot.waitUntil(lambda: third.poll() is not None, timeout=60_000)
            assert third.returncode == 0
    qtbot.waitUntil(lambda: not shell.executor.is_busy, timeout=60_000)
    assert [runs.get(one).status for one in (first_id, second_id, third_id)] == [
        RunStatus.SUCCESS, RunStatus.CANCELLED, RunStatus.SUCCESS
    ]  # fmt: skip
    (execution,) = runs.get(second_id).executions
    assert execution.status is ExecutionStatus.SKIPPED, "nothing of it ran"
    # That runs of other processes have ended is seen at the next look at the history, later than their processes end.
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=30_000)


def test_runs_of_one_repository_wait_for_those_before_them_and_for_no_others(scene: Scene) -> None:
    documents, photos = scene.repository("Documents"), scene.repository("Photos")

    def queue(index: int) -> Run:
        repository = (documents, photos)[index]
        return scene.workspace.store.runs.queue(repository, Trigger.CLI, procfs.identity(), now())

    runs = [queue(index) for index in (0, 1, 0, 0, 1)]
    queued = places(scene.workspace.store, reversed(runs))
    found = [(place.run.id, [one.id for one in place.waits_for]) for place in queued]
    first, second, third, fourth, fifth = (RunId(run.id) for run in runs)
    assert found == [(first, []), (third, [first]), (fourth, [first, third]), (second, []), (fifth, [second])]
    assert run_words.waits_for([runs[0], runs[1], runs[2], runs[3]]) == (
        "waiting for: Backup of Documents, Backup of Photos, 2 more"
    )
