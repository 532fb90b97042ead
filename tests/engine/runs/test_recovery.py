"""Steps of a recovery, with runs that appear to be dead; ``tests/faults/test_recovery.py`` has real deaths."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import pytest

from borgdesk.domain.events import ExecutionEnded
from borgdesk.domain.history import ProcessIdentity, Run
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.runs import recovery
from borgdesk.engine.runs.event_delivery import NOBODY, delivered
from borgdesk.engine.runs.remains import is_dead
from borgdesk.engine.runs.run_folders import notes_in, now, run_folder
from borgdesk.engine.runs.story_reader import read_events
from tests.engine.desk import LAST, POST, PRE, Desk, rows, statuses
from tests.engine.runs.armed_runs import armed


@pytest.fixture
def dead() -> ProcessIdentity:
    """Return the identity of a process that has ended."""
    with subprocess.Popen(["sleep", "60"]) as process:
        identity = procfs.identity(process.pid)
        process.kill()
    return identity


def test_dead_is_whoever_is_not_there_or_was_never_known(desk: Desk, dead: ProcessIdentity) -> None:
    run = armed(desk, dead)
    assert is_dead(run)
    assert is_dead(replace(run, owner=None))
    assert not is_dead(replace(run, owner=procfs.identity()))


def test_tries_are_further_and_further_apart_but_never_more_than_a_minute() -> None:
    assert list(islice(recovery._pauses(), 9)) == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


class Freed(Cancel):
    """Frees resources as soon as somebody waits."""

    def __init__(self, free: Callable[[], object]) -> None:
        super().__init__()
        self._free = free
        self.waits = 0

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        self._free()
        return super().wait(0)


@pytest.fixture
def descriptors() -> Iterator[Callable[[bool], None]]:
    """Take all free descriptors of this process, or give them back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def limit(there_are: bool) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft if there_are else 3, hard))

    yield limit
    limit(True)


def test_what_the_machine_had_no_room_for_is_tried_again(
    desk: Desk, dead: ProcessIdentity, descriptors: Callable[[bool], None]
) -> None:
    desk.add("post", POST, run_on="always")
    run, cancel = armed(desk, dead), Freed(lambda: descriptors(True))
    with delivered(NOBODY) as backlog:
        descriptors(False)
        recovered = recovery._recovered(desk.workspace, run, backlog, cancel)
    assert cancel.waits == 1
    assert recovered is not None
    assert statuses(recovered) == {"post": "success"}


def test_what_has_had_its_turn_in_a_recovery_is_owed_no_more(desk: Desk, dead: ProcessIdentity) -> None:
    for name, hook in (("pre", PRE), ("post", POST), ("last", LAST)):
        desk.add(name, hook, run_on="always")
    run = armed(desk, dead)
    done = next(one for one in run.executions if one.planned.name == "last")
    desk.workspace.store.executions.begin(done.id, now())
    desk.workspace.store.executions.end(done.id, ExecutionStatus.FAILED, finished_at=now())
    (run,) = recovery.recover_all(desk.workspace)
    assert rows(run) == [
        ("pre", "skipped", "BorgDesk was interrupted before it"),
        ("post", "success", None),
        ("last", "failed", None),
    ]
    assert desk.journal() == ["post"]
    assert (run.outcome, run.note) == (Outcome.INTERRUPTED, None)
    assert recovery.recover_all(desk.workspace) == []


def heir(desk: Desk, run: Run, seconds: str) -> subprocess.Popen[bytes]:
    """Start a process that holds the turn of a run for some time."""
    turn = Turn.try_take(desk.workspace, run.turn)
    assert turn is not None
    with turn:
        return subprocess.Popen(["sleep", seconds], pass_fds=(turn.descriptor,))


def test_a_dead_run_waits_for_whoever_has_its_turn(desk: Desk, dead: ProcessIdentity) -> None:
    run = armed(desk, dead)
    with heir(desk, run, "0.3"):
        recovered = recovery.recover_run(desk.workspace, run)
    assert recovered is not None
    assert recovered.outcome is Outcome.INTERRUPTED


def test_what_a_run_that_is_over_owes_waits_for_another_time(desk: Desk, dead: ProcessIdentity) -> None:
    """Its guardian or the next run may be doing it."""
    run = armed(desk, dead)
    desk.workspace.store.runs.settle(run.id, Outcome.INTERRUPTED)
    desk.workspace.store.runs.finish(run.id, RunStatus.INTERRUPTED, now())
    with heir(desk, run, "600") as other:
        over = desk.workspace.store.runs.get(run.id)
        assert recovery.recover_run(desk.workspace, over) is None
        other.kill()


def test_what_was_done_by_hand_is_owed_no_more_and_all_else_stays_as_it_was(desk: Desk, dead: ProcessIdentity) -> None:
    for name in ("done", "owed"):
        desk.add(name, POST, "exit 3" if name == "owed" else "", run_on="always")
    armed(desk, dead)
    (run,) = recovery.recover_all(desk.workspace)
    assert statuses(run) == {"done": "success", "owed": "pending"}
    recovery.settle_by_hand(desk.workspace, run.id)
    assert rows(desk.workspace.store.runs.get(run.id)) == [
        ("done", "success", None),
        ("owed", "skipped", "done by hand"),
    ]
    assert recovery.recover_all(desk.workspace) == []
    told = [event for event in read_events(run_folder(desk.workspace, run.id)) if isinstance(event, ExecutionEnded)]
    assert [(one.name, one.status.value) for one in told][-1] == ("owed", "skipped")
    assert len([one for one in told if one.name == "done"]) == 1


FAILS_ONCE = (
    'read -r what <"$BORGDESK_STATE_DIR/stopped"; [ -e {there} ] || {{ touch {there}; exit 3; }}; echo "$what" >>{up}'
)


def test_what_failed_to_start_again_is_told_and_can_be_run_again(desk: Desk) -> None:
    """With the notes of the script that stopped it; the rest of the run stays as it was."""
    desk.add("Stop web", PRE, 'echo web >"$BORGDESK_STATE_DIR/stopped"')
    body = FAILS_ONCE.format(there=desk.file("failed"), up=desk.file("up"))
    desk.add("Start web", POST, body, run_on="always")
    desk.add("Report", POST, "exit 4")
    run, runs = desk.run(), desk.workspace.store.runs
    assert (run.status, statuses(run)["Start web"]) == (RunStatus.WARNING, "failed")
    assert [one.id for one in runs.untold()] == [run.id]
    assert recovery.recover_all(desk.workspace) == [], "nothing is repeated unless the user wants it"
    recovery.owe_again(desk.workspace, run.id)
    assert (runs.untold(), [one.id for one in runs.owing()]) == ([], [run.id])
    again = recovery.recover_run(desk.workspace, runs.get(run.id))
    assert again is not None
    assert statuses(again) == {"Stop web": "success", "Start web": "success", "Report": "failed"}
    assert desk.journal() == ["Stop web", "Start web", "Report", "Start web"]
    assert desk.file("up").read_text() == "web\n"
    assert not notes_in(run_folder(desk.workspace, run.id)).exists()
    assert (runs.untold(), runs.owing()) == ([], [])


def test_a_report_that_fails_leaves_nothing_down(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Start web", POST)
    desk.add("Report", POST, "exit 4")
    run = desk.run()
    assert run.status is RunStatus.WARNING
    assert desk.workspace.store.runs.untold() == []
    assert not notes_in(run_folder(desk.workspace, run.id)).exists()
