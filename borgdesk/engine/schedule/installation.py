"""The systemd units, in line with the schedules that are stored."""

from __future__ import annotations

import contextlib
import logging

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.process import Detached
from borgdesk.engine.processes.self_start import own_command
from borgdesk.engine.schedule import units
from borgdesk.engine.schedule.disks import watched_disks
from borgdesk.engine.schedule.unit_texts import ForeignUnits
from borgdesk.engine.schedule.units import NoUserManager, State
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)


def install(workspace: Workspace) -> None:
    """As :func:`borgdesk.engine.schedule.units.install`, with the disks of the schedules."""
    units.install(workspace.environment, watched_disks(workspace))


def state(workspace: Workspace) -> State:
    """As :func:`borgdesk.engine.schedule.units.state`, with the disks of the schedules."""
    return units.state(workspace.environment, watched_disks(workspace))


def follow_schedules(workspace: Workspace) -> bool:
    """Bring units that are installed in line with the schedules; return whether they were removed with the last one.

    Those of another BorgDesk are left alone. Quick if there is nothing to do.

    Raises:
        BorgDeskError: systemd refuses the units, or they cannot be written.
    """
    with contextlib.suppress(ForeignUnits):
        if not workspace.store.schedule_reader.list():
            return units.uninstall(workspace.environment)
        units.refresh(workspace.environment, watched_disks(workspace))
    return False


def try_to_follow_schedules(workspace: Workspace) -> None:
    """As :func:`follow_schedules`; failures are logged, and :func:`state` shows them."""
    try:
        follow_schedules(workspace)
    except BorgDeskError as error:
        _log.warning("the systemd units could not be updated: %s", error)


def start_scheduled_run(workspace: Workspace, repository_id: RepositoryId) -> None:
    """Start what is due for a repository in the background, to be called by a process that ends soon.

    systemd does it if its unit is there. Otherwise it is a process of our own, which a logout may end.

    Raises:
        BorgDeskError: it cannot be started.
    """
    environment = workspace.environment
    if units.can_start_runs(environment):
        with contextlib.suppress(NoUserManager):
            units.start_run(environment, repository_id)
            return
    words = [*own_command(), "run", "--quiet", "--scheduled", str(repository_id)]
    Detached(words, environment, (), workspace.paths.state / "scheduled.log").let_go()


def remove_with_schedule(workspace: Workspace, repository: Repository) -> None:
    """Remove a configured repository and, with the last schedule, the units.

    Raises:
        InUse: a run of it is under way.
    """
    # Imported here: every start of the window asks this module about schedules.
    from borgdesk.engine.repositories.registration import remove_repository

    remove_repository(workspace, repository)
    try_to_follow_schedules(workspace)
