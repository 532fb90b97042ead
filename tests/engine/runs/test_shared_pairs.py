"""Pairs that runs share: the first run stops the service, the last one starts it again, with real scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.events import TurnAwaited
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, RunStatus
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.held_services import HoldState, held_services
from borgdesk.engine.runs.owed_scripts import owed_scripts
from tests.engine.desk import POST, PRE, Desk, Running, rows, wait_until

STOPPED, STARTED = "Stop web", "Start web"


class Pair:
    """Two repositories that share a pair. Scripts after the pair's first one wait until they are let go."""

    def __init__(
        self, desk: Desk, stop: str = "", start: str = "", *, name: str = "", policy: OnFailure | None = None
    ) -> None:
        self.desk = desk
        self.first = desk.repository
        self.second = desk.add_repository("Photos")
        for script, hook, body in ((STOPPED, PRE, stop), (STARTED, POST, start)):
            on_failure = policy if hook is PRE else None
            made = desk.add(script, hook, body, shared=name, on_failure=on_failure)
            changes = Changes(shared=name, on_failure=on_failure)
            assign(desk.workspace, self.second.id, made.script_id, hook, changes)
        self.gate(self.first)
        self.gate(self.second)

    def gate(self, repository: Repository) -> None:
        """Let a run wait before its backup."""
        go, there = self.desk.file(f"go{repository.id}"), self.desk.file(f"there{repository.id}")
        body = f"touch {there}; while [ ! -e {go} ]; do sleep 0.02; done"
        self.desk.add(f"Wait in {repository.name}", PRE, body, repository=repository)

    def start(self, repository: Repository, cancel: Cancel | None = None) -> Running:
        return self.desk.start(cancel, repository)

    def until_there(self, repository: Repository) -> None:
        wait_until(self.desk.file(f"there{repository.id}").exists)

    def go(self, repository: Repository) -> None:
        self.desk.file(f"go{repository.id}").touch()

    def journal(self) -> list[str]:
        return [name for name in self.desk.journal() if not name.startswith("Wait")]


def reason(run: Run, name: str) -> str | None:
    return next(why for script, _, why in rows(run) if script == name)


def test_the_first_stops_and_the_last_starts(desk: Desk) -> None:
    pair = Pair(desk)
    one = pair.start(pair.first)
    pair.until_there(pair.first)
    other = pair.start(pair.second)
    pair.until_there(pair.second)
    (held,) = held_services(desk.workspace)
    assert (held.name, held.state, len(held.runs)) == (STOPPED, HoldState.HELD, 2)
    assert len(owed_scripts(desk.workspace)) == 2
    pair.go(pair.first)
    first = one.result()
    assert pair.journal() == [STOPPED]
    pair.go(pair.second)
    second = other.result()
    assert pair.journal() == [STOPPED, STARTED]
    assert reason(second, STOPPED) == f"already stopped by run {first.id}"
    assert reason(first, STARTED) == f"left to run {second.id}, which still needs it stopped"
    assert {first.status, second.status} == {RunStatus.SUCCESS}
    assert held_services(desk.workspace) == []
    assert not desk.told(TurnAwaited)


def test_alone_it_is_as_without_sharing(desk: Desk) -> None:
    pair = Pair(desk, stop='echo one >"$BORGDESK_STATE_DIR/notes"', start='cat "$BORGDESK_STATE_DIR/notes"')
    pair.go(pair.first)
    for _ in range(2):
        run = pair.start(pair.first).result()
        assert run.status is RunStatus.SUCCESS
    assert pair.journal() == [STOPPED, STARTED] * 2
    assert not any(path.name != "lock" for path in desk.workspace.paths.holds.iterdir() if "." not in path.name)


def test_the_start_finds_the_notes_of_the_stop_of_another_run(desk: Desk) -> None:
    seen = desk.file("seen")
    note = '[ ! -e "$BORGDESK_STATE_DIR/notes" ] && echo web >"$BORGDESK_STATE_DIR/notes"'
    pair = Pair(desk, stop=note, start=f'cp "$BORGDESK_STATE_DIR/notes" {seen}')
    one = pair.start(pair.first)
    pair.until_there(pair.first)
    other = pair.start(pair.second)
    pair.until_there(pair.second)
    pair.go(pair.first)
    one.result()
    pair.go(pair.second)
    other.result()
    assert seen.read_text() == "web\n"


