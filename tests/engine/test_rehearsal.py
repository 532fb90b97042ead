from __future__ import annotations

from pathlib import Path

from borgdesk.domain.events import ExecutionStarted
from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine import rehearsal
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.rehearsal import Rehearsal
from tests.engine.desk import LAST, POST, PRE, Desk

UNDO = 'if [ -e "$BORGDESK_STATE_DIR/stopped" ]; then echo started; rm "$BORGDESK_STATE_DIR/stopped"; fi'


def both(desk: Desk, do: str = 'touch "$BORGDESK_STATE_DIR/stopped"', undo: str = UNDO) -> Rehearsal:
    return Rehearsal(desk.repository, desk.add("stop", PRE, do), desk.add("start", POST, undo))


def test_the_undo_sees_the_notes_and_finds_nothing_the_second_time(desk: Desk) -> None:
    parts: list[str] = []
    done = rehearsal.rehearse(desk.workspace, both(desk), parts.append, desk.events.append, Cancel())
    assert parts == ["do", "undo", "again"]
    assert [one.status for one in done] == [ExecutionStatus.SUCCESS] * 3
    assert [one.stdout for one in done] == ["", "started\n", ""]
    assert desk.journal() == ["stop", "start", "start"]
    assert [event.name for event in desk.told(ExecutionStarted)] == ["stop", "start", "start"]


def test_the_notes_are_gone_afterwards(desk: Desk) -> None:
    pair = both(desk, f'echo "$BORGDESK_STATE_DIR" > {desk.file("where")}')
    rehearsal.rehearse(desk.workspace, pair, lambda _: None, desk.events.append, Cancel())
    assert not Path(desk.file("where").read_text().strip()).exists()


def test_a_do_that_fails_half_way_is_undone(desk: Desk) -> None:
    pair = both(desk, 'touch "$BORGDESK_STATE_DIR/stopped"; exit 1')
    done = rehearsal.rehearse(desk.workspace, pair, lambda _: None, desk.events.append, Cancel())
    assert [one.status.value for one in done] == ["failed", "success", "success"]
    assert done[1].stdout == "started\n"


def test_a_cancel_still_undoes_once(desk: Desk) -> None:
    cancel = Cancel()

    def began(part: str) -> None:
        if part == "do":
            cancel.ask()

    pair = both(desk, 'touch "$BORGDESK_STATE_DIR/stopped"; sleep 60')
    done = rehearsal.rehearse(desk.workspace, pair, began, desk.events.append, cancel)
    assert [one.planned.name for one in done] == ["stop", "start"]
    assert done[0].status is ExecutionStatus.CANCELLED


def test_values_of_the_assignments_are_used_secret_ones_too(desk: Desk) -> None:
    header = "[parameters.A]\n[parameters.B]\nsecret = true"
    do = desk.add("stop", PRE, 'echo "$A $B" | rev', header=header, parameters={"A": "plain"}, secrets={"B": "hush"})
    undo = desk.add("start", POST, 'echo "$BORGDESK_HOOK $BORGDESK_OUTCOME"')
    done = rehearsal.rehearse(
        desk.workspace, Rehearsal(desk.repository, do, undo), lambda _: None, desk.events.append, Cancel()
    )
    assert done[0].stdout == "hsuh nialp\n"
    assert done[1].stdout == "post-backup success\n"


def test_the_likeliest_other_side_comes_first(desk: Desk) -> None:
    script = desk.workspace.store.scripts
    stop = script.add("stop", b'#!/bin/sh\n# /// borgdesk\n# companion = "b-start.sh"\n# ///\n', file_name="b-stop.sh")
    start = script.add("start", b"#!/bin/sh\n", file_name="b-start.sh")
    other = script.add("other", b"#!/bin/sh\n")
    add = desk.workspace.store.assignments.add
    add(desk.repository.id, stop.id, PRE)
    for one, hook in ((other, POST), (start, POST), (stop, LAST)):
        add(desk.repository.id, one.id, hook)
    found = rehearsal.context(desk.workspace, desk.repository.id, stop)
    assert [one.script for one in found.undoing] == ["stop", "start", "other"]
    assert [one.hook for one in found.assignments] == [PRE, LAST]


def test_what_stands_only_afterwards_undoes_nothing(desk: Desk) -> None:
    one = desk.add("start", POST)
    desk.add("more", POST)
    script = desk.workspace.store.scripts.get(one.script_id)
    assert rehearsal.context(desk.workspace, desk.repository.id, script).undoing == ()


def test_kept_secrets_are_those_not_given_anew(desk: Desk) -> None:
    header = "[parameters.A]\nsecret = true\n[parameters.B]\nsecret = true"
    one = desk.add("stop", PRE, header=header, secrets={"A": "1", "B": "2"})
    assert rehearsal.kept_secrets(desk.workspace, one, {"A": "new"}) == {"B": "2"}


def test_a_script_without_a_readable_block_has_no_companion(desk: Desk) -> None:
    one = desk.add("plain", PRE)
    desk.add("after", POST)
    (desk.workspace.paths.library / "plain.sh").unlink()
    script = desk.workspace.store.scripts.get(one.script_id)
    found = rehearsal.context(desk.workspace, desk.repository.id, script)
    assert [other.script for other in found.undoing] == ["after"]
