from __future__ import annotations

import os
from pathlib import Path

from borgdesk.domain.events import ExecutionStarted
from borgdesk.domain.run import ExecutionStatus
from borgdesk.domain.script import NewScript
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests import pair_test
from borgdesk.engine.script_tests.pair_test import PairTest
from tests.engine.desk import LAST, POST, PRE, Desk
from tests.listening import InStep

UNDO = 'if [ -e "$BORGDESK_STATE_DIR/stopped" ]; then echo started; rm "$BORGDESK_STATE_DIR/stopped"; fi'


def both(desk: Desk, do: str = 'touch "$BORGDESK_STATE_DIR/stopped"', undo: str = UNDO) -> PairTest:
    return PairTest(desk.repository, desk.add("stop", PRE, do), desk.add("start", POST, undo))


def test_the_undo_sees_the_notes_and_finds_nothing_the_second_time(desk: Desk) -> None:
    parts: list[str] = []
    done = pair_test.run_pair_test(desk.workspace, both(desk), parts.append, InStep(desk.events.append), Cancel())
    assert parts == ["do", "undo", "again"]
    assert [one.status for one in done] == [ExecutionStatus.SUCCESS] * 3
    assert [one.stdout for one in done] == ["", "started\n", ""]
    assert desk.journal() == ["stop", "start", "start"]
    assert [event.name for event in desk.told(ExecutionStarted)] == ["stop", "start", "start"]


def test_the_notes_are_gone_afterwards(desk: Desk) -> None:
    pair = both(desk, f'echo "$BORGDESK_STATE_DIR" > {desk.file("where")}')
    pair_test.run_pair_test(desk.workspace, pair, lambda _: None, InStep(desk.events.append), Cancel())
    assert not Path(desk.file("where").read_text().strip()).exists()


def test_nothing_behind_a_link_in_the_notes_is_touched(desk: Desk) -> None:
    mine = desk.file("mine")
    mine.mkdir()
    (mine / "file").touch()
    replace = f'rmdir "$BORGDESK_STATE_DIR"; ln -s {mine} "$BORGDESK_STATE_DIR"'
    pair = both(desk, replace, f'echo "$BORGDESK_STATE_DIR" > {desk.file("where")}')
    pair_test.run_pair_test(desk.workspace, pair, lambda _: None, InStep(desk.events.append), Cancel())
    assert [path.name for path in mine.iterdir()] == ["file"]
    assert not os.path.lexists(desk.file("where").read_text().strip())


def test_a_do_that_fails_half_way_is_undone(desk: Desk) -> None:
    pair = both(desk, 'touch "$BORGDESK_STATE_DIR/stopped"; exit 1')
    done = pair_test.run_pair_test(desk.workspace, pair, lambda _: None, InStep(desk.events.append), Cancel())
    assert [one.status.value for one in done] == ["failed", "success", "success"]
    assert done[1].stdout == "started\n"


def test_a_cancel_still_undoes_once(desk: Desk) -> None:
    cancel = Cancel()

    def began(part: str) -> None:
        if part == "do":
            cancel.ask()

    pair = both(desk, 'touch "$BORGDESK_STATE_DIR/stopped"; sleep 60')
    done = pair_test.run_pair_test(desk.workspace, pair, began, InStep(desk.events.append), cancel)
    assert [one.planned.name for one in done] == ["stop", "start"]
    assert done[0].status is ExecutionStatus.CANCELLED


def test_an_undo_under_way_is_not_cancelled(desk: Desk) -> None:
    """Otherwise what it restarts would stay stopped. It runs for longer than polling for a cancellation would take."""
    cancel, parts = Cancel(), []

    def began(part: str) -> None:
        parts.append(part)
        if part == "undo":
            cancel.ask()

    done = pair_test.run_pair_test(
        desk.workspace, both(desk, undo=f"sleep 1; {UNDO}"), began, InStep(desk.events.append), cancel
    )
    assert parts == ["do", "undo"], "once is enough"
    assert (done[1].status, done[1].stdout) == (ExecutionStatus.SUCCESS, "started\n")


def test_values_of_the_assignments_are_used_secret_ones_too(desk: Desk) -> None:
    header = "[parameters.A]\n[parameters.B]\nsecret = true"
    do = desk.add("stop", PRE, 'echo "$A $B" | rev', header=header, parameters={"A": "plain"}, secrets={"B": "hush"})
    undo = desk.add("start", POST, 'echo "$BORGDESK_HOOK $BORGDESK_OUTCOME"')
    done = pair_test.run_pair_test(
        desk.workspace, PairTest(desk.repository, do, undo), lambda _: None, InStep(desk.events.append), Cancel()
    )
    assert done[0].stdout == "hsuh nialp\n"
    assert done[1].stdout == "post-backup success\n"


def test_the_likeliest_other_side_comes_first(desk: Desk) -> None:
    script = desk.workspace.store.scripts
    stop = script.add(
        NewScript("stop", b'#!/bin/sh\n# /// borgdesk\n# companion = "b-start.sh"\n# ///\n', file_name="b-stop.sh")
    )
    start = script.add(NewScript("start", b"#!/bin/sh\n", file_name="b-start.sh"))
    other = script.add(NewScript("other", b"#!/bin/sh\n"))
    add = desk.workspace.store.assignments.add
    add(desk.repository.id, stop.id, PRE)
    for one, hook in ((other, POST), (start, POST), (stop, LAST)):
        add(desk.repository.id, one.id, hook)
    found = pair_test.context(desk.workspace, desk.repository.id, stop)
    assert [one.script for one in found.undoing] == ["stop", "start", "other"]
    assert [one.hook for one in found.assignments] == [PRE, LAST]


def test_what_stands_only_afterwards_undoes_nothing(desk: Desk) -> None:
    one = desk.add("start", POST)
    desk.add("more", POST)
    script = desk.workspace.store.scripts.get(one.script_id)
    assert pair_test.context(desk.workspace, desk.repository.id, script).undoing == ()


def test_kept_secrets_are_those_not_given_anew(desk: Desk) -> None:
    header = "[parameters.A]\nsecret = true\n[parameters.B]\nsecret = true"
    one = desk.add("stop", PRE, header=header, secrets={"A": "1", "B": "2"})
    assert pair_test.kept_secrets(desk.workspace, one, {"A": "new"}) == {"B": "2"}


def test_a_script_without_a_readable_block_has_no_companion(desk: Desk) -> None:
    one = desk.add("plain", PRE)
    desk.add("after", POST)
    (desk.workspace.paths.library / "plain.sh").unlink()
    script = desk.workspace.store.scripts.get(one.script_id)
    found = pair_test.context(desk.workspace, desk.repository.id, script)
    assert [other.script for other in found.undoing] == ["after"]
