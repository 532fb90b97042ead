"""Window and command line as concurrent writers in separate processes: neither undoes the other's changes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from borgdesk.domain.ids import AssignmentId, RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import LANES
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.workers.background import Background
from tests.gui.repositories.stage import SAVE
from tests.gui.scene import POST, PRE, Scene


class Bench:
    """The repositories page without a watcher: it does not see the other process's change before a conflict."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.qtbot, self.store = scene, qtbot, scene.workspace.store
        self.repository = self.store.repositories.add(
            Repository(
                RepositoryId(0), "Docs", "/backup/docs", (str(scene.source),), archive_name="x-{now}", encryption="none"
            )
        )
        for name, hook in (("a", PRE), ("b", PRE), ("c", PRE), ("d", POST)):
            scene.hook(self.repository, name, "true", hook)
        scene.script("x", "true")
        self.page = RepositoriesPage(scene.workspace, background)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 700)
        with qtbot.waitSignal(self.page.view.board.shown):
            self.page.show()
        self.page._watcher.stop()
        self.view, self.board = self.page.view, self.page.view.board

    def other(self, *arguments: str) -> None:
        self.scene.command(*arguments)

    def id(self, name: str) -> AssignmentId:
        return next(one.id for one in self.board.assignments if one.script == name)

    def lanes(self) -> list[str]:
        found = self.store.assignments.list(self.repository.id)
        return ["".join(one.script for one in found if one.hook is hook) for hook in LANES[:3]]

    def stored(self) -> Repository:
        return self.store.repositories.get(self.repository.id)

    def undo(self) -> None:
        with self.qtbot.waitSignal(self.board.changed):
            self.board.board_actions.undo.trigger()

    def dialog(self, name: str) -> AssignmentDialog:
        self.board._on_options_requested(self.id(name))
        return self.open_dialog()

    def open_dialog(self) -> AssignmentDialog:
        def found() -> list[AssignmentDialog]:
            every = self.page.findChildren(AssignmentDialog)
            return [one for one in every if one.isVisible()]

        self.qtbot.waitUntil(lambda: len(found()) == 1)
        return found()[0]


@pytest.fixture
def bench(scene: Scene, background: Background, qtbot: QtBot) -> Bench:
    return Bench(scene, background, qtbot)


def test_a_drag_leaves_alone_what_another_process_added(bench: Bench, qtbot: QtBot) -> None:
    bench.other("assignment", "add", "Docs", "x", "--hook", "pre-backup", "--order", "2")
    with qtbot.waitSignal(bench.board.changed):
        bench.board.put(AssignmentId(bench.id("c")), PRE, 0)
    assert bench.lanes() == ["caxb", "d", ""]
    bench.undo()
    assert bench.lanes() == ["axbc", "d", ""]
    with qtbot.waitSignal(bench.board.changed):
        bench.board.board_actions.redo.trigger()
    assert bench.lanes() == ["caxb", "d", ""]


def test_undo_of_an_addition_takes_back_that_one_only(bench: Bench, qtbot: QtBot) -> None:
    script = bench.store.scripts.get("x")
    bench.other("assignment", "add", "Docs", "x", "--hook", "post-backup", "--timeout", "9")
    with qtbot.waitSignal(bench.board.changed):
        bench.board.add_script(script.id, POST, 0)
    assert bench.lanes() == ["abc", "xdx", ""]
    bench.other("assignment", "edit", str(bench.id("a")), "--timeout", "7")
    bench.undo()
    assert bench.lanes() == ["abc", "dx", ""]
    found = {one.script: one.timeout for one in bench.store.assignments.list(bench.repository.id)}
    assert (found["x"], found["a"]) == (9, 7)


def test_what_another_process_removed_is_not_brought_back(bench: Bench, qtbot: QtBot) -> None:
    bench.other("assignment", "remove", str(bench.id("b")))
    with qtbot.waitSignal(bench.board.changed):
        bench.board.put(AssignmentId(bench.id("d")), PRE, 0)
    assert bench.lanes() == ["dac", "", ""]