def test_others_wait_while_it_is_being_stopped(desk: Desk) -> None:
    slow, done = desk.file("slow"), desk.file("done")
    pair = Pair(desk, stop=f"touch {slow}; while [ ! -e {done} ]; do sleep 0.02; done")
    one = pair.start(pair.first)
    wait_until(slow.exists)
    other = pair.start(pair.second)
    wait_until(lambda: any("waits for run" in text for text in logs(desk)))
    assert [held.state for held in held_services(desk.workspace)] == [HoldState.TAKING]
    done.touch()
    pair.until_there(pair.second)
    for repository in (pair.first, pair.second):
        pair.go(repository)
    assert {one.result().status, other.result().status} == {RunStatus.SUCCESS}
    assert pair.journal() == [STOPPED, STARTED]


def logs(desk: Desk) -> list[str]:
    return [path.read_text() for path in desk.workspace.paths.runs.glob("*/run.log")]


def test_stop_ends_the_wait_and_the_run_starts_nothing(desk: Desk) -> None:
    slow, done, cancel = desk.file("slow"), desk.file("done"), Cancel()
    pair = Pair(desk, stop=f"touch {slow}; while [ ! -e {done} ]; do sleep 0.02; done")
    one = pair.start(pair.first)
    wait_until(slow.exists)
    other = pair.start(pair.second, cancel)
    wait_until(lambda: any("waits for run" in text for text in logs(desk)))
    cancel.ask()
    second = other.result()
    assert second.status is RunStatus.CANCELLED
    assert reason(second, STARTED) == "this run had not stopped it"
    done.touch()
    pair.go(pair.first)
    assert one.result().status is RunStatus.SUCCESS
    assert pair.journal() == [STOPPED, STARTED]


def test_a_stop_that_failed_is_not_inherited(desk: Desk) -> None:
    """The next one waits until the first has started again what it had half stopped, and stops it itself."""
    once = desk.file("once")
    pair = Pair(desk, stop=f"[ -e {once} ] && exit 0; touch {once}; exit 7", policy=OnFailure.CONTINUE)
    one = pair.start(pair.first)
    pair.until_there(pair.first)
    other = pair.start(pair.second)
    wait_until(lambda: any("waits for run" in text for text in logs(desk)))
    assert [held.state for held in held_services(desk.workspace)] == [HoldState.RELEASING]
    pair.go(pair.first)
    first = one.result()
    pair.go(pair.second)
    second = other.result()
    assert (first.status, second.status) == (RunStatus.WARNING, RunStatus.SUCCESS)
    assert pair.journal() == [STOPPED, STARTED] * 2


def test_a_wait_ends_after_the_timeout_of_the_script(desk: Desk) -> None:
    slow, done = desk.file("slow"), desk.file("done")
    pair = Pair(desk, stop=f"touch {slow}; while [ ! -e {done} ]; do sleep 0.02; done")
    stop = next(one for one in desk.workspace.store.assignments.list(pair.second.id) if one.script == STOPPED)
    edit_assignment(desk.workspace, stop, Changes(timeout=1))
    one = pair.start(pair.first)
    wait_until(slow.exists)
    second = pair.start(pair.second).result()
    assert second.status is RunStatus.FAILURE
    assert reason(second, STOPPED) == "run 1 was not done with it in time"
    assert reason(second, STARTED) == "this run had not stopped it"
    done.touch()
    pair.go(pair.first)
    assert one.result().status is RunStatus.SUCCESS
    assert pair.journal() == [STOPPED, STARTED]


def test_a_hold_that_cannot_be_read_after_the_start_fails_nothing(desk: Desk) -> None:
    spoilt = 'for one in *; do case "$one" in lock|*.*) ;; *) rm "$one"; mkdir "$one" ;; esac; done'
    pair = Pair(desk, start=f"cd {desk.workspace.paths.holds} && {spoilt}")
    pair.go(pair.first)
    run = pair.start(pair.first).result()
    assert (run.status, reason(run, STARTED)) == (RunStatus.SUCCESS, None)
    assert pair.journal() == [STOPPED, STARTED]


