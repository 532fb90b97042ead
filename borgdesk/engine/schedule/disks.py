"""Backups that start when a disk is connected: where the disk of a repository is mounted, and what its mount starts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, is_local, local_path
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.processes.file_probes import probe
from borgdesk.engine.processes.mount_table import read_mounts
from borgdesk.engine.repositories.shared_locations import borg_id_at
from borgdesk.engine.schedule.unit_texts import mount_unit
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now as now_utc
from borgdesk.translation import _

_SAME = timedelta(minutes=1)
"""Two mounts within this time are one connection."""


def disk_of(repository: Repository, environment: Mapping[str, str]) -> str:
    """Return the mount point of the disk that a repository is on.

    Raises:
        InvalidInput: it is on a server, on a disk that is always connected, or its disk is not connected now; the
            sentence says which.
        BorgDeskError: the disk does not respond.
    """
    if not is_local(repository.location):
        raise InvalidInput(_("“{name}” is on a server. Only a disk can be connected.").format(name=repository.name))
    if borg_id_at(repository.location) is None:
        raise InvalidInput(
            _("The disk of “{name}” is not connected. Connect it once, so that BorgDesk sees where it appears.").format(
                name=repository.name
            )
        )
    places = [local_path(repository.location), environment.get("HOME") or str(Path.home())]
    path, home = (str(answer) for answer in probe([("real", place) for place in places]))
    found = _mount_point_of(path)
    if found == "/" or _is_below(home, found):
        raise InvalidInput(
            _("“{name}” is not on a disk of its own, so it is always connected.").format(name=repository.name)
        )
    return found


def _mount_point_of(path: str) -> str:
    """Return the mount point that a path without links is on, as the kernel lists it: nothing is asked of the disk."""
    return max((one.point for one in read_mounts() if _is_below(path, one.point)), key=len, default="/")


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def with_disk(repository: Repository, schedule: Schedule, environment: Mapping[str, str], *, wanted: bool) -> Schedule:
    """Return a schedule that starts a backup when the disk is connected, or one that does not.

    Raises:
        InvalidInput: as for :func:`disk_of`.
        UnitsUnusable: systemd cannot watch it.
    """
    disk = disk_of(repository, environment) if wanted else None
    if disk is not None:
        mount_unit(disk)
    return replace(schedule, conditions=replace(schedule.conditions, disk=disk))


def watched_disks(workspace: Workspace) -> dict[RepositoryId, str]:
    """Return the mount points that start a backup when they appear."""
    schedules = workspace.store.schedule_reader.list()
    return {one.repository_id: one.conditions.disk for one in schedules if one.conditions.disk is not None}


def connected(workspace: Workspace, repository: Repository, now: datetime | None = None) -> bool:
    """Record that the disk of a repository was connected, so that a backup is due; return whether that counts.

    It does not while a run uses the repository: its scripts may have mounted the disk, and each backup would cause
    another one. Nor does it twice in a minute: both systemd and the window notice it.
    """
    schedule, now = workspace.store.schedules.get(repository.id), now or now_utc()
    if schedule is None or schedule.conditions.disk is None:
        return False
    if schedule.connected_at is not None and abs(now - schedule.connected_at) < _SAME:
        return False
    if any(run.repository_id == repository.id for run in workspace.store.runs.unfinished()):
        return False
    workspace.store.schedules.connect(repository.id, now)
    return True


class DiskWatch:
    """Notices disks that are connected between two looks, for a window that needs no systemd for that."""

    def __init__(self) -> None:
        self._missing: dict[RepositoryId, datetime] = {}
        """When the disk was last seen to be missing."""

    def look(self, workspace: Workspace, now: datetime) -> None:
        """Record the disks that are there and were not when this was called before."""
        watched = watched_disks(workspace)
        if not watched:
            return
        there = {one.point for one in read_mounts()}
        self._missing = {one: since for one, since in self._missing.items() if one in watched}
        for repository_id, disk in watched.items():
            if disk not in there:
                self._missing[repository_id] = now
            elif (since := self._missing.pop(repository_id, None)) is not None:
                self._connect(workspace, repository_id, since, now)

    def _connect(self, workspace: Workspace, repository_id: RepositoryId, since: datetime, now: datetime) -> None:
        schedule = workspace.store.schedule_reader.get(repository_id)
        if schedule is None or (schedule.connected_at is not None and schedule.connected_at >= since):
            return  # systemd was faster
        with suppress(NotFound):
            connected(workspace, workspace.store.repositories.get(repository_id), now)