def test_a_card_that_both_moved_is_asked_about_and_shown_as_it_is(bench: Bench, qtbot: QtBot) -> None:
    bench.other("assignment", "move", str(bench.id("c")), "--order", "1")
    with qtbot.waitSignal(bench.board.shown):
        bench.board.put(AssignmentId(bench.id("c")), PRE, 1)
    assert "was changed by another program in the meantime" in bench.board.notice.text
    assert bench.lanes() == ["cab", "d", ""]
    assert [one.script for one in bench.board.assignments] == ["c", "a", "b", "d"]
    assert not bench.board.board_actions.undo.isEnabled()


def test_a_card_that_another_process_changed_is_not_removed_unseen(bench: Bench, qtbot: QtBot) -> None:
    bench.other("assignment", "edit", str(bench.id("b")), "--timeout", "7")
    with qtbot.waitSignal(bench.board.shown):
        bench.board.remove([AssignmentId(bench.id("b"))])
    assert "“b” in “Docs” was changed" in bench.board.notice.text
    assert bench.lanes() == ["abc", "d", ""]
    with qtbot.waitSignal(bench.board.changed):
        bench.board.remove([AssignmentId(bench.id("b"))])
    assert bench.lanes() == ["ac", "d", ""]


def test_switching_one_off_leaves_its_other_values(bench: Bench, qtbot: QtBot) -> None:
    bench.other("assignment", "edit", str(bench.id("b")), "--timeout", "7", "--param", "A=1")
    with qtbot.waitSignal(bench.board.changed):
        bench.board.switch([AssignmentId(bench.id("b"))], False)
    found = bench.store.assignments.get(AssignmentId(bench.id("b")))
    assert (found.enabled, found.timeout, found.parameters) == (False, 7, {"A": "1"})


def test_the_board_shows_what_another_process_does(bench: Bench, qtbot: QtBot) -> None:
    bench.page._watcher.start()
    bench.other("assignment", "add", "Docs", "x", "--hook", "post-run")
    qtbot.waitUntil(lambda: [one.script for one in bench.board.assignments] == ["a", "b", "c", "d", "x"])
    bench.other("repo", "edit", "Docs", "--name", "Letters", "--keep-weekly", "4")
    qtbot.waitUntil(lambda: bench.view.backup.name.text() == "Letters")
    assert bench.view.retention.rules.counts["weekly"].value() == 4


def test_the_board_offers_what_others_put_into_the_library(bench: Bench, qtbot: QtBot) -> None:
    def offered() -> list[str]:
        model = bench.board.library.list.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    bench.page._watcher.start()
    assert offered() == ["a", "b", "c", "d", "x"]
    file = bench.scene.folder / "y.sh"
    file.write_text("true\n")
    bench.other("script", "add", str(file))
    qtbot.waitUntil(lambda: offered() == ["a", "b", "c", "d", "x", "y"])
    bench.board.library.select(bench.store.scripts.get("c").id)
    bench.other("script", "remove", "x")
    qtbot.waitUntil(lambda: offered() == ["a", "b", "c", "d", "y"])
    selected = bench.board.library.selected()
    assert selected is not None
    assert selected.name == "c"


def test_the_board_warns_of_what_others_did_to_a_script(bench: Bench, qtbot: QtBot) -> None:
    bench.page._watcher.start()
    text = "# /// borgdesk\n# [parameters.HOST]\n# required = true\n# ///\ntrue\n"
    file = bench.scene.folder / "b.sh"
    file.write_text(text)
    bench.other("script", "edit", "b", "--file", str(file))
    cards = bench.board.lanes[PRE].cards
    qtbot.waitUntil(lambda: "HOST needs a value" in cards.card(1).remark)


def test_the_options_of_a_card_leave_alone_what_was_not_edited(bench: Bench, qtbot: QtBot) -> None:
    dialog = bench.dialog("d")
    bench.other("assignment", "edit", str(bench.id("d")), "--timeout", "7", "--param", "A=1")
    dialog.enabled.click()
    with qtbot.waitSignal(dialog.saved):
        dialog.buttons.button(SAVE).click()
    found = bench.store.assignments.get(AssignmentId(bench.id("d")))
    assert (found.enabled, found.timeout, found.parameters) == (False, 7, {"A": "1"})


