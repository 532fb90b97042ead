"""Stores the Borg calls of each run, with their results."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from borgdesk.domain.history import BorgCall
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import BorgStep
from borgdesk.store.database import Database
from borgdesk.store.tables import BorgCallRow

_ORDER = {step: place for place, step in enumerate(BorgStep)}
_WITHOUT_OUTPUT = (defer(BorgCallRow.stdout, raiseload=True), defer(BorgCallRow.stderr, raiseload=True))


class BorgCalls:
    """Reads and writes the records of Borg's steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, run_id: RunId, call: BorgCall) -> None:
        """Store the current state of a step of Borg, replacing the previous one."""
        with self._database.writing() as session:
            row = session.get(BorgCallRow, (run_id, call.step)) or BorgCallRow(run_id=run_id, step=call.step)
            row.status, row.exit_code, row.errors = call.status, call.exit_code, call.errors
            row.started_at, row.finished_at = call.started_at, call.finished_at
            row.stdout, row.stderr, row.truncated = call.stdout, call.stderr, call.truncated
            session.add(row)


def borg_calls_of(session: Session, run_id: RunId, *, with_output: bool) -> tuple[BorgCall, ...]:
    """Return the steps of Borg in a run, in order."""
    query = select(BorgCallRow).where(BorgCallRow.run_id == run_id)
    if not with_output:
        query = query.options(*_WITHOUT_OUTPUT)
    calls = [_call_from(row, with_output=with_output) for row in session.scalars(query)]
    return tuple(sorted(calls, key=lambda call: _ORDER[call.step]))


def _call_from(row: BorgCallRow, *, with_output: bool) -> BorgCall:
    return BorgCall(
        row.step,
        row.status,
        row.started_at,
        row.finished_at,
        row.exit_code,
        row.errors,
        stdout=row.stdout if with_output else "",
        stderr=row.stderr if with_output else "",
        truncated=row.truncated,
    )
