"""Borg's steps in the history: recorded separately, not derived from the run's result."""

from __future__ import annotations

from typing import Any

import pytest

from borgdesk.borg.command_options import PruneOptions
from borgdesk.borg.output import OutputEvent, OutputLine
from borgdesk.domain.events import BorgBegan, BorgEnded, BorgProgressed
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import BorgStep, Outcome, RunStatus, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.borg_calls.borg_process import Access, call
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import maintenance, recipe
from borgdesk.engine.runs.borg_in_run import call_in_run
from borgdesk.engine.runs.task import Setting, outcome_of
from tests.engine.desk import CREATED, DATA, FAILED, POST, PRE, WARNED, Desk, wait_until

LEFT = "Retention was left for the next run, because this one was stopped."
HALF_LEFT = "Old archives were pruned; freeing their space was left for the next run, because this one was stopped."


def calls(run: Run) -> list[tuple[str, str, int | None]]:
    return [(call.step.value, call.status.value, call.exit_code) for call in run.borg]


@pytest.fixture
def tidy(desk: Desk) -> Desk:
    desk.change(retention=Retention(last=1))
    return desk


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"create": CREATED}, [("create", "success", 0), ("prune", "success", 0), ("compact", "success", 0)]),
        ({"create": WARNED}, [("create", "warning", 100), ("prune", "success", 0), ("compact", "success", 0)]),
        ({"create": FAILED}, [("create", "failure", 2)]),
        ({"create": CREATED, "prune": {"exit_code": 2}}, [("create", "success", 0), ("prune", "failure", 2)]),
        (
            {"create": CREATED, "compact": {"exit_code": 2}},
            [("create", "success", 0), ("prune", "success", 0), ("compact", "failure", 2)],
        ),
    ],
)
@pytest.mark.parametrize("body", ["true", "exit 1"], ids=["", "after a script failed"])
def test_each_step_has_its_own_end(
    tidy: Desk, answers: dict[str, Any], expected: list[tuple[str, str, int]], body: str
) -> None:
    tidy.play(**answers)
    tidy.add("Start", POST, body)
    run = tidy.run()
    assert calls(run) == expected
    for one in run.borg:
        assert one.duration is not None
        assert (one.error is not None) is (one.status is RunStatus.FAILURE or one.status is RunStatus.WARNING)
    # Archives are first looked up and then deleted: two Borg calls in one step.
    began = [event.step.value for event in tidy.told(BorgBegan)]
    assert list(dict.fromkeys(began)) == [step for step, _, _ in expected]
    ends = {event.step.value: (event.status.value, event.exit_code) for event in tidy.told(BorgEnded)}
    assert [(step, *end) for step, end in ends.items()] == expected


def test_a_run_without_borg_has_none(tidy: Desk) -> None:
    tidy.add("Stop", PRE, "exit 1")
    assert tidy.run().borg == ()


def test_a_name_that_is_taken_leaves_the_second_try(desk: Desk) -> None:
    desk.play(create=[{"replay": str(DATA / "create_archive_exists")}, CREATED])
    assert calls(desk.run()) == [("create", "success", 0)]


def _stop_in(desk: Desk, command: str, **answer: Any) -> Run:
    """Ask a run to stop during a Borg *command*, which nevertheless completes."""
    steps = [{"touch": str(desk.file("there"))}, {"wait_for": str(desk.file("go"))}]
    answers: dict[str, Any] = {"create": CREATED, command: {"steps": steps, "ignore": ["SIGINT", "SIGTERM"], **answer}}
    desk.play(**answers)
    cancel = Cancel()
    running = desk.start(cancel)
    wait_until(desk.file("there").exists)
    cancel.ask()
    desk.file("go").touch()
    return running.result()


def test_nothing_is_said_to_be_left_that_was_done(tidy: Desk) -> None:
    run = _stop_in(tidy, "compact")
    assert (run.note, calls(run)[-1]) == (None, ("compact", "success", 0))


def test_what_is_left_is_said(tidy: Desk) -> None:
    run = _stop_in(tidy, "prune")
    assert (run.note, calls(run)[-1]) == (HALF_LEFT, ("prune", "success", 0))
    assert run.status is RunStatus.SUCCESS


