"""Data of the overview, read from the store in one call."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.history import ArchiveStatistics, PastBackup, Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories import queue
from borgdesk.engine.repositories.passphrase_memory import to_be_asked
from borgdesk.engine.repositories.queue import Place
from borgdesk.engine.runs.held_services import HeldService, held_services
from borgdesk.engine.runs.remains import is_dead
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.glance import glance_at_all
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now

STRIP = 30
"""Number of outcomes in a repository's strip."""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """State of a repository as its card shows it."""

    repository: Repository
    strip: tuple[PastBackup, ...] = ()
    statistics: ArchiveStatistics | None = None
    """Of the newest archive of a successful backup."""
    last: Run | None = None
    """The newest run that has ended."""
    elsewhere: Run | None = None
    """An active run of another process, such as the command line or a guardian."""
    due: Due | None = None
    """The state of its schedule; None if it has none, or if that is not known."""
    unscheduled: bool = False
    """Whether it is known that it has no schedule."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page shows."""

    repositories: tuple[RepositoryState, ...] = ()
    owing: tuple[Run, ...] = ()
    """Runs with scripts that still have to run, together with these scripts."""
    recovered: tuple[Run, ...] = ()
    """Runs that were recovered after their process had died, until the user has acknowledged them."""
    forgettable: tuple[Repository, ...] = ()
    """Those whose passphrase the user should be asked for, to find out whether it is still known."""
    problem: str = ""
    """Why nothing is known of the schedules."""
    queue: tuple[Place, ...] = ()
    """The active runs of all processes, and what each waits for."""
    elsewhere: tuple[Run, ...] = ()
    """Active runs of other processes."""
    held: tuple[HeldService, ...] = ()
    """What runs keep stopped together."""


def read_overview(workspace: Workspace) -> Overview:
    """Read the overview from the store.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    store = workspace.store
    me = procfs.identity()
    alive = [run for run in store.run_reader.unfinished() if not is_dead(run)]
    unfinished = [run for run in alive if run.owner != me]
    dues, problem = _dues(workspace)
    states = tuple(
        RepositoryState(
            repository,
            store.run_reader.strip(repository.id, STRIP),
            _statistics(workspace, repository),
            store.run_reader.newest(repository.id),
            next((run for run in unfinished if run.repository_id == repository.id), None),
            dues.get(repository.id),
            unscheduled=not problem and repository.id not in dues,
        )
        for repository in store.repository_reader.list()
    )
    owing = tuple(store.runs.get(run.id, with_output=False) for run in store.run_reader.owing())
    today = now().astimezone().date()
    forgettable = tuple(to_be_asked(workspace, (state.repository for state in states), today))
    known = {state.repository.id for state in states}
    elsewhere = tuple(run for run in unfinished if run.repository_id in known)
    return Overview(
        states,
        owing,
        tuple(store.run_reader.untold()),
        forgettable,
        problem,
        tuple(queue.places(store, alive)),
        elsewhere,
        _held(workspace),
    )


def _held(workspace: Workspace) -> tuple[HeldService, ...]:
    try:
        return tuple(held_services(workspace))
    except OSError:
        # It is only told: whoever holds something knows what to do.
        return ()


def _dues(workspace: Workspace) -> tuple[dict[RepositoryId, Due], str]:
    """Return the state of the schedules, and why it is not known if the time zone is not."""
    try:
        return {due.repository_id: due for due in glance_at_all(workspace)}, ""
    except InvalidInput as error:
        return {}, error.sentence


def _statistics(workspace: Workspace, repository: Repository) -> ArchiveStatistics | None:
    if repository.last_success_at is None:
        return None
    newest = workspace.store.run_reader.newest(repository.id, good=True)
    return None if newest is None else newest.statistics
