"""What the overview shows, asked from the store in one go."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.history import ArchiveStatistics, Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus
from borgdesk.engine import recovery
from borgdesk.engine.workspace import Workspace

STRIP = 30
"""Outcomes of a repository that are shown at a glance."""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A repository as its card shows it."""

    repository: Repository
    strip: tuple[RunStatus, ...] = ()
    statistics: ArchiveStatistics | None = None
    """Of the newest good archive."""
    elsewhere: Run | None = None
    """A run that is under way, be it by another process such as the command line."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page."""

    repositories: tuple[RepositoryState, ...] = ()
    owing: tuple[Run, ...] = ()
    """Runs of which scripts are still owed, with those scripts."""


def read_overview(workspace: Workspace) -> Overview:
    """Ask the store.

    Raises:
        StoreUnusable: it cannot be read.
    """
    store = workspace.store
    unfinished = [run for run in store.runs.unfinished() if not recovery.is_dead(run)]
    states = tuple(
        RepositoryState(
            repository,
            store.runs.strip(repository.id, STRIP),
            _statistics(workspace, repository),
            next((run for run in unfinished if run.repository_id == repository.id), None),
        )
        for repository in store.repositories.list()
    )
    owing = tuple(store.runs.get(run.id, with_output=False) for run in store.runs.owing())
    return Overview(states, owing)


def _statistics(workspace: Workspace, repository: Repository) -> ArchiveStatistics | None:
    if repository.last_success_at is None:
        return None
    for status in (RunStatus.SUCCESS, RunStatus.WARNING):
        if runs := workspace.store.runs.list(repository=repository.id, status=status, limit=1):
            return runs[0].statistics
    return None
