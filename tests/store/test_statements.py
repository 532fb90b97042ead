"""Prepared statements, alone and in one transaction with a session."""

from __future__ import annotations

from contextlib import suppress

import pytest

from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Step, Trigger
from borgdesk.store.store import Store
from tests.store.samples import ME, T0, planned

PENDING, RUNNING = ExecutionStatus.PENDING, ExecutionStatus.RUNNING
SUCCESS, SKIPPED = ExecutionStatus.SUCCESS, ExecutionStatus.SKIPPED


@pytest.fixture
def armed(store: Store, documents: Repository) -> Run:
    run = store.runs.queue(documents, Trigger.USER, ME, T0)
    return store.runs.arm(run.id, T0, [planned(f"Script {number}", order=number) for number in range(3)])


def statuses(store: Store, run: Run) -> list[ExecutionStatus]:
    return [execution.status for execution in store.executions.of_run(run.id)]


def in_turn(store: Store, run: Run) -> None:
    """Write prepared, by a session, prepared, by a session: two rows are written by both."""
    first, second, third = run.executions
    store.executions.begin(first.id, T0)
    store.executions.skip(second.id, text("not needed"))
    store.executions.end(first.id, SUCCESS, finished_at=T0)
    store.runs.set_step(run.id, Step.CREATE)
    store.executions.begin(second.id, T0)
    store.executions.still_owed(second.id)
    store.executions.skip(third.id, text("not needed"))


def test_a_transaction_holds_what_sessions_and_statements_write_in_turn(store: Store, armed: Run) -> None:
    with store.database.together():
        in_turn(store, armed)
    assert statuses(store, armed) == [SUCCESS, PENDING, SKIPPED]
    assert store.runs.get(armed.id).step is Step.CREATE
    assert store.executions.get(armed.executions[1].id).started_at == T0


@pytest.mark.parametrize("with_a_session", [True, False])
def test_of_a_transaction_that_fails_nothing_stays(store: Store, armed: Run, with_a_session: bool) -> None:
    with suppress(NotFound), store.database.together():
        if with_a_session:
            in_turn(store, armed)
        store.executions.begin(armed.executions[2].id, T0)
        store.executions.begin(ExecutionId(2**40), T0)
    assert statuses(store, armed) == [PENDING] * 3
    assert store.runs.get(armed.id).step is Step.ARMING
    store.executions.begin(armed.executions[0].id, T0)
    assert statuses(store, armed) == [RUNNING, PENDING, PENDING]


def test_what_fails_in_a_session_takes_what_was_prepared_with_it(store: Store, armed: Run) -> None:
    with suppress(NotFound), store.database.together():
        store.executions.begin(armed.executions[0].id, T0)
        store.executions.skip(ExecutionId(2**40), text("there is none"))
    assert statuses(store, armed) == [PENDING] * 3


def test_together_in_together_is_one_transaction(store: Store, armed: Run) -> None:
    with suppress(NotFound), store.database.together():
        with store.database.together():
            store.executions.begin(armed.executions[0].id, T0)
        store.executions.begin(ExecutionId(2**40), T0)
    assert statuses(store, armed) == [PENDING] * 3


def test_a_statement_keeps_values_as_a_session_does(store: Store, armed: Run) -> None:
    first = armed.executions[0].id
    store.executions.begin(first, T0, recovered=True)
    store.executions.end(
        first, ExecutionStatus.FAILED, reasons=(text("no \udcff"),), exit_code=3, finished_at=T0,
        stdout="a\0b", stderr="c", truncated=True,
    )  # fmt: skip
    kept: Execution = store.executions.get(first)
    assert (kept.status, kept.reason, kept.exit_code) == (ExecutionStatus.FAILED, "no \ufffd", 3)
    assert (kept.stdout, kept.stderr, kept.truncated, kept.recovered) == ("a\ufffdb", "c", True, True)
    assert (kept.started_at, kept.finished_at) == (T0, T0)
    with pytest.raises(ValueError, match="time zone"):
        store.executions.begin(first, T0.replace(tzinfo=None))