def test_a_step_that_was_stopped_is_cancelled_and_no_error(tidy: Desk) -> None:
    tidy.play(create=CREATED, prune={"steps": [{"touch": str(tidy.file("there"))}, {"sleep": 60}]})
    cancel = Cancel()
    running = tidy.start(cancel)
    wait_until(tidy.file("there").exists)
    cancel.ask()
    run = running.result()
    assert (run.outcome, run.note) == (Outcome.SUCCESS, LEFT)
    (prune,) = [call for call in run.borg if call.step is BorgStep.PRUNE]
    assert (prune.status, prune.error) == (RunStatus.CANCELLED, None)


def test_what_borg_said_is_found_and_masked(desk: Desk) -> None:
    script = desk.text("Stop", "", header="[parameters.TOKEN]\nsecret = true")
    added = desk.workspace.store.scripts.add(NewScript("Stop", script))
    from borgdesk.engine.lanes.assignments import Changes, assign

    assign(desk.workspace, desk.repository.id, added.id, PRE, Changes(secrets={"TOKEN": "hunter2hunter2"}))
    said = {"type": "log_message", "levelname": "WARNING", "name": "borg", "message": "a peculiar hunter2hunter2 file"}
    desk.play(create={**WARNED, "steps": [said]})
    run = desk.run()
    (create,) = run.borg
    assert "a peculiar [secret] file\n" in create.stderr
    found = desk.workspace.store.runs.list
    assert [one.id for one in found(search="PECULIAR")] == [run.id]
    assert found(search="hunter2hunter2") == []


def test_the_last_number_of_files_is_told(desk: Desk) -> None:
    """Borg reads the last files faster than progress is reported."""

    def progress(files: int) -> dict[str, Any]:
        return {
            "type": "archive_progress", "original_size": files, "compressed_size": files, "deduplicated_size": files,
            "nfiles": files, "path": "a", "finished": False,
        }  # fmt: skip

    desk.play(create={**CREATED, "steps": [progress(number) for number in range(62)]})
    desk.run()
    assert desk.told(BorgProgressed)[-1].files == 61


def _misread(event: OutputEvent) -> None:
    if isinstance(event, OutputLine):
        raise ValueError(f"not understood: {event.message}")


def _line(message: str) -> dict[str, Any]:
    return {"type": "log_message", "levelname": "INFO", "name": "borg.output.list", "message": message}


def test_what_could_not_be_read_is_no_result(desk: Desk) -> None:
    """The rest is still passed on, and Borg does the rest of its work before the caller gets the error."""
    done, read = desk.file("done"), list[str]()

    def listen(event: OutputEvent) -> None:
        read.append(getattr(event, "message", ""))
        _misread(event)

    desk.play(prune={"steps": [_line("first"), _line("second"), {"touch": str(done)}]})
    options = PruneOptions("docs-*", Retention(last=1), dry_run=True)
    with pytest.raises(ValueError, match="not understood: first"):
        call(desk.workspace, Access(), lambda borg: borg.prune("/r", options), listen)
    assert (read, done.exists()) == (["first", "second"], True)


def test_without_its_reply_a_call_is_stopped(desk: Desk) -> None:
    taken = list[bytes]()

    def take(chunk: bytes) -> None:
        taken.append(chunk)
        raise ValueError("not understood")

    steps = [{"stdout": "a"}, {"wait_for": str(desk.file("never"))}, {"stdout": "b"}]
    desk.play(diff={"steps": steps})
    with pytest.raises(ValueError, match="not understood"):
        call(desk.workspace, Access(), lambda borg: borg.diff("/r", "one", "two"), reply=take)
    assert len(taken) == 1


class _Misreading(maintenance.Compact):
    """A task that cannot make sense of what Borg prints."""

    def work(self, setting: Setting) -> Outcome:
        access, location = setting.way.access(), setting.repository.location
        return outcome_of(
            setting.active,
            call_in_run(
                setting.active, access, BorgStep.COMPACT, lambda borg: borg.compact(location), 60, hear=_misread
            ),
        )


def test_a_run_whose_result_could_not_be_read_fails(desk: Desk) -> None:
    desk.play(compact={"steps": [_line("first")]})
    run = recipe.run(desk.workspace, desk.repository, _Misreading(), Trigger.CLI, lambda _: None, Cancel())
    assert (run.outcome, [one.status for one in run.borg]) == (Outcome.FAILURE, [RunStatus.FAILURE])
