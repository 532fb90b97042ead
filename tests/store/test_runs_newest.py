"""Newest runs, unreported recoveries, durations of lists and searches, and plans with secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from borgdesk.domain.errors import NotFound, RunRefused
from borgdesk.domain.history import ArchiveStatistics, Run
from borgdesk.domain.ids import ExecutionId, RepositoryId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, RunStatus, Trigger
from borgdesk.domain.script import Script
from borgdesk.store.store import Store
from tests.store.samples import ME, OTHER, T0, planned


def ended(store: Store, repository: Repository, outcome: Outcome, archive: str | None = None) -> Run:
    run = store.runs.queue(repository, Trigger.USER, ME, T0)
    store.runs.arm(run.id, T0, [])
    store.runs.settle(run.id, outcome, archive=archive)
    store.runs.finish(run.id, RunStatus(outcome.value), T0)
    return store.runs.get(run.id)


def test_the_newest_run_and_the_newest_good_one(store: Store, documents: Repository) -> None:
    assert (store.runs.newest_id(), store.runs.newest(documents.id)) == (0, None)
    success, warning, failure = (
        ended(store, documents, outcome) for outcome in (Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILURE)
    )
    waiting = store.runs.queue(documents, Trigger.USER, ME, T0)
    assert store.runs.newest_id() == waiting.id
    assert store.runs.newest(documents.id) == failure
    assert store.runs.newest(documents.id, good=True) == warning
    assert store.runs.newest(RepositoryId(documents.id + 1)) is None
    assert success.id < warning.id


def test_the_archives_of_a_repository(store: Store, documents: Repository) -> None:
    other = store.repositories.add(replace(documents, id=RepositoryId(0), name="Photos"))
    for repository, archive in ((documents, "a"), (documents, None), (documents, "b"), (other, "c")):
        ended(store, repository, Outcome.SUCCESS, archive)
    assert store.runs.archives_of(documents.id) == {"a", "b"}


def test_what_borg_said_of_the_archives_of_a_repository(store: Store, documents: Repository) -> None:
    other = store.repositories.add(replace(documents, id=RepositoryId(0), name="Photos"))
    said = ArchiveStatistics(original_size=1000, deduplicated_size=10, files=3)
    for repository, archive, statistics in (
        (documents, "a", said),
        (documents, "b", None),
        (documents, None, said),
        (other, "c", said),
        (documents, "empty", ArchiveStatistics(0, 0, 0)),
    ):
        run = store.runs.queue(repository, Trigger.USER, ME, T0)
        store.runs.settle(run.id, Outcome.SUCCESS, archive=archive, statistics=statistics)
    assert store.runs.archive_statistics(documents.id) == {"a": said, "empty": ArchiveStatistics(0, 0, 0)}
    assert store.runs.archive_statistics(other.id) == {"c": said}


def test_a_recovery_is_told_once(store: Store, documents: Repository) -> None:
    runs = [store.runs.queue(documents, Trigger.USER, ME, T0) for _ in range(3)]
    for run in runs:
        store.runs.arm(run.id, T0, [planned()])
        store.runs.claim(run.id, ME, OTHER)
    assert store.runs.untold() == []
    for run in runs[:2]:
        store.runs.finish(run.id, RunStatus.INTERRUPTED, T0)
    untold = store.runs.untold()
    assert [run.id for run in untold] == [run.id for run in runs[:2]]
    assert [one.planned.name for one in untold[0].executions] == ["Stop containers"]
    store.runs.mark_told([runs[0].id])
    assert [run.id for run in store.runs.untold()] == [runs[1].id]


def test_pages_have_a_usual_length(store: Store, documents: Repository, script: Script) -> None:
    for _ in range(51):
        ended(store, documents, Outcome.SUCCESS)
        store.executions.begin_test(planned(script_id=script.id), documents, T0)
    assert len(store.runs.list()) == 50
    assert len(store.runs.strip(documents.id)) == 30
    assert len(store.executions.tests(script.id)) == 50


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, 2**63, 10**30])
def test_ids_that_no_row_has(store: Store, number: int) -> None:
    calls = (
        store.executions.get,
        lambda execution: store.executions.begin(execution, T0),
        lambda execution: store.executions.end(execution, ExecutionStatus.SUCCESS, finished_at=T0),
        lambda execution: store.executions.skip(execution, text("no turn")),
        store.executions.still_owed,
    )
    for call in calls:
        with pytest.raises(NotFound, match=f"There is no execution {number} in history"):
            call(ExecutionId(number))


@pytest.mark.parametrize("planned_with", [{"TOKEN"}, {"TOKEN", "KEY"}])
def test_a_plan_with_a_secret_that_is_not_assigned_any_more_arms_nothing(
    store: Store, documents: Repository, script: Script, planned_with: set[str]
) -> None:
    place = store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP, secrets=["TOKEN"])
    run = store.runs.queue(documents, Trigger.USER, ME, T0)
    plan = replace(planned(), assignment_id=place.id, secrets=frozenset(planned_with))
    if planned_with == {"TOKEN"}:
        store.assignments.remove(place.id)
    with pytest.raises(RunRefused, match="was changed while the run was being prepared"):
        store.runs.arm(run.id, T0, [plan])
    assert store.runs.get(run.id).status is RunStatus.QUEUED


def test_a_plan_with_the_secrets_that_are_assigned_is_armed(
    store: Store, documents: Repository, script: Script
) -> None:
    place = store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP, secrets=["TOKEN", "KEY"])
    run = store.runs.queue(documents, Trigger.USER, ME, T0)
    plan = replace(planned(), assignment_id=place.id, secrets=frozenset({"TOKEN"}))
    (armed,) = store.runs.arm(run.id, T0, [plan]).executions
    assert (armed.planned.secrets, armed.truncated, armed.recovered) == (frozenset({"TOKEN"}), False, False)
