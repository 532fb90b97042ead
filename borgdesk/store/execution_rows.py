"""Converts rows of script executions to values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import Execution, PlannedScript, ProcessIdentity
from borgdesk.domain.holding import HoldKey
from borgdesk.domain.run import Hook

if TYPE_CHECKING:
    from borgdesk.store.records import Record
    from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow

_LANE_ORDER = {hook: place for place, hook in enumerate(Hook)}


def place_of(row: ScriptExecutionRow | Record) -> tuple[int, int, int]:
    """Return the sort key of a script in its run: lane and position."""
    return _LANE_ORDER[row.hook], row.execution_order, row.id


def execution_from(row: ScriptExecutionRow | Record, *, with_output: bool = True) -> Execution:
    """Convert a row to a value."""
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
            hold=None if row.hold is None else HoldKey.unpacked(row.hold),
        ),
        status=row.status,
        reasons=row.reasons,
        exit_code=row.exit_code,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stdout=row.stdout if with_output else "",
        stderr=row.stderr if with_output else "",
        truncated=row.truncated,
        recovered=row.recovered,
        repository=row.repository,
        owner=owner_of(row),
        token=row.token,
    )


def owner_of(row: ScriptExecutionRow | BackupJobRow | Record) -> ProcessIdentity | None:
    """Return the process responsible for a row."""
    if row.owner_pid is None or row.owner_started is None or row.owner_boot_id is None:
        return None
    return ProcessIdentity(row.owner_pid, row.owner_started, row.owner_boot_id)
