"""Database as the first version of BorgDesk created it, with a long history."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from borgdesk.store import schema

Row = Mapping[str, object]

BEGAN = datetime(2024, 1, 1, 2, 30)  # noqa: DTZ001 - as SQLite keeps it
NOTE = "Retention was left for the next run.\nStill owed: “Start ä”."
REASONS = (None, "exit 1", 'condition is failure, outcome was "success" \\ {100 %}')


def make(path: Path, runs: int) -> None:
    """Create runs an hour apart with two scripts each, every third one with a note."""
    schema.prepare(path, newest="0001")
    with closing(sqlite3.connect(path)) as connection:
        _insert(connection, "backup_jobs", [_run(number) for number in range(1, runs + 1)])
        _insert(connection, "script_executions", [_execution(number) for number in range(1, 2 * runs + 1)])
        connection.commit()


def _run(number: int) -> Row:
    return {
        "id": number, "repository": "Documents", "location": "/backup/documents", "trigger": "schedule",
        "status": "success", "step": "done", "outcome": "success", "tainted": 0, "recovered": 0,
        "queued_at": f"{BEGAN + timedelta(hours=number)}.250000", "note": NOTE if number % 3 == 0 else None,
    }  # fmt: skip


def _execution(number: int) -> Row:
    return {
        "id": number, "run_id": (number + 1) // 2, "script": "Stop ä", "hook": "pre-backup", "execution_order": 1,
        "timeout": 60, "run_on": "always", "on_failure": "stop", "parameters": "{}", "secrets": "[]",
        "status": "skipped", "truncated": 0, "recovered": 0, "reason": REASONS[number % 3],
        "stdout": "said\n" * 200, "stderr": "",
    }  # fmt: skip


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    columns = rows[0].keys()
    values = ", ".join(f":{name}" for name in columns)
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", rows)
