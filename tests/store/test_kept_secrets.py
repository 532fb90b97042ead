"""Secrets that outlive their owners, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from borgdesk.domain.history import PlannedScript, Run
from borgdesk.domain.ids import AssignmentId, RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, RunStatus, Trigger
from borgdesk.domain.script import Script
from borgdesk.store.clock import now
from borgdesk.store.kept_secrets import KeptSecret
from borgdesk.store.store import Store
from borgdesk.store.tables import KeptSecretRow
from tests.store.samples import ME, T0, planned


def queued(store: Store, repository: Repository) -> Run:
    return store.runs.queue(repository, Trigger.USER, ME, T0)


def finished(store: Store, run: Run, status: RunStatus = RunStatus.SUCCESS) -> None:
    for execution in store.executions.of_run(run.id):
        store.executions.end(execution.id, ExecutionStatus.SUCCESS, finished_at=T0)
    store.runs.settle(run.id, Outcome(status.value))
    store.runs.finish(run.id, status, T0)


def armed(store: Store, run: Run, script: PlannedScript) -> None:
    store.runs.arm(run.id, T0, [script])


def test_runs_that_need_an_assignment(store: Store, documents: Repository) -> None:
    other, mine, over, owing = (queued(store, documents) for _ in range(4))
    armed(store, other, replace(planned(), assignment_id=AssignmentId(8)))
    for run in (mine, over, owing):
        armed(store, run, replace(planned(), assignment_id=AssignmentId(7)))
    finished(store, over)
    store.runs.finish(owing.id, RunStatus.INTERRUPTED, T0)
    assert store.kept_secrets.needed_by(assignment=AssignmentId(7)) == [mine.id, owing.id]
    assert store.kept_secrets.needed_by(assignment=AssignmentId(9)) == []
    assert store.kept_secrets.needed_by() == [other.id, mine.id, owing.id]


def test_runs_that_need_a_repository(store: Store, documents: Repository) -> None:
    photos = store.repositories.add(Repository(RepositoryId(0), "Photos", "/backup/photos"))
    mine, over, foreign = queued(store, documents), queued(store, documents), queued(store, photos)
    finished(store, over)
    assert store.kept_secrets.needed_by(repository=documents.id) == [mine.id]
    assert store.kept_secrets.needed_by(repository=photos.id) == [foreign.id]
    assert store.kept_secrets.needed_by(repository=photos.id, assignment=AssignmentId(7)) == []


def test_what_is_kept_for_a_run(store: Store, documents: Repository) -> None:
    run, other = queued(store, documents), queued(store, documents)
    store.kept_secrets.keep(run.id, "assignment:7", {"B", "A"})
    store.kept_secrets.keep(other.id, "assignment:7", {"C"})
    kept = [KeptSecret("assignment:7", name, run.id) for name in "AB"]
    assert store.kept_secrets.of_run(run.id) == kept
    assert store.kept_secrets.unneeded() == []
    finished(store, run)
    assert store.kept_secrets.unneeded() == kept
    store.kept_secrets.drop(kept[0])
    assert store.kept_secrets.unneeded() == kept[1:]
    assert store.kept_secrets.of_run(other.id) == [KeptSecret("assignment:7", "C", other.id)]


@pytest.mark.parametrize(("hours", "needed"), [(0, True), (23, True), (25, False)])
def test_what_an_editor_may_bring_back_is_kept_for_a_day(store: Store, hours: int, needed: bool) -> None:
    store.kept_secrets.keep(None, "assignment:7", {"A"})
    with store.database.writing() as session:
        session.execute(update(KeptSecretRow).values(kept_at=now() - timedelta(hours=hours)))
    kept = KeptSecret("assignment:7", "A", None)
    assert store.kept_secrets.unneeded() == ([] if needed else [kept])
    store.kept_secrets.drop(replace(kept, name="B"))
    store.kept_secrets.drop(replace(kept, owner="assignment:8"))
    assert store.kept_secrets.unneeded() == ([] if needed else [kept])
    store.kept_secrets.drop(kept)
    assert store.kept_secrets.unneeded() == []


def test_dropping_what_an_editor_kept_leaves_what_a_run_needs(store: Store, documents: Repository) -> None:
    run = queued(store, documents)
    store.kept_secrets.keep(None, "assignment:7", {"A"})
    store.kept_secrets.keep(run.id, "assignment:7", {"A"})
    store.kept_secrets.drop(KeptSecret("assignment:7", "A", None))
    assert store.kept_secrets.of_run(run.id) == [KeptSecret("assignment:7", "A", run.id)]


def test_what_is_back_is_in_use(store: Store, documents: Repository, script: Script) -> None:
    place = store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP, secrets=["TOKEN"])
    assert store.kept_secrets.is_in_use(KeptSecret(f"assignment:{place.id}", "TOKEN", None))
    assert not store.kept_secrets.is_in_use(KeptSecret(f"assignment:{place.id}", "OTHER", None))
    assert not store.kept_secrets.is_in_use(KeptSecret(f"assignment:{place.id + 1}", "TOKEN", None))
    passphrase = KeptSecret(f"repository:{documents.id}", "passphrase", None)
    assert not store.kept_secrets.is_in_use(passphrase)
    store.repositories.update(replace(documents, has_passphrase=True))
    assert store.kept_secrets.is_in_use(passphrase)
    assert not store.kept_secrets.is_in_use(replace(passphrase, owner="repository:99"))
