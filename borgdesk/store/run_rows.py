"""Converts rows of runs to values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from borgdesk.domain.history import ArchiveStatistics, BorgCall, Execution, Run
from borgdesk.store.execution_rows import owner_of

if TYPE_CHECKING:
    from borgdesk.store.records import Record
    from borgdesk.store.tables import BackupJobRow


def run_from(
    row: BackupJobRow | Record, executions: tuple[Execution, ...] = (), borg: tuple[BorgCall, ...] = ()
) -> Run:
    """Convert a row to a value."""
    statistics = None
    if row.original_size is not None and row.deduplicated_size is not None and row.files is not None:
        statistics = ArchiveStatistics(row.original_size, row.deduplicated_size, row.files)
    return Run(
        id=row.id,
        repository_id=row.repository_id,
        repository=row.repository,
        location=row.location,
        trigger=row.trigger,
        status=row.status,
        step=row.step,
        queued_at=row.queued_at,
        outcome=row.outcome,
        tainted=row.tainted,
        borg_exit_code=row.borg_exit_code,
        archive=row.archive,
        statistics=statistics,
        errors=row.errors,
        notes=row.notes,
        started_at=row.started_at,
        finished_at=row.finished_at,
        owner=owner_of(row),
        token=row.token,
        recovered=row.recovered,
        kind=row.kind,
        report=row.report,
        uid=row.uid,
        turn=row.turn or row.location,
        executions=executions,
        borg=borg,
    )