def test_a_start_that_failed_stays_owed_and_is_run_again_with_its_notes(desk: Desk) -> None:
    from borgdesk.engine.runs.recovery import owe_again, recover_all

    broken = desk.file("broken")
    broken.touch()
    pair = Pair(
        desk,
        stop='echo "$BORGDESK_RUN_ID" >>"$BORGDESK_STATE_DIR/notes"',
        start=f'cat "$BORGDESK_STATE_DIR/notes" >>{desk.file("seen")}; [ ! -e {broken} ]',
    )
    pair.go(pair.first)
    pair.go(pair.second)
    first = pair.start(pair.first).result()
    assert first.status is RunStatus.WARNING
    assert [one.has_failed for one in owed_scripts(desk.workspace)] == [True]
    broken.unlink()
    second = pair.start(pair.second).result()
    assert second.status is RunStatus.SUCCESS
    owe_again(desk.workspace, first.id)
    (again,) = recover_all(desk.workspace)
    assert next(one.status for one in again.executions if one.planned.name == STARTED) is ExecutionStatus.SUCCESS
    assert desk.file("seen").read_text().split() == [str(run.id) for run in (first, second, first)]
    assert owed_scripts(desk.workspace) == []


def test_a_failed_start_is_not_tried_again_under_a_run_that_needs_it_stopped(desk: Desk) -> None:
    from borgdesk.engine.runs.recovery import owe_again, recover_all

    broken = desk.file("broken")
    broken.touch()
    pair = Pair(desk, start=f"[ ! -e {broken} ]")
    pair.go(pair.first)
    first = pair.start(pair.first).result()
    broken.unlink()
    other = pair.start(pair.second)
    pair.until_there(pair.second)
    owe_again(desk.workspace, first.id)
    (waiting,) = recover_all(desk.workspace)
    assert reason(waiting, STARTED) == "not started yet: run 2 needs it stopped"
    pair.go(pair.second)
    other.result()
    assert pair.journal() == [STOPPED, STARTED, STOPPED, STARTED]
    (done,) = recover_all(desk.workspace)
    assert reason(done, STARTED) is None
    assert pair.journal() == [STOPPED, STARTED, STOPPED, STARTED, STARTED]


@pytest.mark.parametrize("change", ["text", "value"])
def test_what_does_something_else_is_not_shared(desk: Desk, change: str) -> None:
    """The runs take turns, as if it were not shared."""
    pair = Pair(desk)
    one = pair.start(pair.first)
    pair.until_there(pair.first)
    _CHANGES[change](desk, pair)
    other = pair.start(pair.second)
    wait_until(lambda: desk.told(TurnAwaited))
    pair.go(pair.first)
    pair.go(pair.second)
    assert {one.result().status, other.result().status} == {RunStatus.SUCCESS}
    assert pair.journal() == [STOPPED, STARTED] * 2


def _change_text(desk: Desk, _pair: Pair) -> None:
    script = desk.workspace.store.scripts.get(STOPPED)
    text = desk.workspace.store.scripts.content(script.id)
    desk.workspace.store.scripts.save(script.id, text + b"true\n")


def _change_value(desk: Desk, pair: Pair) -> None:
    stop = next(one for one in desk.workspace.store.assignments.list(pair.second.id) if one.script == STOPPED)
    edit_assignment(desk.workspace, stop, Changes(parameters={"CONTAINERS": "web"}))


_CHANGES: dict[str, Callable[[Desk, Pair], None]] = {"text": _change_text, "value": _change_value}


def test_by_a_name_it_is_shared_whatever_the_values_are(desk: Desk) -> None:
    pair = Pair(desk, name="web")
    _change_value(desk, pair)
    one = pair.start(pair.first)
    pair.until_there(pair.first)
    other = pair.start(pair.second)
    pair.until_there(pair.second)
    assert [held.name for held in held_services(desk.workspace)] == ["web"]
    for repository in (pair.first, pair.second):
        pair.go(repository)
    assert {one.result().status, other.result().status} == {RunStatus.SUCCESS}
    assert pair.journal() == [STOPPED, STARTED]


def test_the_start_runs_whatever_the_condition_of_its_script_became(desk: Desk) -> None:
    from borgdesk.domain.run import RunOn

    pair = Pair(desk)
    script = desk.workspace.store.scripts.get(STARTED)
    desk.workspace.store.scripts.edit(script.id, script.details._replace(run_on=RunOn.parse("failure")))
    pair.go(pair.first)
    pair.start(pair.first).result()
    assert pair.journal() == [STOPPED, STARTED]


def test_half_a_pair_belongs_to_its_run(desk: Desk) -> None:
    desk.add(STOPPED, PRE, shared="")
    desk.add("Start mail", Hook.POST_BACKUP, shared="")
    run = desk.run()
    assert [one.planned.hold for one in run.executions] == [None, None]
    assert not Path(desk.workspace.paths.holds).exists()
