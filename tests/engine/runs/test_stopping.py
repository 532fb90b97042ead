"""Timeouts and cancellation in every step of a run."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from borgdesk.domain.events import StepBegan
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook, OnFailure, Outcome, RunStatus, Step
from borgdesk.engine.borg_calls import borg_process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import script_execution
from tests.engine.desk import CREATED, LAST, POST, PRE, Desk, execution, rows, statuses, wait_until

LEFT = "Retention was left for the next run, because this one was stopped."


def test_a_script_that_times_out(desk: Desk) -> None:
    desk.add("Mount disk", PRE, "echo before; echo wrong >&2; sleep 600", timeout=3)
    desk.add("Stop", PRE)
    desk.add("Start", POST)
    run = desk.run()
    assert run.outcome is Outcome.FAILURE
    assert rows(run) == [
        ("Mount disk", "timed_out", "timed out after 3 s"),
        ("Stop", "skipped", "Mount disk timed out before it"),
        ("Start", "success", None),
    ]
    ended = execution(run, "Mount disk")
    assert (ended.stdout, ended.stderr, ended.exit_code) == ("before\n", "wrong\n", 143), "what it printed is kept"
    assert run.error == "The script “Mount disk” timed out."


@pytest.mark.parametrize(
    ("on_failure", "status"), [(OnFailure.CONTINUE, RunStatus.WARNING), (OnFailure.SKIP, RunStatus.SKIPPED)]
)
def test_a_timeout_is_a_failure_as_policy_has_it(desk: Desk, on_failure: OnFailure, status: RunStatus) -> None:
    desk.add("Mount disk", PRE, "sleep 600", timeout=1, on_failure=on_failure)
    assert desk.run().status is status


@pytest.mark.parametrize("hook", [POST, LAST])
def test_a_timeout_afterwards_stops_its_lane(desk: Desk, hook: Hook) -> None:
    desk.add("Start", hook, "sleep 600", timeout=1)
    desk.add("Conditional", hook, run_on="success")
    run = desk.run()
    assert run.status is RunStatus.WARNING
    why = "Start timed out before it" if hook is POST else "condition is success, status was warning"
    assert rows(run)[1] == ("Conditional", "skipped", why)


def test_children_that_hold_the_output_are_ended_and_said(desk: Desk) -> None:
    desk.add("Start service wrongly", POST, "sleep 600 &")
    run = desk.run()
    assert rows(run) == [("Start service wrongly", "success", "1 process it left holding its output was ended")]
    assert run.status is RunStatus.SUCCESS


def test_before_anything(desk: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    desk.add("Stop", PRE)
    desk.add("Start", POST)
    run = desk.run(cancel)
    assert (run.outcome, run.status) == (Outcome.CANCELLED, RunStatus.CANCELLED)
    reason = "The run was cancelled while it was waiting"
    assert rows(run) == [("Stop", "skipped", reason), ("Start", "skipped", reason)]
    assert desk.journal() == []


def test_in_a_pre_backup_script(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Stop database", PRE, f"echo stopping; touch {desk.file('there')}; sleep 600", on_failure=OnFailure.SKIP)
    desk.add("Dump", PRE)
    desk.add("Start", POST, desk.dump("seen"), run_on="failure")
    desk.add("Report", LAST, run_on="success")
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    run = running.result()
    assert (run.outcome, run.status) == (Outcome.CANCELLED, RunStatus.CANCELLED)
    assert rows(run) == [
        ("Stop web", "success", None),
        ("Stop database", "cancelled", "stopped because the run was cancelled"),
        ("Dump", "skipped", "Stop database was cancelled before it"),
        ("Start", "success", None),
        ("Report", "skipped", "condition is success, outcome was cancelled"),
    ]
    assert execution(run, "Stop database").stdout == "stopping\n"
    assert desk.variables("seen")["BORGDESK_OUTCOME"] == "cancelled"
    assert desk.variables("seen")["BORG_UI_BACKUP_STATUS"] == "failure"
    assert desk.commands() == []


def test_between_pre_backup_scripts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that ended successfully keeps that result, whatever was requested in its last moment."""
    cancel = Cancel()
    record: Callable[..., Callable[[], object]] = script_execution._record

    def record_and_ask(*values: object) -> Callable[[], object]:
        written = record(*values)
        cancel.ask()
        return written

    monkeypatch.setattr(script_execution, "_record", record_and_ask)
    desk.add("Stop", PRE)
    desk.add("Dump", PRE)
    desk.add("Start", POST)
    run = desk.run(cancel)
    assert run.outcome is Outcome.CANCELLED
    assert rows(run) == [
        ("Stop", "success", None),
        ("Dump", "skipped", "The run was cancelled before it"),
        ("Start", "success", None),
    ]


