"""When a scheduled repository is checked by itself, as one pure function of its runs and the clock.

A check is due after a good backup if the last good check is older than the schedule wants. It is done in parts, so that
it never keeps the repository for long: each is a run, and follows a backup. An attempt that failed, or did not end, is
made again after the next good backup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import islice

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.schedule import instants
from borgdesk.engine.schedule.slots import is_far_ahead

SHORTEST_PART, LONGEST_PART = timedelta(minutes=5), timedelta(hours=1)
_PART_OF_PERIOD = 4
"""A part takes at most this fraction of the time between two backups."""
_GRACE = timedelta(days=3)
"""How much later than wanted a check may be before it is overdue: at least this, or as long as was wanted."""


@dataclass(frozen=True, slots=True)
class CheckState:
    """How the checks of a repository stand."""

    due: bool = False
    """Whether a part of a check is to run now, unless something hinders it."""
    good_at: datetime | None = None
    """When the last good check of the whole repository ended."""
    unfinished: bool = False
    """Whether a part of the next one is done already."""
    failed: Run | None = None
    """The last attempt, if it has found damage or failed otherwise."""
    overdue: bool = False
    newest: RunId | None = None
    """The last attempt."""


NO_CHECK = CheckState()
"""The state where no check is wanted."""


def assess_check(schedule: Schedule, checks: Sequence[Run], backups: Sequence[Run], now: datetime) -> CheckState:
    """Assess the checks of a schedule at the moment *now*.

    *checks* and *backups* are the runs of its repository, the newest first, checks back to the last good one.
    """
    checks = [run for run in checks if not is_far_ahead(run.queued_at, now)]
    newest = checks[0] if checks else None
    good_at = next((run.finished_at for run in checks if is_complete(run)), None)
    failed = newest if newest is not None and newest.status is RunStatus.FAILURE else None
    unfinished = newest is not None and newest.status.is_good and not is_complete(newest)
    every = timedelta(days=schedule.check_every or 0)
    known = CheckState(False, good_at, unfinished, failed, newest=None if newest is None else newest.id)
    if not every:
        return known
    since = max(filter(None, (good_at, schedule.check_since)), default=now)
    overdue = now - since > every + max(every, _GRACE) and not schedule.is_paused(now)
    is_old = good_at is None or is_far_ahead(good_at, now) or now - good_at >= every
    due = is_old and not schedule.is_paused(now) and _follows_a_backup(newest, backups, now)
    return CheckState(due, good_at, unfinished, failed, overdue, known.newest)


def is_complete(run: Run) -> bool:
    """Return whether a check was good, and was one of the whole repository."""
    return run.status.is_good and not run.report.get("archives_only") and run.report.get("complete", True) is True


def _follows_a_backup(check: Run | None, backups: Sequence[Run], now: datetime) -> bool:
    """Return whether the last thing that happened is a good backup."""
    backup = next((run for run in backups if not is_far_ahead(run.queued_at, now)), None)
    if backup is None or not backup.status.is_good:
        return False
    return check is None or (check.status.is_final and check.queued_at < backup.queued_at)


def part_of(schedule: Schedule, zone: tzinfo, now: datetime) -> timedelta:
    """Return how long a part of a check may take: not long, where backups follow each other closely."""
    first, second = islice(instants.after(schedule.cron, zone, now), 2)
    return min(max((second - first) / _PART_OF_PERIOD, SHORTEST_PART), LONGEST_PART)
