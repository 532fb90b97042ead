"""Stores what an editor made of a repository and its schedule: both, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import edit_repository
from borgdesk.engine.schedule.disks import with_disk
from borgdesk.engine.schedule.installation import install, try_to_follow_schedules
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ScheduleEdit:
    """What an editor made of the schedule of a repository; None stands for no schedule."""

    seen: Schedule | None
    """As it was when editing began."""
    wanted: Schedule | None


def change_schedule(
    workspace: Workspace, repository_id: RepositoryId, edit: ScheduleEdit, *, over: bool = False
) -> Schedule | None:
    """Store an edited schedule and return what is stored then.

    Raises:
        InvalidInput: a value is invalid.
        NotFound: the repository was removed.
        Changed: somebody else changed the same value since it was *seen*, and *over* was not given.
    """
    _check(edit)
    stored = workspace.store.schedules.change(repository_id, edit.seen, edit.wanted, over=over)
    try_to_follow_schedules(workspace)
    return stored


def follow_first_schedule(workspace: Workspace, *, install_units: bool) -> str:
    """Install the units, if wanted, for a repository that was added with a schedule; return why that failed, if so."""
    if install_units:
        try:
            install(workspace)
        except BorgDeskError as error:
            return error.sentence
    return ""


def follow_location(workspace: Workspace, before: Repository, stored: Repository) -> None:
    """Let the schedule of a repository that has another location now watch the disk there, if it watched one.

    If there is none to watch, it does not watch any more.
    """
    schedule = workspace.store.schedules.get(stored.id)
    if schedule is None or schedule.conditions.disk is None or stored.location == before.location:
        return
    try:
        changed = with_disk(stored, schedule, workspace.environment, wanted=True)
    except BorgDeskError:
        changed = with_disk(stored, schedule, workspace.environment, wanted=False)
    workspace.store.schedules.change(stored.id, schedule, changed, over=True)
    try_to_follow_schedules(workspace)


def edit_with_schedule(
    workspace: Workspace,
    repository: Repository,
    edit: ScheduleEdit | None,
    passphrase: str | None = None,
    cancel: Cancel | None = None,
    *,
    seen: Repository,
    over: bool = False,
    moved: bool = False,
) -> tuple[Repository, Schedule | None]:
    """Store an edited repository and, unless *edit* is None, its schedule; return what is stored then.

    The schedule is checked first: a repository with a new location takes long to store. The other arguments and the
    errors are those of :func:`~borgdesk.engine.repositories.registration.edit_repository`.
    """
    store = workspace.store
    if edit is not None:
        _check(edit)
        store.schedules.merged(repository.id, edit.seen, edit.wanted, over=over)
    if repository != seen or passphrase is not None or moved:
        stored = edit_repository(workspace, repository, passphrase, cancel, seen=seen, over=over, moved=moved)
        follow_location(workspace, seen, stored)
    else:
        stored = store.repositories.get(repository.id)
    if edit is None:
        return stored, store.schedules.get(repository.id)
    return stored, change_schedule(workspace, repository.id, edit, over=over)


def _check(edit: ScheduleEdit) -> None:
    if edit.wanted is not None:
        check_cron(edit.wanted.cron)
        edit.wanted.checked()
