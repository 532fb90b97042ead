"""Reads executions of scripts that a start asks for, without SQLAlchemy."""

from __future__ import annotations

import sqlite3

from borgdesk.domain.history import Execution
from borgdesk.domain.ids import RunId
from borgdesk.store.database import Database
from borgdesk.store.execution_rows import execution_from, place_of
from borgdesk.store.records import records

_WITHOUT_OUTPUT = (
    "SELECT id, run_id, script_id, assignment_id, script, repository, hook, execution_order, timeout, run_on, "
    "on_failure, revision, parameters, secrets, status, exit_code, started_at, finished_at, truncated, recovered, "
    "owner_pid, owner_started, owner_boot_id, token, problem, reason, hold FROM script_executions"
)


class ExecutionReader:
    """Reads the rows of script executions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished_tests(self) -> list[Execution]:
        """Return unfinished tests, oldest first: running ones, and those whose process died."""
        query = f"{_WITHOUT_OUTPUT} WHERE run_id IS NULL AND status = 'running' ORDER BY id"
        with self._database.snapshot() as connection:
            rows = records(connection, "script_executions", query)
        return [execution_from(row, with_output=False) for row in rows]


def executions_without_output(connection: sqlite3.Connection, run_id: RunId) -> tuple[Execution, ...]:
    """Return all scripts of a run, by lane and position."""
    rows = records(connection, "script_executions", f"{_WITHOUT_OUTPUT} WHERE run_id = ?", [run_id])
    return tuple(execution_from(row, with_output=False) for row in sorted(rows, key=place_of))