@pytest.mark.parametrize(("choice", "expected"), [("Keep my changes", 60), ("Discard my changes", 7)])
def test_options_that_both_changed_are_asked_about(bench: Bench, qtbot: QtBot, choice: str, expected: int) -> None:
    dialog = bench.dialog("d")
    bench.other("assignment", "edit", str(bench.id("d")), "--timeout", "7")
    dialog.timeout.set_seconds(60)
    dialog.timeout.edited.emit()
    dialog.buttons.button(SAVE).click()
    qtbot.waitUntil(lambda: "was changed by another program in the meantime: timeout" in dialog.notice.text)
    assert bench.store.assignments.get(AssignmentId(bench.id("d"))).timeout == 7
    dialog.notice.button(choice).click()
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible())
    assert bench.store.assignments.get(AssignmentId(bench.id("d"))).timeout == expected
    if choice == "Discard my changes":
        again = bench.open_dialog()
        assert again.timeout.seconds() == 7
        again.reject()


def test_saving_a_form_leaves_alone_what_another_process_changed(bench: Bench, qtbot: QtBot) -> None:
    bench.view.go_on.click()
    bench.view.retention.rules.counts["daily"].setValue(7)
    bench.other("repo", "edit", "Docs", "--keep-weekly", "4", "--exclude", "*.tmp", "--name", "Letters")
    with qtbot.waitSignal(bench.view.saved):
        bench.view.save()
    found = bench.stored()
    assert (found.continue_on_hook_failure, found.retention) == (True, Retention(daily=7, weekly=4))
    assert (found.name, found.excludes) == ("Letters", ("*.tmp",))
    assert bench.view.backup.name.text() == "Letters"


@pytest.mark.parametrize("choice", ["Keep my changes", "Discard my changes"])
def test_what_both_changed_in_a_form_is_asked_about(bench: Bench, qtbot: QtBot, choice: str) -> None:
    bench.view.retention.rules.counts["daily"].setValue(7)
    bench.view.go_on.click()
    bench.other("repo", "edit", "Docs", "--keep-daily", "9", "--compression", "zstd,3")
    before = bench.stored()
    with qtbot.waitSignal(bench.view.save_failed):
        bench.view.save()
    assert "“Docs” was changed by another program in the meantime: keep daily" in bench.view.notice.text
    assert bench.stored() == before
    bench.view.notice.button(choice).click()
    if choice == "Keep my changes":
        qtbot.waitUntil(lambda: bench.stored().retention.daily == 7)
        expected = replace(before, retention=Retention(daily=7), continue_on_hook_failure=True)
    else:
        qtbot.waitUntil(lambda: bench.view.retention.rules.counts["daily"].value() == 9)
        expected = before
    qtbot.waitUntil(lambda: not bench.view.is_modified())
    assert bench.stored() == bench.view.repository == expected


def test_moving_an_inline_script_takes_nothing_else_with_it(bench: Bench, qtbot: QtBot) -> None:
    bench.store.repositories.update(replace(bench.stored(), post_script="true\n"))
    bench.store.assignments.remove(AssignmentId(bench.id("d")))
    with qtbot.waitSignal(bench.board.shown):
        bench.page.reload()
        bench.board.reload()
    bench.other("repo", "edit", "Docs", "--keep-daily", "9")
    with qtbot.waitSignal(bench.board.changed):
        bench.board.inline.move(POST)
    assert (bench.stored().post_script, bench.stored().retention.daily) == ("", 9)


def test_the_command_line_itself_changes_only_what_it_is_told(bench: Bench) -> None:
    """Two concurrent processes, many times: no change of a field or an assignment is lost."""
    one = str(bench.id("a"))
    environment = {**bench.scene.workspace.environment, "PYTHONPATH": str(Path(__file__).parents[3])}
    for number in range(1, 4):
        words = (
            ["repo", "edit", "Docs", "--keep-daily", str(number)],
            ["repo", "edit", "Docs", "--keep-weekly", str(number)],
            ["assignment", "edit", one, "--param", f"A={number}"],
            ["assignment", "edit", one, "--param", f"B={number}"],
        )
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "borgdesk", "--json", *some], env=environment, stdout=subprocess.PIPE
            )
            for some in words
        ]
        for process in running:
            out, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            json.loads(out)
        assert bench.stored().retention == Retention(daily=number, weekly=number)
        assert bench.store.assignments.get(AssignmentId(int(one))).parameters == {"A": str(number), "B": str(number)}
