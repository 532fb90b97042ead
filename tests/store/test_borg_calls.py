"""Borg's steps in the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from borgdesk.domain.history import BorgCall
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, RunStatus, Trigger
from borgdesk.store.store import Store
from tests.store.samples import ME, T0


def test_steps_are_kept_whole_in_their_order_and_replaced_as_they_go_on(store: Store, documents: Repository) -> None:
    run, other = (store.runs.queue(documents, Trigger.USER, ME, T0) for _ in range(2))
    prune = BorgCall(BorgStep.PRUNE, RunStatus.RUNNING, T0)
    create = BorgCall(
        BorgStep.CREATE,
        RunStatus.WARNING,
        T0,
        T0 + timedelta(minutes=1),
        exit_code=100,
        errors=(text("A file changed."),),
        stdout="listed",
        stderr="warned",
        truncated=True,
    )
    store.borg_calls.put(run.id, prune)
    store.borg_calls.put(run.id, create)
    store.borg_calls.put(other.id, prune)
    assert store.runs.get(run.id).borg == (create, prune)
    ended = replace(prune, status=RunStatus.SUCCESS, finished_at=T0, exit_code=0)
    store.borg_calls.put(run.id, ended)
    assert store.runs.get(run.id).borg == (create, ended)
    assert store.runs.get(other.id).borg == (prune,)
    assert store.runs.get(run.id, with_output=False).borg == (replace(create, stdout="", stderr=""), ended)
