"""Testing scripts on the scripts page, with real processes."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from borgdesk.domain.run import Hook, Outcome
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.gui.scripts.conflict_dialog import ComparisonDialog
from borgdesk.gui.scripts.past_test_dialog import PastTestDialog
from tests.gui.scene import POST, PRE, Gate
from tests.gui.scripts.script_bench import ScriptBench


def test_a_test_runs_with_what_was_chosen(scripts: ScriptBench) -> None:
    docs = scripts.repository()
    script = scripts.open(text='echo "$BORGDESK_HOOK $BORGDESK_OUTCOME $REPOSITORY_NAME"; echo oh >&2; exit 3')
    scripts.page.refresh()
    test = scripts.view.test
    scripts.qtbot.waitUntil(lambda: test.repository.count() == 2)
    test.repository.setCurrentIndex(1)
    test.repository.activated.emit(1)
    scripts.qtbot.waitUntil(test.run.isEnabled)
    test.hook.setCurrentIndex(test.hook.findData(Hook.POST_RUN))
    test.hook.activated.emit(test.hook.currentIndex())
    test.outcome.setCurrentIndex(test.outcome.findData(Outcome.FAILURE))
    with scripts.qtbot.waitSignal(test.ended):
        test.run.click()
        assert test.is_running
    scripts.qtbot.waitUntil(lambda: test.output.is_settled)
    assert test.output.text() == f"post-run failure {docs.name}\noh"
    assert "Failed (exit 3)" in test.result.text
    assert [one.exit_code for one in scripts.store.executions.tests(script.id)] == [3]
    scripts.qtbot.waitUntil(lambda: scripts.view.usage.executions.model().rowCount() == 1)


def test_another_script_has_no_time_of_the_last_test(scripts: ScriptBench) -> None:
    scripts.open(text="true")
    test = scripts.view.test
    with scripts.qtbot.waitSignal(test.ended):
        test.run.click()
    assert test._elapsed.text()
    scripts.open("Other", text="true")
    assert test._elapsed.text() == ""


def test_an_unsaved_text_is_saved_before_it_is_tested(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("echo typed\n")
    with scripts.qtbot.waitSignal(scripts.view.test.ended):
        scripts.view.test.run.click()
    scripts.qtbot.waitUntil(lambda: scripts.view.test.output.text() == "typed")
    assert "echo typed" in scripts.file(script).read_text()


def test_a_test_can_be_stopped(scripts: ScriptBench) -> None:
    gate: Gate = scripts.scene.gate()
    scripts.open(text=f"echo begun; {gate.line}")
    test = scripts.view.test
    test.run.click()
    scripts.qtbot.waitUntil(lambda: test.output.text() == "begun")
    with scripts.qtbot.waitSignal(test.ended):
        test.stop.click()
    assert "Cancelled" in test.result.text
    assert not test.stop.isEnabled()


def test_nothing_moves_when_a_test_starts_and_the_output_has_most_room(scripts: ScriptBench) -> None:
    gate: Gate = scripts.scene.gate()
    scripts.open(text=f"echo begun; {gate.line}")
    test = scripts.view.test
    scripts.view.tabs.setCurrentWidget(test)
    scripts.page.resize(1000, 760)
    scripts.page.grab()  # performs the layout
    before = test.run.geometry(), test.stop.geometry()
    assert not before[0].intersects(before[1])
    assert test.output.height() > test.height() / 2
    test.run.click()
    scripts.qtbot.waitUntil(lambda: test.output.text() == "begun")
    scripts.page.grab()
    assert test.stop.isEnabled()
    assert (test.run.geometry(), test.stop.geometry()) == before
    with scripts.qtbot.waitSignal(test.ended):
        gate.open()
    scripts.page.grab()
    assert (test.run.geometry(), test.stop.geometry()) == before


def test_a_missing_value_is_asked_for(scripts: ScriptBench) -> None:
    scripts.open(text="# /// borgdesk\n# [parameters.NAME]\n# required = true\n# ///\necho $NAME")
    test = scripts.view.test
    scripts.qtbot.waitUntil(lambda: not test.values.is_empty())
    test.run.click()
    assert "NAME" in test.result.text
    assert not test.is_running
    test.values.fill({"NAME": "web"})
    with scripts.qtbot.waitSignal(test.ended):
        test.run.click()
    scripts.qtbot.waitUntil(lambda: test.output.text() == "web")


def test_do_undo_undo_again(scripts: ScriptBench) -> None:
    docs = scripts.repository()
    note = '"$BORGDESK_STATE_DIR/note"'
    scripts.scene.hook(docs, "Start", f"[ -e {note} ] && echo started && rm {note}; exit 0", POST)
    script = scripts.open(text=f"touch {note}; echo stopped")
    scripts.scene.assign(docs, script, PRE)
    scripts.page.refresh()
    test = scripts.view.test
    scripts.qtbot.waitUntil(lambda: test.repository.count() == 2)
    test.repository.setCurrentIndex(1)
    test.repository.activated.emit(1)
    scripts.qtbot.waitUntil(lambda: test.other_side.count() == 1)
    with scripts.qtbot.waitSignal(test.ended):
        test.both.click()
    scripts.qtbot.waitUntil(lambda: test.output.is_settled)
    lines = [line for line in test.output.text().splitlines() if not line.startswith("—")]
    assert lines == ["stopped", "started"]
    assert test.result.text.count("Success") == 3


def test_quitting_ends_a_test(scripts: ScriptBench) -> None:
    gate: Gate = scripts.scene.gate()
    scripts.open(text=f"echo begun; {gate.line}")
    scripts.view.test.run.click()
    scripts.qtbot.waitUntil(lambda: scripts.view.test.output.text() == "begun")
    with scripts.qtbot.waitSignal(scripts.view.test.ended):
        scripts.page.shut_down()


def test_a_past_test_is_opened(scripts: ScriptBench) -> None:
    docs = scripts.repository()
    script = scripts.open(text="echo said; echo oh >&2; exit 3")
    run_test(scripts.scene.workspace, script, ScriptTestSetup(docs), lambda _: None, Cancel())
    scripts.view.past.reload()
    history = scripts.view.usage.executions
    scripts.qtbot.waitUntil(lambda: history.model().rowCount() == 1)
    assert not scripts.view.usage.show_execution.isEnabled()
    history.select_first()
    scripts.view.usage.show_execution.click()
    scripts.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), PastTestDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PastTestDialog)
    scripts.qtbot.waitUntil(lambda: dialog.output.is_settled)
    assert set(dialog.output.text().splitlines()) == {"said", "oh"}
    assert dialog.ending.text.startswith("Failed (exit 3), ")
    assert f"“{docs.name}”" in dialog.facts.text()
    assert ":" in dialog.facts.text().splitlines()[1]
    with scripts.qtbot.waitSignal(scripts.view.comparison_requested):
        dialog.compare.click()
    comparison = QApplication.activeModalWidget()
    assert isinstance(comparison, ComparisonDialog)
    comparison.close()


def test_a_past_run_is_asked_for(scripts: ScriptBench) -> None:
    docs = scripts.scene.repository()
    script = scripts.scene.hook(docs, "Stop", "true", PRE)
    run = scripts.scene.run(docs)
    scripts.show()
    scripts.page.show_script(script.id)
    history = scripts.view.usage.executions
    scripts.qtbot.waitUntil(lambda: history.model().rowCount() == 1)
    history.select_first()
    with scripts.qtbot.waitSignal(scripts.page.open_run_requested) as asked:
        scripts.view.usage.show_execution.click()
    assert asked.args == [run.id]
    scripts.open("Not run yet")
    scripts.qtbot.waitUntil(lambda: history.model().rowCount() == 0)
    assert not scripts.view.usage.show_execution.isEnabled()
