"""Which slot of a schedule is due, as one pure function of its runs, the clock and the time zone.

The window, the tick and the command line all call :func:`assess`, so they agree. Nothing is stored that can be derived
from the history of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from itertools import islice, pairwise

from borgdesk.domain.digests import sha256
from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.domain.schedule import Schedule, Slot, SlotState
from borgdesk.engine.schedule import instants

RETRIES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""Waiting times after a failure or an interruption, one per retry."""
ASK_AGAIN = timedelta(minutes=15)
"""Waiting time after a script said not now."""
LATE = timedelta(minutes=10)
"""A slot that is older was missed, and its backup is a catch-up: two ticks."""
NEAR = timedelta(minutes=30)
_NEAR_PART = 4
_FUTURE = timedelta(days=1)
"""How far ahead a recorded moment may be: clocks are set back a little all the time."""
_SHORTEST_OVERDUE = timedelta(days=3)
_PERIODS_OVERDUE = 2
MOST_MISSED = 20
"""How many slots without a run are recorded individually."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a schedule says at one moment."""

    next_at: datetime
    """When the next slot starts, with jitter."""
    slot: Slot | None
    """The newest slot that has passed and is not settled."""
    start: bool
    """Whether its backup may start now, as far as the schedule is concerned."""
    closed: tuple[Slot, ...] = ()
    """Older slots that are not settled, the newest first: missed, paused, failed or still running."""
    good_at: datetime | None = None
    """When the last good run ended."""
    overdue: bool = False


def assess(
    schedule: Schedule,
    runs: Sequence[Run],
    now: datetime,
    zone: tzinfo,
    *,
    shift: timedelta = timedelta(),
) -> Assessment:
    """Assess a schedule at the moment *now*.

    *runs* are the backups of its repository, the newest first, back to the last good one. *shift* is this machine's
    delay after each slot, see :func:`shift_of`.
    """
    # What a wrong clock recorded settles nothing, or nothing would ever be due again.
    runs = [run for run in runs if not is_far_ahead(_began(run), now)]
    if schedule.changed_at is not None and is_far_ahead(schedule.changed_at, now):
        schedule = replace(schedule, changed_at=None)
    next_slot = next(instants.after(schedule.cron, zone, now - shift))
    settled = _settled_up_to(schedule, runs)
    slots = [*islice(instants.up_to(schedule.cron, zone, now - shift), MOST_MISSED + 1), *_connections(schedule, now)]
    passed = sorted((slot for slot in slots if settled is None or slot > settled), reverse=True)
    good_at = next((run.finished_at for run in runs if run.status.is_good), None)
    reference = max(filter(None, (good_at, schedule.changed_at)), default=now)
    overdue = now - reference > _overdue_after(schedule, zone, now) and not schedule.is_paused(now)
    if not passed:
        return Assessment(next_slot + shift, None, False, good_at=good_at, overdue=overdue)
    moment = Moment(now, zone, passed[0], next_slot, shift)
    slot, start = _judge(schedule, moment, runs)
    closed = tuple(_closed(schedule, one, newer, moment, runs) for newer, one in pairwise(passed))
    return Assessment(next_slot + shift, slot, start, closed, good_at, overdue)


def _connections(schedule: Schedule, now: datetime) -> list[datetime]:
    """Return the moment at which the disk was connected, if that makes a backup due."""
    moment = schedule.connected_at
    return [moment] if schedule.conditions.disk is not None and moment is not None and moment <= now else []


def is_far_ahead(moment: datetime, now: datetime) -> bool:
    """Return whether a recorded moment is so far in the future that the clock was wrong when it was recorded."""
    return moment - now > _FUTURE


def _settled_up_to(schedule: Schedule, runs: Sequence[Run]) -> datetime | None:
    began = max((_began(run) for run in runs if _settles(run)), default=None)
    return max(filter(None, (began, schedule.changed_at)), default=None)


def _settles(run: Run) -> bool:
    return run.status.is_good or (run.status is RunStatus.CANCELLED and not _was_stopped(run))


def _was_stopped(run: Run) -> bool:
    """Return whether the system stopped it, and not a person."""
    return any(note.code is Code.STOPPED_BY_SYSTEM for note in run.notes)


