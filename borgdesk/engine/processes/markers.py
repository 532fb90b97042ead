"""Environment variables that mark the processes of a run or a call, so that they can be found, also after it has died.

The mark of a run is a random token kept in the database rather than the path of the run's folder: a folder can have
several spellings, and the recovering process may know it by another one.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from borgdesk.domain.ids import ExecutionId
from borgdesk.engine.processes.procfs import Marker

_TOKEN = "BORGDESK_RUN_TOKEN"  # noqa: S105 - the name of a variable, and nothing secret
_EXECUTION = "BORGDESK_EXECUTION_ID"
_BORG, _SUPERVISOR = "borg", "supervisor"
"""Used in place of an execution id by processes of a run that are not scripts."""


def mark_of(token: str | None, notes: Path) -> str:
    """Return the ``NAME=value`` shared by all processes of a run; runs older than tokens share *notes*."""
    return f"{_TOKEN}={token}" if token else f"BORGDESK_STATE_DIR={notes}"


def execution_marker(mark: str, execution_id: ExecutionId) -> Marker:
    """Return the marker of one script's processes."""
    return frozenset({mark, f"{_EXECUTION}={execution_id}"})


def borg_marker(mark: str) -> Marker:
    """Return the marker of a run's Borg processes."""
    return frozenset({mark, f"{_EXECUTION}={_BORG}"})


def supervisor_marker(mark: str) -> Marker:
    """Return the marker of a run's supervisors, which scripts do not carry."""
    return frozenset({mark, f"{_EXECUTION}={_SUPERVISOR}"})


def call_marker() -> Marker:
    """Return a new marker, for the processes of one call that belongs to no run."""
    return frozenset({f"BORGDESK_CALL={uuid.uuid4().hex}"})


def marked(marker: Marker) -> dict[str, str]:
    """Return the environment variables that set *marker*."""
    return dict(assignment.split("=", 1) for assignment in marker)
