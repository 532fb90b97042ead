"""Finds out whether dead processes have left anything, without what it takes to put that in order."""

from __future__ import annotations

from borgdesk.domain.history import Run
from borgdesk.engine.processes import procfs
from borgdesk.engine.secrets.added_secrets import are_any_left
from borgdesk.engine.workspace import Workspace


def is_dead(run: Run) -> bool:
    """Return whether the process responsible for *run* is gone. A pid alone is reused."""
    return run.owner is None or not procfs.is_alive(run.owner)


def are_there(workspace: Workspace) -> bool:
    """Return whether a recovery has anything to look at.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    store = workspace.store
    return bool(
        any(is_dead(run) for run in store.run_reader.unfinished())
        or store.run_reader.owing()
        or store.execution_reader.unfinished_tests()
        or store.kept_secrets.unneeded()
        or are_any_left(workspace)
    )
