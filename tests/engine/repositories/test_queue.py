"""Queue at a location: one run at a time, in order of arrival, across processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from borgdesk.domain.events import TurnAwaited
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn, canonical, wait_for_turn
from borgdesk.store.clock import now
from tests.engine.desk import POST, PRE, Desk, Running, rows, wait_until

GATE = "touch {there}; while [ ! -e {go} ]; do sleep 0.02; done"


def gate(desk: Desk, name: str = "") -> str:
    """Return a command that reports its start and waits for permission to continue."""
    return GATE.format(there=desk.file(f"there{name}"), go=desk.file(f"go{name}"))


def test_the_second_waits_for_the_first(desk: Desk) -> None:
    desk.add("Stop", PRE, gate(desk) + f"; echo begun >> {desk.journal_file}")
    desk.add("Start", POST)
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start()
    wait_until(lambda: desk.told(TurnAwaited))
    assert desk.journal() == ["Stop"], "nothing of the second was started"
    waiting = desk.workspace.store.runs.unfinished()
    assert [run.status.value for run in waiting] == ["running", "queued"]
    desk.file("go").touch()
    assert [running.result().status for running in (first, second)] == [RunStatus.SUCCESS, RunStatus.SUCCESS]
    assert desk.journal() == ["Stop", "begun", "Start"] * 2
    assert {event.ahead for event in desk.told(TurnAwaited)} == {1}


def waits(desk: Desk, run_id: RunId) -> bool:
    return any(event.run_id == run_id for event in desk.told(TurnAwaited))


def test_first_come_first_served(desk: Desk) -> None:
    desk.add("Stop", PRE, gate(desk) + f'; echo "$BORGDESK_RUN_ID" >> {desk.file("ids")}')
    runnings = [desk.start()]
    wait_until(desk.file("there").exists)
    for number in (2, 3, 4):
        runnings.append(desk.start())
        wait_until(partial(waits, desk, RunId(number)))
    assert [event.ahead for event in desk.told(TurnAwaited)] == [1, 2, 3]
    desk.file("go").touch()
    ids = [running.result().id for running in runnings]
    assert desk.file("ids").read_text().split() == [str(number) for number in sorted(ids)]


def test_cancelled_while_it_waits_nothing_of_it_runs(desk: Desk) -> None:
    desk.add("Stop", PRE, gate(desk))
    desk.add("Start", POST)
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start()
    wait_until(lambda: desk.told(TurnAwaited))
    second.cancel.ask()
    run = second.result()
    reason = "The run was cancelled while it was waiting"
    assert (run.outcome, run.status) == (Outcome.CANCELLED, RunStatus.CANCELLED)
    assert rows(run) == [("Stop", "skipped", reason), ("Start", "skipped", reason)]
    desk.file("go").touch()
    assert first.result().status is RunStatus.SUCCESS
    assert desk.journal() == ["Stop", "Start"]


def test_two_locations_side_by_side(desk: Desk) -> None:
    other = desk.add_repository("Photos")
    desk.add("Stop one", PRE, gate(desk, "1"))
    desk.add("Stop two", PRE, gate(desk, "2"), repository=other)
    runnings = [desk.start(), desk.start(repository=other)]
    wait_until(lambda: desk.file("there1").exists() and desk.file("there2").exists())
    assert desk.told(TurnAwaited) == []
    for name in ("go1", "go2"):
        desk.file(name).touch()
    assert {running.result().status for running in runnings} == {RunStatus.SUCCESS}


def test_two_repositories_at_one_location_take_turns(desk: Desk) -> None:
    """The same folder under another name is the same location."""
    link = desk.file("link")
    Path(desk.repository.location).mkdir()
    link.symlink_to(desk.repository.location)
    other = desk.add_repository("Photos")
    other = desk.workspace.store.repositories.update(replace(other, location=str(link)))
    desk.add("Stop one", PRE, gate(desk))
    desk.add("Stop two", PRE, repository=other)
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start(repository=other)
    wait_until(lambda: desk.told(TurnAwaited))
    desk.file("go").touch()
    assert {first.result().status, second.result().status} == {RunStatus.SUCCESS}
    assert desk.journal() == ["Stop one", "Stop two"]


@pytest.mark.parametrize(
    ("location", "same"),
    [("/r/", "/r"), ("/r/../r", "/r"), ("ssh://host/r/", "ssh://host/r"), ("ssh://host/r", "ssh://host/r")],
)
def test_one_location_has_one_name(location: str, same: str) -> None:
    assert canonical(location) == same


RUN = """
import json, sys
from borgdesk.domain.events import TurnAwaited
from borgdesk.domain.run import Trigger
from borgdesk.engine.runs.backup import run
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace

