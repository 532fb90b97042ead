"""What is due now, and what it waits for: the schedules compared with the history and with the machine.

Looking starts and settles nothing; it remembers only when the computer woke up and which hosts it has reached (see
:mod:`borgdesk.engine.schedule.settling`). Who finds a backup that can start, starts it; of several who do so at the
same time, the claim of the slot lets one win (:meth:`~borgdesk.store.schedules.Schedules.claim`).
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository, is_local
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.domain.schedule import Schedule, Slot, SlotState
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.schedule.checks import NO_CHECK, CheckState, assess_check
from borgdesk.engine.schedule.conditions import hindrances, locked_by_mount, taken_by
from borgdesk.engine.schedule.settling import is_settling
from borgdesk.engine.schedule.slots import Assessment, assess, shift_of
from borgdesk.engine.schedule.time_zone import local_zone
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now as now_utc
from borgdesk.store.tick_hint import zone_name

_MACHINE_ID = Path("/etc/machine-id")
_RECENT = 50
"""Runs that are compared with a schedule; the last good one is added."""
_LOOK_AGAIN = timedelta(days=1)
"""Longest time until everything is looked at again."""
_SETTLED = (SlotState.DONE, SlotState.FAILED, SlotState.MISSED)
"""States in which no backup of a slot is going to start."""


@dataclass(frozen=True, slots=True)
class Due:
    """A scheduled repository at one moment."""

    repository: Repository
    schedule: Schedule
    assessment: Assessment
    slot: Slot | None
    """The slot that is due, with what it waits for."""
    start: bool
    """Whether a backup can start now."""
    died: bool = False
    """Whether an earlier run died and has to be recovered first, which whoever starts the backup does."""
    check: CheckState = NO_CHECK
    check_starts: bool = False
    """Whether a part of a check can start now."""

    @property
    def next_at(self) -> datetime:
        """When the next backup is planned."""
        return self.assessment.next_at

    @property
    def repository_id(self) -> RepositoryId:
        """The id of the repository."""
        return self.repository.id


def look(workspace: Workspace, repository: Repository, now: datetime | None = None, *, ask: bool = True) -> Due | None:
    """Return what is due for a repository; None if it has no schedule.

    With *ask*, the machine is asked for what the backup would wait for, which takes seconds if a host is silent.

    Raises:
        InvalidInput: the time zone is not known.
        StoreUnusable: the database cannot be read.
    """
    schedule = workspace.store.schedule_reader.get(repository.id)
    return None if schedule is None else _look(workspace, repository, schedule, now or now_utc(), ask=ask)


def look_at_all(workspace: Workspace, now: datetime | None = None, *, ask: bool = True) -> list[Due]:
    """As :func:`look`, for all repositories with a schedule, by name."""
    schedules = {schedule.repository_id: schedule for schedule in workspace.store.schedule_reader.list()}
    now = now or now_utc()
    repositories = workspace.store.repository_reader.list() if schedules else []
    return [_look(workspace, one, schedules[one.id], now, ask=ask) for one in repositories if one.id in schedules]


def _look(workspace: Workspace, repository: Repository, schedule: Schedule, now: datetime, *, ask: bool) -> Due:
    runs = backups_of(workspace, repository.id)
    dead = {run.id for run in runs if not run.status.is_final and not _is_alive(run)}
    known = [replace(run, status=RunStatus.INTERRUPTED) if run.id in dead else run for run in runs]
    zone = local_zone(workspace.environment)
    assessment = assess(schedule, known, now, zone, shift=shift(repository, schedule))
    slot, start = assessment.slot, assessment.start
    if slot is not None and start:
        waits = _waits_for(workspace, repository, schedule, now, assessment) if ask else ()
        slot, start = replace(slot, reasons=(*slot.reasons, *waits)), not waits
    start = start or bool(dead)
    check, check_starts = NO_CHECK, False
    if schedule.check_every is not None:
        check = assess_check(schedule, _checks_of(workspace, repository.id), known, now)
        check_starts = check.due and not start and (slot is None or slot.state in _SETTLED)
        if check_starts and ask:
            check_starts = not _waits_for(workspace, repository, schedule, now, assessment)
    return Due(repository, schedule, assessment, slot, start, bool(dead), check, check_starts)


def _waits_for(
    workspace: Workspace, repository: Repository, schedule: Schedule, now: datetime, assessment: Assessment
) -> tuple[Reason, ...]:
    if is_settling(workspace.store.key_values):
        return (Reason(Code.JUST_STARTED),)
    busy = [run for status in (RunStatus.RUNNING, RunStatus.QUEUED) for run in workspace.store.runs.list(status=status)]
    taken = taken_by([run for run in busy if run.kind is not RunKind.BACKUP], turn_of(repository))
    used = taken or locked_by_mount(workspace, repository)
    if used is not None:
        return (used,)
    # Without any good backup, the days begin with the schedule.
    return hindrances(workspace, repository, schedule.conditions, now, assessment.good_at or schedule.changed_at)


def backups_of(workspace: Workspace, repository_id: RepositoryId) -> list[Run]:
    """Return the newest backups of a repository, the newest first, and in any case the last good one."""
    runs = workspace.store.run_reader
    newest = runs.latest(repository_id, RunKind.BACKUP, _RECENT)
    good = runs.newest(repository_id, good=True)
    return newest if good is None or good.id in {run.id for run in newest} else [*newest, good]


def _checks_of(workspace: Workspace, repository_id: RepositoryId) -> list[Run]:
    """Return the newest checks of a repository, the newest first; those of processes that died have ended."""
    runs = workspace.store.run_reader.latest(repository_id, RunKind.CHECK, _RECENT)
    return [
        run if run.status.is_final or _is_alive(run) else replace(run, status=RunStatus.INTERRUPTED) for run in runs
    ]


def _is_alive(run: Run) -> bool:
    return run.owner is not None and procfs.is_alive(run.owner)


def shift(repository: Repository, schedule: Schedule) -> timedelta:
    """Return this machine's delay after each slot of a repository."""
    try:
        machine = _MACHINE_ID.read_text().strip()
    except OSError:
        machine = platform.node()
    place = repository.borg_id or repository.location
    return shift_of(schedule, machine, place, remote=not is_local(repository.location))