def test_after_the_last_pre_backup_script(desk: Desk) -> None:
    cancel = Cancel()
    desk.change(sources=("/no/such/source",))
    desk.add("Stop", PRE)

    class Asking(list[object]):
        def append(self, event: object) -> None:
            if type(event).__name__ == "ExecutionEnded":
                cancel.ask()

    desk.events = Asking()  # type: ignore[assignment]
    run = desk.run(cancel)
    assert (run.outcome, desk.commands()) == (Outcome.CANCELLED, [])


@pytest.mark.parametrize("keep_checkpoint", [True, False])
def test_in_create(desk: Desk, keep_checkpoint: bool) -> None:
    desk.play(create={"steps": [{"touch": str(desk.file("there"))}, {"sleep": 600}]})
    desk.change(retention=Retention(last=1))
    desk.add("Start", POST, desk.dump("seen"))
    cancel = Cancel()
    cancel.keep_checkpoint = keep_checkpoint
    running = desk.start(cancel)
    wait_until(desk.file("there").exists)
    cancel.ask()
    run = running.result()
    assert (run.outcome, run.status) == (Outcome.CANCELLED, RunStatus.CANCELLED)
    number = signal.SIGINT if keep_checkpoint else signal.SIGTERM
    assert abs(run.borg_exit_code or 0) in (number, 128 + number)
    assert "create" in desk.commands()
    assert "prune" not in desk.commands()
    assert statuses(run) == {"Start": "success"}
    assert desk.variables("seen")["BORGDESK_OUTCOME"] == "cancelled"


def test_in_a_create_that_wants_to_finish_its_file(desk: Desk) -> None:
    """SIGINT alone is ignored; SIGTERM follows as soon as the checkpoint is written."""
    committed = {"type": "progress_message", "operation": 1, "msgid": "cache.commit", "finished": True}
    wait = [{"repeat": 100, "step": {"sleep": 0.01}}]
    desk.play(
        create={"ignore": ["SIGINT"], "steps": [{"touch": str(desk.file("there"))}, *wait, committed, {"sleep": 600}]}
    )
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    run = running.result()
    assert run.outcome is Outcome.CANCELLED
    assert abs(run.borg_exit_code or 0) in (signal.SIGTERM, 128 + signal.SIGTERM)


def test_in_a_create_that_has_committed_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Borg writes a checkpoint every half an hour by itself; the one written when it is stopped is separate."""
    monkeypatch.setattr(borg_process, "_CHECKPOINT_PATIENCE", 60.0)
    committed = {"type": "progress_message", "operation": 1, "msgid": "cache.commit", "finished": True}
    there, saved = {"touch": str(desk.file("there"))}, {"touch": str(desk.file("saved"))}
    work = {"repeat": 100, "step": {"sleep": 0.01}}
    desk.play(create={"ignore": ["SIGINT"], "steps": [committed, there, work, saved, committed, {"sleep": 600}]})
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    assert running.result().outcome is Outcome.CANCELLED
    assert desk.file("saved").exists()


def test_afterwards_what_is_owed_still_runs(desk: Desk) -> None:
    desk.change(retention=Retention(last=1))
    desk.add("Start", POST, f"touch {desk.file('there')}; while [ ! -e {desk.file('go')} ]; do sleep 0.02; done")
    desk.add("Report", LAST)
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    desk.file("go").touch()
    run = running.result()
    assert (run.outcome, run.status) == (Outcome.SUCCESS, RunStatus.SUCCESS), "the backup had ended"
    assert statuses(run) == {"Start": "success", "Report": "success"}
    assert desk.commands() == ["create"]
    assert run.note == LEFT
    assert Step.RETENTION not in [event.step for event in desk.told(StepBegan)], "what was left is not said to begin"


def test_in_retention(desk: Desk) -> None:
    desk.change(retention=Retention(last=1))
    desk.play(create=CREATED, prune={"steps": [{"touch": str(desk.file("there"))}, {"sleep": 600}]})
    desk.add("Report", LAST, run_on="success")
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    run = running.result()
    assert (run.outcome, run.note) == (Outcome.SUCCESS, LEFT)
    assert "compact" not in desk.commands()
    assert desk.journal() == ["Report"]


def test_asked_twice_what_is_owed_hurries(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_execution, "HURRIED_TIMEOUT", 1)

    class Patient(list[object]):
        def append(self, event: object) -> None:
            if type(event).__name__ == "ExecutionEnded":
                monkeypatch.setattr(script_execution, "HURRIED_TIMEOUT", 30)

    desk.events = Patient()  # type: ignore[assignment]
    desk.add("Start", POST, f"touch {desk.file('there')}; sleep 600")
    desk.add("Report", LAST)
    running = desk.start()
    wait_until(desk.file("there").exists)
    running.cancel.ask()
    running.cancel.ask()
    run = running.result()
    assert rows(run) == [
        ("Start", "timed_out", "ended 1 s after stop was asked for twice"),
        ("Report", "success", None),
    ]
    assert run.status is RunStatus.WARNING