def _began(run: Run) -> datetime:
    return run.started_at or run.queued_at


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the clock stands between two slots."""

    now: datetime
    zone: tzinfo
    due: datetime
    """The newest slot that has passed, without jitter."""
    following: datetime
    """The next slot, without jitter."""
    shift: timedelta

    @property
    def next_at(self) -> datetime:
        """When the next slot starts."""
        return self.following + self.shift

    @property
    def is_late(self) -> bool:
        """Whether the slot was missed, so that its backup is a catch-up."""
        return self.now - (self.due + self.shift) > LATE

    @property
    def is_near_the_next(self) -> bool:
        """Whether a catch-up is not worth it any more."""
        return self.next_at - self.now < min(NEAR, (self.following - self.due) / _NEAR_PART)


def _judge(schedule: Schedule, moment: Moment, runs: Sequence[Run]) -> tuple[Slot, bool]:
    """Return the slot with its state, and whether its backup may start now."""
    now = moment.now
    tried = [run for run in runs if run.trigger is Trigger.SCHEDULE and _began(run) >= moment.due]
    failed = [run for run in tried if run.status.is_bad or _was_stopped(run)]
    last = tried[0] if tried else None

    def slot(state: SlotState, reason: Reason | None = None, next_try: datetime | None = None) -> Slot:
        reasons, run_id = (reason,) if reason else (), last.id if last else None
        return Slot(schedule.repository_id, moment.due, state, reasons, len(tried), next_try, run_id)

    if any(not run.status.is_final for run in runs):
        return slot(SlotState.RUNNING), False
    again = _ended(failed[0]) + RETRIES[min(len(failed), len(RETRIES)) - 1] if failed else now
    if len(failed) > len(RETRIES) or (failed and again >= moment.next_at):
        return slot(SlotState.FAILED, Reason(Code.NO_RETRY, {"error": failed[0].error or "?"})), False
    if schedule.is_paused(now):
        return slot(SlotState.PAUSED), False
    if last is not None and last.status is RunStatus.SKIPPED:
        again = _ended(last) + ASK_AGAIN
        reason = Reason(Code.SCRIPT_SAID_NOT_NOW, {"reason": last.error or "?"})
        return slot(SlotState.WAITING, reason, again), again <= now
    if failed:
        return slot(SlotState.WAITING, Reason(Code.RETRY, {"error": failed[0].error or "?"}), again), again <= now
    if moment.is_late and moment.is_near_the_next:
        return slot(SlotState.MISSED, _covered_by(moment.following, moment.zone)), False
    return slot(SlotState.WAITING), True


def _closed(schedule: Schedule, due_at: datetime, newer: datetime, moment: Moment, runs: Sequence[Run]) -> Slot:
    """Return how a slot ends that is not the newest any more."""
    tried = [run for run in runs if run.trigger is Trigger.SCHEDULE and due_at <= _began(run) < newer]
    failed = next((run for run in tried if run.status.is_bad or _was_stopped(run)), None)
    if tried and not tried[0].status.is_final:
        return Slot(schedule.repository_id, due_at, SlotState.RUNNING, (), len(tried), None, tried[0].id)
    if failed is not None:
        reasons = (Reason(Code.NO_RETRY, {"error": failed.error or "?"}),)
        return Slot(schedule.repository_id, due_at, SlotState.FAILED, reasons, len(tried), None, failed.id)
    if schedule.is_paused(due_at):
        return Slot(schedule.repository_id, due_at, SlotState.PAUSED)
    return Slot(schedule.repository_id, due_at, SlotState.MISSED, (_covered_by(moment.due, moment.zone),))


def _covered_by(slot: datetime, zone: tzinfo) -> Reason:
    return Reason(Code.COVERED_BY, {"moment": f"{slot.astimezone(zone):%Y-%m-%d %H:%M}"})


def _ended(run: Run) -> datetime:
    return run.finished_at or _began(run)


def _overdue_after(schedule: Schedule, zone: tzinfo, now: datetime) -> timedelta:
    if schedule.overdue_after is not None:
        return timedelta(days=schedule.overdue_after)
    first, second = islice(instants.after(schedule.cron, zone, now), 2)
    return max(_PERIODS_OVERDUE * (second - first), _SHORTEST_OVERDUE)


def shift_of(schedule: Schedule, machine: str, repository: str, *, remote: bool) -> timedelta:
    """Return this machine's delay after each slot: always the same for a *machine* and a *repository*."""
    most = int(schedule.jitter_for(remote=remote).total_seconds())
    number = int.from_bytes(sha256(f"{machine}\n{repository}".encode()).digest()[:8])
    return timedelta(seconds=number % (most + 1))
