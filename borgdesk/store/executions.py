"""Stores the executions of single scripts, in runs and in tests."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session, defer

from borgdesk.domain.downtime import Side
from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Execution, PlannedScript, ProcessIdentity
from borgdesk.domain.ids import AssignmentId, ExecutionId, RepositoryId, RunId, ScriptId
from borgdesk.domain.reasons import Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, RunKind
from borgdesk.store.database import MAX_ID
from borgdesk.store.execution_reader import ExecutionReader
from borgdesk.store.execution_rows import execution_from, place_of
from borgdesk.store.rows import row_by_id
from borgdesk.store.statements import Prepared
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow, ScriptRow, ScriptTestRow
from borgdesk.translation import _

WITHOUT_OUTPUT = (
    defer(ScriptExecutionRow.stdout, raiseload=True),
    defer(ScriptExecutionRow.stderr, raiseload=True),
)

_EXECUTIONS = cast(Table, ScriptExecutionRow.__table__)
_SCRIPTS = cast(Table, ScriptRow.__table__)


# Compiled once, in plain SQL: a run waits for them before and after each of its scripts.
def _changing(*columns: str) -> Prepared:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return Prepared(update(_EXECUTIONS).where(_EXECUTIONS.c.id == bindparam("execution")).values(values))


_BEGIN = _changing("status", "started_at", "finished_at", "recovered")
_END = _changing("status", "reason", "exit_code", "finished_at", "stdout", "stderr", "truncated")
_OF_SCRIPT = update(_SCRIPTS).where(
    _SCRIPTS.c.id
    == select(_EXECUTIONS.c.script_id)
    .where(_EXECUTIONS.c.id == bindparam("execution"), _EXECUTIONS.c.run_id.is_not(None))
    .scalar_subquery()
)
_USED = Prepared(
    _OF_SCRIPT.values(usage_count=_SCRIPTS.c.usage_count + literal_column("1"), last_used_at=bindparam("at"))
)
_RESULT = Prepared(_OF_SCRIPT.values(last_result=bindparam("result")))


class Executions(ExecutionReader):
    """Reads and writes the rows of script executions. Unknown ids raise :class:`NotFound`."""

    def of_run(self, run_id: RunId, *, with_output: bool = False) -> tuple[Execution, ...]:
        """Return all scripts of a run, by lane and position."""
        with self._database.reading() as session:
            return executions_of(session, run_id, with_output=with_output)

    def latest(self, repository_id: RepositoryId, runs: int) -> list[dict[AssignmentId, Side]]:
        """Return the scripts of the newest backups of a repository, newest first, each by its assignment."""
        newest = (
            select(BackupJobRow.id)
            .where(BackupJobRow.repository_id == repository_id, BackupJobRow.kind == RunKind.BACKUP)
            .order_by(BackupJobRow.id.desc())
            .limit(runs)
        )
        row = ScriptExecutionRow
        columns = (row.run_id, row.assignment_id, row.script, row.hook, row.status, row.finished_at)
        with self._database.reading() as session:
            found: dict[RunId, dict[AssignmentId, Side]] = {run_id: {} for run_id in session.scalars(newest)}
            query = select(*columns).where(row.run_id.in_(found), row.assignment_id.is_not(None))
            for run_id, assignment_id, name, hook, status, finished_at in session.execute(query):
                if run_id is not None and assignment_id is not None:
                    found[run_id][assignment_id] = Side(name, hook, status, finished_at)
        return [*found.values()]

    def begin(self, execution_id: ExecutionId, started_at: datetime, recovered: bool = False) -> None:
        """Record that the script is about to start; the library counts it, unless this is a test."""
        values = {
            "new_status": ExecutionStatus.RUNNING,
            "new_started_at": started_at,
            "new_finished_at": None,
            "new_recovered": recovered,
        }
        self._change(execution_id, _BEGIN, values, _USED, {"at": started_at})

    def _change(
        self,
        execution_id: ExecutionId,
        statement: Prepared,
        values: Mapping[str, object],
        script_statement: Prepared,
        script_values: Mapping[str, object],
    ) -> None:
        """Update an execution and the library script that it uses; tests and inline scripts have none."""
        with self._database.transaction() as transaction:
            if not (
                0 < execution_id <= MAX_ID and transaction.run(statement, {"execution": execution_id, **values}) > 0
            ):
                raise _not_found(execution_id)
            transaction.run(script_statement, {"execution": execution_id, **script_values})

    def end(
        self,
        execution_id: ExecutionId,
        status: ExecutionStatus,
        *,
        reasons: tuple[Reason, ...] = (),
        exit_code: int | None = None,
        finished_at: datetime,
        stdout: str = "",
        stderr: str = "",
        truncated: bool = False,
    ) -> None:
        """Record that the script ended."""
        values = {
            "new_status": status,
            "new_reason": reasons,
            "new_exit_code": exit_code,
            "new_finished_at": finished_at,
            "new_stdout": stdout,
            "new_stderr": stderr,
            "new_truncated": truncated,
        }
        self._change(execution_id, _END, values, _RESULT, {"result": status})

    def skip(self, execution_id: ExecutionId, reason: Reason) -> None:
        """Record that the script is skipped."""
        with self._database.writing() as session:
            row = _row(session, execution_id)
            row.status = ExecutionStatus.SKIPPED
            row.reasons = (reason,)

    def still_owed(self, execution_id: ExecutionId) -> None:
        """Make it pending again, and keep the output of the failed attempt: a later recovery will retry it."""
        with self._database.writing() as session:
            _row(session, execution_id).status = ExecutionStatus.PENDING

    def begin_test(
        self,
        planned: PlannedScript,
        repository: Repository | None,
        started_at: datetime,
        owner: ProcessIdentity | None = None,
    ) -> Execution:
        """Record that process *owner* is about to test a script, with *repository* as its context."""
        with self._database.writing() as session:
            row = ScriptExecutionRow(**values_of(planned, repository.name if repository else None))
            row.hook = Hook.TEST
            row.status = ExecutionStatus.RUNNING
            row.started_at = started_at
            row.token = secrets.token_hex(16)
            if owner is not None:
                row.owner_pid, row.owner_started, row.owner_boot_id = owner.pid, owner.started, owner.boot_id
            session.add(row)
            session.flush()
            newest = session.scalar(select(func.max(BackupJobRow.id))) or RunId(0)
            session.add(ScriptTestRow(execution_id=row.id, after_run=newest))
            return execution_from(row)

    def tests(self, script_id: ScriptId, limit: int = 50) -> list[Execution]:
        """Return the last tests of a script, newest first, without output."""
        query = (
            select(ScriptExecutionRow)
            .where(ScriptExecutionRow.script_id == script_id, ScriptExecutionRow.run_id.is_(None))
            .order_by(ScriptExecutionRow.id.desc())
            .limit(limit)
            .options(*WITHOUT_OUTPUT)
        )
        with self._database.reading() as session:
            return [execution_from(row, with_output=False) for row in session.scalars(query)]

    def get(self, execution_id: ExecutionId) -> Execution:
        """Return one execution with its output."""
        with self._database.reading() as session:
            return execution_from(_row(session, execution_id))


def executions_of(session: Session, run_id: RunId, *, with_output: bool) -> tuple[Execution, ...]:
    """Return all scripts of a run, by lane and position."""
    query = select(ScriptExecutionRow).where(ScriptExecutionRow.run_id == run_id)
    if not with_output:
        query = query.options(*WITHOUT_OUTPUT)
    rows: Sequence[ScriptExecutionRow] = session.scalars(query).all()
    return tuple(execution_from(row, with_output=with_output) for row in sorted(rows, key=place_of))


def values_of(planned: PlannedScript, repository: str | None) -> dict[str, Any]:
    """Return the column values for a pending execution of a planned script."""
    return {
        "script_id": planned.script_id,
        "assignment_id": planned.assignment_id,
        "script": planned.name,
        "repository": repository,
        "hook": planned.hook,
        "execution_order": planned.order,
        "timeout": planned.policy.timeout,
        "run_on": planned.policy.run_on,
        "on_failure": planned.policy.on_failure,
        "revision": planned.revision,
        "parameters": dict(planned.values),
        "secrets": sorted(planned.secrets),
        "problem": planned.problem,
        "hold": None if planned.hold is None else planned.hold.packed(),
        "status": ExecutionStatus.PENDING,
        "reasons": (),
        "stdout": "",
        "stderr": "",
        "truncated": False,
        "recovered": False,
    }


def _row(session: Session, execution_id: ExecutionId) -> ScriptExecutionRow:
    row = row_by_id(session, ScriptExecutionRow, execution_id)
    if row is None:
        raise _not_found(execution_id)
    return row


def _not_found(execution_id: ExecutionId) -> NotFound:
    return NotFound(_("There is no execution {execution_id} in history.").format(execution_id=execution_id))