environment = json.loads(sys.argv[1])
workspace = Workspace.open(environment)
repository = workspace.store.repositories.get("Docs")

def tell(event):
    if isinstance(event, TurnAwaited):
        print("waits", flush=True)

print(run(workspace, repository, Trigger.CLI, tell, Cancel()).status, flush=True)
workspace.store.close()
"""


def test_across_two_processes(desk: Desk) -> None:
    desk.add("Stop", PRE, gate(desk) + f"; echo begun >> {desk.journal_file}")
    desk.add("Start", POST)
    first = desk.start()
    wait_until(desk.file("there").exists)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, json.dumps(desk.environment)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "waits\n"
        assert desk.journal() == ["Stop"]
        desk.file("go").touch()
        assert other.stdout.readline() == "success\n"
        assert other.wait(60) == 0
    assert first.result().status is RunStatus.SUCCESS
    assert desk.journal() == ["Stop", "begun", "Start"] * 2
    assert [run.trigger.value for run in desk.workspace.store.runs.list()] == ["cli", "user"]


def test_a_turn_is_held_until_nobody_has_inherited_it(desk: Desk) -> None:
    turn = Turn.try_take(desk.workspace, "/somewhere")
    assert turn is not None
    with subprocess.Popen(["sleep", "600"], pass_fds=(turn.descriptor,)) as heir:
        with turn:
            assert Turn.try_take(desk.workspace, "/somewhere/") is None
            other = Turn.try_take(desk.workspace, "/elsewhere")
            assert other is not None
            with other:
                pass
        assert Turn.try_take(desk.workspace, "/somewhere") is None, "the heir has it"
        heir.kill()
    again = Turn.try_take(desk.workspace, "/somewhere")
    assert again is not None
    with again:
        pass


def test_a_cancel_wakes_whoever_waits() -> None:
    cancel = Cancel()
    assert not cancel.wait(0)
    cancel.ask()
    assert (cancel.asked, cancel.hurried) == (True, False)
    assert cancel.wait(600)
    cancel.ask()
    assert cancel.hurried


def waiting_run(desk: Desk) -> tuple[Running, Running]:
    desk.add("Stop", PRE, gate(desk))
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start()
    wait_until(partial(waits, desk, RunId(2)))
    return first, second


def test_what_was_changed_while_a_run_waited_counts(desk: Desk) -> None:
    runnings = waiting_run(desk)
    desk.change(excludes=("*.tmp",), continue_on_hook_failure=True)
    desk.file("go").touch()
    assert [running.result().status for running in runnings] == [RunStatus.SUCCESS, RunStatus.SUCCESS]
    excluded = [any("*.tmp" in word for word in call["argv"]) for call in desk.calls() if call["argv"][1] == "create"]
    assert excluded == [False, True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda desk: desk.change(location=str(desk.folder / "elsewhere")), "The location of “Docs” was changed"),
        (lambda desk: desk.workspace.store.repositories.remove(desk.repository.id), "“Docs” was removed while"),
    ],
    ids=["moved", "removed"],
)
def test_a_turn_that_is_not_its_own_any_more(desk: Desk, change: Callable[[Desk], object], said: str) -> None:
    first, second = waiting_run(desk)
    change(desk)
    desk.file("go").touch()
    first.result()
    refused = second.result()
    assert refused.status is RunStatus.FAILURE
    assert refused.error is not None
    assert said in refused.error
    assert desk.journal() == ["Stop"]


class Impatient(Cancel):
    """Records for how long it would wait, and gives up."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.ask()
        return True


def test_those_far_behind_look_less_often(desk: Desk) -> None:
    runs = desk.workspace.store.runs
    queued = [runs.queue(desk.repository, Trigger.CLI, procfs.identity(), now()) for _number in range(20)]
    waited = []
    for run in queued[1:]:
        cancel = Impatient()
        assert wait_for_turn(desk.workspace, run, cancel, lambda _ahead: None, lambda _dead: None) is None
        waited += cancel.waited
    assert waited == sorted(waited)
    assert (waited[0] * 10, waited[-1]) == (waited[9], waited[9])
