"""Texts about schedules: when the next backup starts, and what a backup that is due waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime

from borgdesk.domain.enumeration import listed
from borgdesk.domain.schedule import DAY_NAMES, UNTIL_RESUMED, Schedule, SlotState
from borgdesk.engine.schedule.due import Due
from borgdesk.gui.look import words
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _, ngettext

_DAYS = 7
"""Days of which the name is enough."""
_NAMED = 3
"""How many overdue repositories a menu names."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its tone; None for the colour of other text."""

    text: str
    tone: Tone | None = None


def at(moment: datetime, now: datetime | None = None) -> str:
    """Return a local time in the days around *now*: "today, 14:00", "tomorrow, 02:30", "Friday, 02:30", or the date."""
    local, today = _local(moment), _local(now or datetime.now(UTC)).date()
    days = today.daysTo(local.date())
    time = words.clock(local.time())
    if days == 0:
        return _("today, {time}").format(time=time)
    if days == 1:
        return _("tomorrow, {time}").format(time=time)
    if days == -1:
        return _("yesterday, {time}").format(time=time)
    if 1 < days < _DAYS:
        day = DAY_NAMES[local.date().dayOfWeek() - 1]
        return _("{day}, {time}").format(day=_(day), time=time)
    return words.moment(moment)


def _local(moment: datetime) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(int(moment.timestamp() * 1000))


def when(schedule: Schedule) -> str:
    """Return when backups start, as a title: "Daily at 02:30"."""
    text = schedule.form.in_words()
    return text[:1].upper() + text[1:]


def paused(schedule: Schedule, now: datetime) -> str:
    """Return the sentence about a pause; empty if there is none."""
    if not schedule.is_paused(now) or schedule.paused_until is None:
        return ""
    if schedule.paused_until >= UNTIL_RESUMED:
        return _("The schedule is paused until you resume it.")
    return _("The schedule is paused until {moment}.").format(moment=at(schedule.paused_until, now))


def overdue(due: Due, now: datetime) -> str:
    """Return the sentence about a repository without a good backup for too long; empty if there is none."""
    if not due.assessment.overdue:
        return ""
    good = due.assessment.good_at
    if good is None:
        return _("Overdue: there has been no good backup yet.")
    days = (now - good).days
    return ngettext(
        "Overdue: no good backup for {count} day.", "Overdue: no good backup for {count} days.", days
    ).format(count=words.number(days))


def slot(due: Due, now: datetime) -> Line:
    """Return the sentence about the backup that is due; empty if there is none, or nothing to say of it."""
    found = due.slot
    if found is None:
        return Line("")
    begun, reason = at(found.due_at, now), found.reason or ""
    if found.state is SlotState.RUNNING:
        return Line(_("The backup due {moment} is running.").format(moment=begun), Tone.WORKING)
    if found.state is SlotState.FAILED:
        text = _("The backup due {moment} is not tried again: {reason}.")
        return Line(text.format(moment=begun, reason=reason.rstrip(".")), Tone.BAD)
    if found.state is not SlotState.WAITING:
        return Line("")
    if found.next_try is not None:
        text = _("The backup due {moment} is tried again {next}: {reason}.")
        return Line(text.format(moment=begun, next=at(found.next_try, now), reason=reason.rstrip(".")), Tone.WARNING)
    if reason:
        text = _("The backup due {moment} has not started yet: {reason}.")
        return Line(text.format(moment=begun, reason=reason.rstrip(".")), Tone.WARNING)
    return Line(_("The backup due {moment} starts in a moment.").format(moment=begun), Tone.WORKING)


def state(due: Due, now: datetime) -> Line:
    """Return what matters most now: a pause, a backup that is overdue, or one that is due; empty if all is well."""
    if pause := paused(due.schedule, now):
        return Line(pause, Tone.MUTED)
    found, late = slot(due, now), overdue(due, now)
    if not late:
        return found
    return Line(f"{late} {found.text}".rstrip(), Tone.BAD)


def check(due: Due) -> Line:
    """Return how the last check went; empty if none is wanted."""
    if due.schedule.check_every is None:
        return Line("")
    found = due.check
    if found.failed is not None:
        error = (found.failed.error or "?").rstrip(".")
        return Line(_("The last check failed: {error}.").format(error=error), Tone.BAD)
    text = (
        _("Not checked yet.")
        if found.good_at is None
        else _("Checked completely on {moment}.").format(moment=words.moment(found.good_at))
    )
    if found.overdue:
        return Line(_("{checked} The next check is overdue.").format(checked=text), Tone.BAD)
    return Line(_("{checked} The next check is done in part.").format(checked=text) if found.unfinished else text)


def lateness(due: Due, now: datetime) -> str:
    """As :func:`overdue`, but empty while the schedule is paused, and without a full stop."""
    return "" if due.schedule.is_paused(now) else overdue(due, now).rstrip(".")


def next_start(due: Due, now: datetime, *, is_late_said: bool = False) -> Line:
    """Return the line about the next backup for a place with little room: "Next backup: tomorrow, 02:30".

    If a backup is overdue, it begins with that, unless it *is_late_said* elsewhere.
    """
    if due.schedule.is_paused(now):
        return Line(paused(due.schedule, now), Tone.MUTED)
    late, following = overdue(due, now), _("Next backup: {moment}").format(moment=at(due.next_at, now))
    waits = due.slot is not None and due.slot.state is SlotState.WAITING
    if not late:
        return slot(due, now) if waits else Line(following)
    reason = due.slot.reason if due.slot is not None and waits else None
    then = _sentence(reason) if reason else following
    if is_late_said:
        return Line(then, Tone.WARNING if reason else None)
    return Line(f"{late} {then}", Tone.BAD)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def summary(dues: Sequence[Due], now: datetime) -> str:
    """Return the line about all schedules: what is overdue, else when the next backup starts; empty without any.

    It is for a menu: long names are shortened, and of many only some are named.
    """
    if late := [words.short(due.repository.name) for due in dues if due.assessment.overdue]:
        more = len(late) - _NAMED
        if more <= 1:
            return _("Overdue: {names}").format(names=listed(late))
        others = ngettext("{count} other", "{count} others", more).format(count=words.number(more))
        return _("Overdue: {names}").format(names=listed([*late[:_NAMED], others]))
    waiting = [due for due in dues if not due.schedule.is_paused(now)]
    if not waiting:
        return ngettext("The schedule is paused", "All schedules are paused", len(dues)) if dues else ""
    first = min(waiting, key=lambda due: due.next_at)
    name = words.short(first.repository.name)
    return _("Next backup: {name}, {moment}").format(name=name, moment=at(first.next_at, now))
