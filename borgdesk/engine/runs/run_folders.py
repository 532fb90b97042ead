"""Names the folders and files of runs and of tests of scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.engine.workspace import Workspace


def now() -> datetime:
    """Return the current time, aware, in the resolution of the history."""
    return datetime.now(UTC)


def run_folder(workspace: Workspace, run_id: RunId) -> Path:
    """Return the private folder of a run: log, events, output, and the notes its scripts leave each other."""
    return workspace.paths.runs / str(run_id)


def test_folder(workspace: Workspace, execution_id: ExecutionId) -> Path:
    """Return the private folder of a test of a script."""
    return workspace.paths.tests / str(execution_id)


def notes_in(folder: Path) -> Path:
    """Return the part of a run's folder that scripts know as ``BORGDESK_STATE_DIR``."""
    return folder / "state"


def log_in(folder: Path) -> Path:
    """Return the log file in a run's folder."""
    return folder / "run.log"