def record(workspace: Workspace, dues: Sequence[Due], now: datetime | None = None) -> list[Due]:
    """Store the state of all slots, and when to look again; return those that have become *failed*, with that slot.

    A state is new to one process only, so the user is told once.

    Raises:
        StoreUnusable: it cannot be written.
    """
    recorder, now = workspace.store.slot_recorder, now or now_utc()
    # Of those that are running, the claim was stored.
    slots = [due.slot for due in dues if due.slot is not None and due.slot.state is not SlotState.RUNNING]
    closed = [slot for due in dues for slot in due.assessment.closed if slot.state is not SlotState.RUNNING]
    changed = recorder.record(slots, reversed(closed))
    until = min((_look_again(due, now) for due in dues), default=now + _LOOK_AGAIN)
    recorder.set_hint(now.timestamp(), until.timestamp(), zone_name(workspace.environment))
    failed = [slot for slot in changed if slot.state is SlotState.FAILED]
    return [replace(due, slot=slot) for due in dues for slot in failed if slot.repository_id == due.repository_id]


def _look_again(due: Due, now: datetime) -> datetime:
    """Return the first moment at which anything about a repository can be different without a run or a command."""
    slot, moments = due.slot, [due.next_at, now + _LOOK_AGAIN]
    if due.died or (slot is not None and slot.state in (SlotState.WAITING, SlotState.RUNNING)):
        moments.append(slot.next_try if slot is not None and slot.next_try is not None and not due.start else now)
    if due.check.due:
        moments.append(now)
    elif due.schedule.check_every is not None and due.check.good_at is not None:
        moments.append(max(now, due.check.good_at + timedelta(days=due.schedule.check_every)))
    if due.schedule.paused_until is not None and due.schedule.paused_until > now:
        moments.append(due.schedule.paused_until)
    return min(moments)


def tell_overdue(workspace: Workspace, dues: Sequence[Due], now: datetime | None = None) -> list[Due]:
    """Return the repositories without a good backup for too long, each at most once a day, by whichever process."""
    return _tell(workspace, _TOLD, [due for due in dues if due.assessment.overdue], now or now_utc())


def tell_overdue_checks(workspace: Workspace, dues: Sequence[Due], now: datetime | None = None) -> list[Due]:
    """As :func:`tell_overdue`, for repositories that were not checked for too long."""
    return _tell(workspace, _TOLD_OF_CHECK, [due for due in dues if due.check.overdue], now or now_utc())


def _tell(workspace: Workspace, key: str, overdue: Sequence[Due], now: datetime) -> list[Due]:
    if not overdue:
        return []
    today = now.astimezone(local_zone(workspace.environment)).date().isoformat()
    with workspace.store.database.together():
        told = dict(workspace.store.key_values.get(key, {}))
        new = [due for due in overdue if told.get(str(due.repository_id)) != today]
        if new:
            workspace.store.key_values.set(key, {str(due.repository_id): today for due in overdue})
    return new


_TOLD = "overdue-told"
_TOLD_OF_CHECK = "overdue-check-told"
