"""History of single scripts: their executions in runs, and their tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Execution, PlannedScript, ProcessIdentity
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, Policy
from borgdesk.store.database import Database, row_by_id
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow, ScriptRow

_LANE_ORDER = {hook: place for place, hook in enumerate(Hook)}
_WITHOUT_OUTPUT = (
    defer(ScriptExecutionRow.stdout, raiseload=True),
    defer(ScriptExecutionRow.stderr, raiseload=True),
)


class Executions:
    """Reads and writes the rows of single scripts. Ids that do not exist raise :class:`NotFound`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def executions(self, run_id: int, *, with_output: bool = False) -> tuple[Execution, ...]:
        """All scripts of a run, by lane and place."""
        with self._database.reading() as session:
            return executions_of(session, run_id, with_output=with_output)

    def begin(self, execution_id: int, started_at: datetime, recovered: bool = False) -> None:
        """The script is about to be started; the library counts it, unless this is a test."""
        with self._database.writing() as session:
            row = _row(session, execution_id)
            row.status = ExecutionStatus.RUNNING
            row.started_at = started_at
            row.finished_at = None
            row.recovered = recovered
            if script := _used_script(session, row):
                script.usage_count += 1
                script.last_used_at = started_at

    def end(
        self,
        execution_id: int,
        status: ExecutionStatus,
        *,
        reason: str | None = None,
        exit_code: int | None = None,
        finished_at: datetime,
        stdout: str = "",
        stderr: str = "",
        truncated: bool = False,
    ) -> None:
        """The script ended."""
        with self._database.writing() as session:
            row = _row(session, execution_id)
            row.status = status
            row.reason = reason
            row.exit_code = exit_code
            row.finished_at = finished_at
            row.stdout, row.stderr, row.truncated = stdout, stderr, truncated
            if script := _used_script(session, row):
                script.last_result = status

    def skip(self, execution_id: int, reason: str) -> None:
        """The script is not run, for a reason in words."""
        with self._database.writing() as session:
            row = _row(session, execution_id)
            row.status = ExecutionStatus.SKIPPED
            row.reason = reason

    def still_owed(self, execution_id: int) -> None:
        """Make it pending again, and keep what its failed try left: a later recovery will try once more."""
        with self._database.writing() as session:
            _row(session, execution_id).status = ExecutionStatus.PENDING

    def begin_test(
        self,
        planned: PlannedScript,
        repository: Repository | None,
        started_at: datetime,
        owner: ProcessIdentity | None = None,
    ) -> Execution:
        """Record that a script is about to be tested by the process *owner*, with *repository* as its context."""
        with self._database.writing() as session:
            row = row_of(planned, repository.name if repository else None)
            row.hook = Hook.TEST
            row.status = ExecutionStatus.RUNNING
            row.started_at = started_at
            if owner is not None:
                row.owner_pid, row.owner_started, row.owner_boot_id = owner.pid, owner.started, owner.boot_id
            session.add(row)
            session.flush()
            return execution_from(row)

    def tests(self, script_id: int, limit: int = 50) -> list[Execution]:
        """The last tests of a script, newest first, without output."""
        query = (
            select(ScriptExecutionRow)
            .where(ScriptExecutionRow.script_id == script_id, ScriptExecutionRow.run_id.is_(None))
            .order_by(ScriptExecutionRow.id.desc())
            .limit(limit)
            .options(*_WITHOUT_OUTPUT)
        )
        with self._database.reading() as session:
            return [execution_from(row, with_output=False) for row in session.scalars(query)]

    def execution(self, execution_id: int) -> Execution:
        """One execution with its output."""
        with self._database.reading() as session:
            return execution_from(_row(session, execution_id))

    def unfinished_tests(self) -> list[Execution]:
        """Tests that have not ended, oldest first: running now, or left by a process that died."""
        query = (
            select(ScriptExecutionRow)
            .where(ScriptExecutionRow.run_id.is_(None), ScriptExecutionRow.status == ExecutionStatus.RUNNING)
            .order_by(ScriptExecutionRow.id)
            .options(*_WITHOUT_OUTPUT)
        )
        with self._database.reading() as session:
            return [execution_from(row, with_output=False) for row in session.scalars(query)]


def executions_of(session: Session, run_id: int, *, with_output: bool) -> tuple[Execution, ...]:
    """All scripts of a run, by lane and place."""
    query = select(ScriptExecutionRow).where(ScriptExecutionRow.run_id == run_id)
    if not with_output:
        query = query.options(*_WITHOUT_OUTPUT)
    rows: Sequence[ScriptExecutionRow] = session.scalars(query).all()
    in_order = sorted(rows, key=lambda row: (_LANE_ORDER[row.hook], row.execution_order, row.id))
    return tuple(execution_from(row, with_output=with_output) for row in in_order)


def row_of(planned: PlannedScript, repository: str | None) -> ScriptExecutionRow:
    """A pending execution of a planned script."""
    return ScriptExecutionRow(
        script_id=planned.script_id,
        assignment_id=planned.assignment_id,
        script=planned.name,
        repository=repository,
        hook=planned.hook,
        execution_order=planned.order,
        timeout=planned.policy.timeout,
        run_on=planned.policy.run_on,
        on_failure=planned.policy.on_failure,
        revision=planned.revision,
        parameters=dict(planned.values),
        secrets=sorted(planned.secrets),
        problem=planned.problem,
        status=ExecutionStatus.PENDING,
        stdout="",
        stderr="",
        truncated=False,
        recovered=False,
    )


def execution_from(row: ScriptExecutionRow, *, with_output: bool = True) -> Execution:
    """The value of a row."""
    return Execution(
        id=row.id,
        run_id=row.run_id,
        planned=PlannedScript(
            name=row.script,
            hook=row.hook,
            order=row.execution_order,
            policy=Policy(row.run_on, row.on_failure, row.timeout),
            revision=row.revision,
            script_id=row.script_id,
            assignment_id=row.assignment_id,
            values=row.parameters,
            secrets=frozenset(row.secrets),
            problem=row.problem,
        ),
        status=row.status,
        reason=row.reason,
        exit_code=row.exit_code,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stdout=row.stdout if with_output else "",
        stderr=row.stderr if with_output else "",
        truncated=row.truncated,
        recovered=row.recovered,
        repository=row.repository,
        owner=owner_of(row),
    )


def owner_of(row: ScriptExecutionRow | BackupJobRow) -> ProcessIdentity | None:
    """The process that is responsible for a row."""
    if row.owner_pid is None or row.owner_started is None or row.owner_boot_id is None:
        return None
    return ProcessIdentity(row.owner_pid, row.owner_started, row.owner_boot_id)


def _row(session: Session, execution_id: int) -> ScriptExecutionRow:
    row = row_by_id(session, ScriptExecutionRow, execution_id)
    if row is None:
        raise NotFound(f"There is no execution {execution_id} in history.")
    return row


def _used_script(session: Session, row: ScriptExecutionRow) -> ScriptRow | None:
    """The script of the library that a run uses; None for a test, an inline one, and one that was removed meanwhile."""
    if row.run_id is None or row.script_id is None:
        return None
    return row_by_id(session, ScriptRow, row.script_id)


def matches(columns: Sequence[Any], text: str) -> list[Any]:
    """For each column the condition that it contains *text*, whatever its case."""
    return [column.icontains(text, autoescape=True) for column in columns]
