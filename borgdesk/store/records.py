"""Reads rows with plain SQL, for commands and windows that do not wait for the import of SQLAlchemy.

A record has the attributes of the row class in :mod:`borgdesk.store.tables`, with equal values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from borgdesk.domain.run import (
    ExecutionStatus,
    Hook,
    OnFailure,
    Outcome,
    RunKind,
    RunOn,
    RunStatus,
    Step,
    Trigger,
)
from borgdesk.domain.schedule import SlotState
from borgdesk.store.database import SqlExecutor
from borgdesk.store.values import document_from, reasons_from, time_from

_From = Callable[[Any], Any]
"""Returns the value of a column that is not NULL."""


class Record(SimpleNamespace):
    """A row."""


def records(connection: SqlExecutor, table: str, query: str, values: Sequence[object] = ()) -> list[Record]:
    """Return the rows of a query that selects columns of a *table*, or all of them, and perhaps others.

    Others are left as they are stored.
    """
    cursor = connection.execute(query, values)
    of_table = _COLUMNS[table]
    columns = [(_ATTRIBUTES.get(name, name), of_table.get(name)) for name, *_ in cursor.description]
    return [
        Record(
            **{
                name: value if convert is None or (value is None and convert is not reasons_from) else convert(value)
                for (name, convert), value in zip(columns, row, strict=True)
            }
        )
        for row in cursor
    ]


def one_of(members: Iterable[StrEnum]) -> str:
    """Return the list of these values for an IN condition."""
    return "(" + ", ".join(f"'{member.value}'" for member in members) + ")"


_ATTRIBUTES = {"reason": "reasons", "error": "errors", "note": "notes"}
"""Columns whose attribute has another name."""


def _each(convert: _From, *columns: str) -> dict[str, _From]:
    return dict.fromkeys(columns, convert)


_COLUMNS: dict[str, dict[str, _From]] = {
    "repositories": {
        **_each(document_from, "sources", "excludes", "retention", "filled_sources"),
        **_each(bool, "exclude_caches", "one_file_system", "has_passphrase", "continue_on_hook_failure"),
        **_each(bool, "fail_on_missing_source", "append_only", "has_deleted"),
        **_each(time_from, "created_at", "compacted_at"),
    },
    "schedules": {
        "conditions": document_from,
        **_each(time_from, "paused_until", "changed_at", "connected_at", "check_since"),
    },
    "slots": {"state": SlotState, "reason": reasons_from, **_each(time_from, "due_at", "next_try")},
    "scripts": {
        "run_on": RunOn.parse,
        "last_result": ExecutionStatus,
        **_each(time_from, "last_used_at", "created_at"),
    },
    "repository_scripts": {
        "hook": Hook,
        "enabled": bool,
        "run_on": RunOn.parse,
        "on_failure": OnFailure,
        **_each(document_from, "parameters", "secrets"),
    },
    "backup_jobs": {
        "trigger": Trigger,
        "status": RunStatus,
        "step": Step,
        "outcome": Outcome,
        "kind": RunKind,
        "report": document_from,
        **_each(bool, "tainted", "recovered"),
        **_each(time_from, "queued_at", "started_at", "finished_at"),
        **_each(reasons_from, "error", "note"),
    },
    "script_executions": {
        "hook": Hook,
        "run_on": RunOn.parse,
        "on_failure": OnFailure,
        "status": ExecutionStatus,
        "reason": reasons_from,
        **_each(document_from, "parameters", "secrets"),
        **_each(bool, "truncated", "recovered"),
        **_each(time_from, "started_at", "finished_at"),
    },
    "kept_secrets": {"kept_at": time_from},
    "settings": {"value": document_from},
}
"""The columns whose values are not as they are stored, by table."""
