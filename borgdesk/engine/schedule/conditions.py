"""What a backup that is due waits for, asked of the machine. Nothing here drops a backup, and nothing asks for ever."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository, is_local
from borgdesk.domain.schedule import Conditions
from borgdesk.engine.borg_calls.ssh_target import ssh_target
from borgdesk.engine.desktop.session import is_metered, is_on_battery
from borgdesk.engine.repositories.mounted import mounts_of
from borgdesk.engine.repositories.shared_locations import borg_id_at
from borgdesk.engine.schedule.settling import is_stable
from borgdesk.engine.schedule.time_zone import local_zone
from borgdesk.engine.workspace import Workspace

_POWER = Path("/sys/class/power_supply")
_LIMIT = 5.0
"""Seconds to wait for a host or a disk."""


def hindrances(
    workspace: Workspace,
    repository: Repository,
    conditions: Conditions,
    now: datetime,
    since: datetime | None,
) -> tuple[Reason, ...]:
    """Return what the backup has to wait for; nothing if it can start.

    *since* is when the last good backup ended, or when the schedule was made if there is none.
    """
    zone = local_zone(workspace.environment)
    anyway = conditions.run_anyway_after
    if anyway is not None and since is not None and now - since > timedelta(days=anyway):
        conditions = Conditions(on_battery=True, on_metered=True)
    remote = not is_local(repository.location)
    asked: list[Callable[[], Reason | None]] = [
        lambda: _hours(conditions, now, zone),
        lambda: None if conditions.on_battery or has_mains_power() else Reason(Code.ON_BATTERY),
        lambda: None if conditions.on_metered or not remote or not is_metered() else Reason(Code.ON_METERED),
        lambda: _host(repository, workspace) if remote else _disk(repository),
    ]
    return tuple(reason for ask in asked if (reason := ask()) is not None)


def taken_by(runs: Sequence[Run], turn: str) -> Reason | None:
    """Return a reason if another run of *runs* is using the repository."""
    other = next((run for run in runs if run.turn == turn and not run.status.is_final), None)
    return None if other is None else Reason(Code.TURN_TAKEN, {"run": other.id})


def locked_by_mount(workspace: Workspace, repository: Repository) -> Reason | None:
    """Return a reason if archives of the repository are mounted, which locks it: a run would fail at once."""
    other = next(iter(mounts_of(workspace, repository)), None)
    return None if other is None else Reason(Code.MOUNTED, {"folder": other.folder})


def _hours(conditions: Conditions, now: datetime, zone: tzinfo) -> Reason | None:
    hours = conditions.between
    if hours is None or hours.contains(now.astimezone(zone).time()):
        return None
    return Reason(Code.OUTSIDE_HOURS, {"hours": str(hours)})


def has_mains_power() -> bool:
    """Return whether the computer is connected to mains power, or has no battery: UPower knows, or else the kernel."""
    on_battery = is_on_battery()
    return mains_power_in(_POWER) if on_battery is None else not on_battery


def mains_power_in(folder: Path) -> bool:
    """Return the same by what the kernel lists in *folder*."""
    on_battery = False
    with suppress(OSError):
        for supply in folder.iterdir():
            if _text(supply / "scope") == "Device":
                continue  # a mouse or a headset
            if _text(supply / "type") != "Battery" and _text(supply / "online") == "1":
                return True
            on_battery = on_battery or _text(supply / "status") == "Discharging"
    return not on_battery


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _host(repository: Repository, workspace: Workspace) -> Reason | None:
    target = ssh_target(repository.location, workspace.environment, repository.connection)
    if target is None:
        return None
    host, port = target
    reached = _answers(host, port)
    if is_stable(workspace.store.key_values, f"{host}:{port}", reached=reached):
        return None
    return Reason(Code.HOST_JUST_REACHED if reached else Code.HOST_UNREACHABLE, {"host": host})


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_LIMIT):
            return True
    except OSError:
        return False


def _disk(repository: Repository) -> Reason | None:
    found = borg_id_at(repository.location)
    if found is None:
        return Reason(Code.DISK_MISSING)
    if repository.borg_id not in (None, found):
        return Reason(Code.OTHER_REPOSITORY)
    return None
