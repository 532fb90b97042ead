"""Runs other than backups: the common sequence, with a Borg check as the task."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from borgdesk.borg.command_options import CheckOptions
from borgdesk.cli import timeline, words
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.events import RunEnded, RunQueued, StepBegan
from borgdesk.domain.history import Run
from borgdesk.domain.run import BorgStep, ExecutionStatus, Outcome, RunKind, RunStatus, Step, Trigger
from borgdesk.domain.sentences import interrupted, interrupted_title, subject
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.borg_in_run import call_in_run
from borgdesk.engine.runs.story import Kind
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.engine.runs.task import Setting, Task, outcome_of
from tests.engine.desk import PRE, Desk, wait_until
from tests.listening import InStep

CHECKED: dict[str, Any] = {"steps": ["Starting repository check"]}


class Check(Task):
    """A task like the check of a repository."""

    kind = RunKind.CHECK
    step = Step.CHECK
    borg_steps = (BorgStep.CHECK,)

    def __init__(self, refusal: str = "") -> None:
        self._refusal = refusal
        self.began = threading.Event()

    def prepare(self, setting: Setting) -> None:
        """Refuse if requested."""
        if self._refusal:
            raise InvalidInput(self._refusal)

    def work(self, setting: Setting) -> Outcome:
        """Let Borg check."""
        self.began.set()
        active, repository = setting.active, setting.repository
        answer = call_in_run(
            active,
            setting.way.access(),
            BorgStep.CHECK,
            lambda borg: borg.check(repository.location, CheckOptions()),
            repository.stall_limit,
        )
        active.put_report(problems=0)
        return outcome_of(active, answer)


def run(desk: Desk, task: Task, cancel: Cancel | None = None) -> Run:
    return recipe.run(
        desk.workspace, desk.repository, task, Trigger.USER, InStep(desk.events.append), cancel or Cancel()
    )


def test_has_its_kind_steps_and_report_in_history(desk: Desk) -> None:
    desk.play(check=CHECKED)
    done = run(desk, Check())
    assert (done.kind, done.status, done.outcome) == (RunKind.CHECK, RunStatus.SUCCESS, Outcome.SUCCESS)
    assert done.report == {"problems": 0}
    assert [call.step for call in done.borg] == [BorgStep.CHECK]
    story = story_of(desk.workspace, done)
    assert (story.kind, [entry.name for entry in story.entries]) == (RunKind.CHECK, ["check"])
    assert desk.told(RunQueued)[0].kind is RunKind.CHECK
    assert [event.step for event in desk.told(StepBegan)] == [Step.ARMING, Step.CHECK]
    assert desk.told(RunEnded)[0].sentence == "Check of Docs finished. No damage was found."


def test_runs_no_script_of_a_backup(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.play(check=CHECKED)
    assert run(desk, Check()).executions == ()
    assert desk.journal() == []


def test_is_no_backup_to_those_who_ask_for_the_last_one(desk: Desk) -> None:
    desk.play(check=CHECKED)
    run(desk, Check())
    store = desk.workspace.store
    assert store.runs.newest(desk.repository.id) is None
    assert store.runs.strip(desk.repository.id) == ()
    assert store.repositories.get(desk.repository.id).last_run_at is None
    assert [one.kind for one in store.runs.list()] == [RunKind.CHECK]


def test_history_can_be_asked_for_one_kind(desk: Desk) -> None:
    desk.play(check=CHECKED, create={"replay": str(Path(__file__).parents[2] / "data/borg/1.4/create_success")})
    checked, made = run(desk, Check()), desk.run()
    runs = desk.workspace.store.runs
    assert [one.id for one in runs.list(kind=RunKind.CHECK)] == [checked.id]
    assert [one.id for one in runs.list(kind=RunKind.BACKUP)] == [made.id]


def test_what_it_refuses_is_a_failure_that_says_why(desk: Desk) -> None:
    done = run(desk, Check("There is nothing to check."))
    assert (done.status, done.error) == (RunStatus.FAILURE, "There is nothing to check.")
    assert desk.commands() == []
    story = story_of(desk.workspace, done)
    assert [(entry.kind, entry.status) for entry in story.entries] == [(Kind.BORG, ExecutionStatus.SKIPPED)]


def test_a_failing_borg_is_its_failure(desk: Desk) -> None:
    desk.play(check={"steps": ["broken"], "exit_code": 2})
    done = run(desk, Check())
    assert (done.status, done.borg_exit_code) == (RunStatus.FAILURE, 2)


def test_waits_for_its_turn_and_can_be_stopped_there(desk: Desk) -> None:
    cancel, task, ended = Cancel(), Check(), []
    turn = Turn.try_take(desk.workspace, turn_of(desk.repository))
    assert turn is not None
    with turn:
        thread = threading.Thread(target=lambda: ended.append(run(desk, task, cancel)))
        thread.start()
        wait_until(lambda: desk.told(RunQueued))
        cancel.ask()
        thread.join(60)
    assert not task.began.is_set()
    assert [one.status for one in ended] == [RunStatus.CANCELLED]


def test_a_repository_that_nobody_can_look_at_has_a_turn_by_its_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BorgDeskError("no process can be started")

    monkeypatch.setattr(recipe, "probe", refuse)
    desk.play(check=CHECKED)
    assert run(desk, Check()).status is RunStatus.SUCCESS


def test_a_run_whose_turn_cannot_be_taken_is_not_in_the_way_of_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    desk.play(check=CHECKED)
    with monkeypatch.context() as patch:
        patch.setattr(recipe, "wait_for_turn", fail)
        done = run(desk, Check())
    assert (done.status, done.error) == (RunStatus.FAILURE, "The run could not start: a defect")
    assert run(desk, Check()).status is RunStatus.SUCCESS


@pytest.mark.parametrize("kind", RunKind)
def test_every_kind_has_its_sentence(kind: RunKind) -> None:
    assert subject(kind, "Docs").endswith("Docs")
    others = [interrupted(other).in_words() for other in RunKind if other is not kind]
    assert interrupted(kind).in_words() not in others
    assert interrupted(kind, before_start=True).in_words() != interrupted(kind).in_words()
    assert interrupted_title(kind)
    assert words.KINDS[kind]
    assert set(timeline.BORG_STEPS) == set(BorgStep)
