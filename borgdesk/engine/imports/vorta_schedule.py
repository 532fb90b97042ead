"""Turns the schedule of a Vorta profile into a cron expression."""

from __future__ import annotations

from datetime import time

from borgdesk.domain.schedule import daily, hourly, monthly, weekly
from borgdesk.engine.imports.gathering import Gathering
from borgdesk.engine.imports.records import Record
from borgdesk.translation import _

_SUNDAY = 7
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60
"""Minutes."""
_MONTH = 4 * _WEEK
_MINUTES = {"minutes": 1, "hours": _HOUR, "days": _DAY, "weeks": _WEEK}
_LONGEST = 10_000


def cron_of(profile: Record, gathering: Gathering) -> str | None:
    """Return the expression, or None if the profile does not back up by itself.

    Vorta counts an interval from the last backup; cron has fixed times, so intervals that do not divide an hour or a
    day become the next shorter one that does.
    """
    mode = profile.text("schedule_mode", "off")
    if mode in ("", "off"):
        return None
    at = _fixed_time(profile)
    if mode == "fixed" and at is not None:
        return _taken(profile, gathering, daily(at))
    if mode == "interval":
        unit, count = profile.text("schedule_interval_unit", "hours"), _count(profile)
        found = _interval(unit, count, at or time(3, 42))
        if found is not None:
            cron, exact = found
            if not exact:
                gathering.note(
                    _("Vorta backs up every {count} {unit}; the nearest schedule in BorgDesk is “{cron}”.").format(
                        count=count, unit=unit, cron=cron
                    )
                )
            return _taken(profile, gathering, cron)
    gathering.leave_out(_("schedule"), _("Its values are not valid."))
    return None


def _taken(profile: Record, gathering: Gathering, cron: str) -> str:
    gathering.note(_("Switch the schedule off in Vorta; otherwise both programs back up."))
    if not profile.flag("schedule_make_up_missed", default=True):
        gathering.note(_("BorgDesk always makes up for a missed backup."))
    return cron


def _count(profile: Record) -> int:
    # Before schema 18, only hours could be chosen, and were stored elsewhere.
    old = profile.number("schedule_interval_hours", 3)
    return profile.number("schedule_interval_count", old)


def _fixed_time(profile: Record) -> time | None:
    try:
        return time(profile.number("schedule_fixed_hour", 3), profile.number("schedule_fixed_minute", 42))
    except (ValueError, OverflowError):
        return None


def _interval(unit: str, count: int, at: time) -> tuple[str, bool] | None:
    """Return an expression, and whether it is exactly that interval."""
    if unit not in _MINUTES or not 1 <= count <= _LONGEST:
        return None
    minutes = count * _MINUTES[unit]
    if minutes < _HOUR:
        step = _divisor(_HOUR, minutes)
        return f"*/{step} * * * *", step == minutes
    if minutes < _DAY:
        step = _divisor(_DAY // _HOUR, minutes // _HOUR)
        return (f"{at.minute} */{step} * * *" if step > 1 else hourly(at.minute)), minutes == step * _HOUR
    if minutes < _WEEK:
        days = minutes // _DAY
        return (daily(at) if days == 1 else f"{at.minute} {at.hour} */{days} * *"), minutes == _DAY
    if minutes < _MONTH:
        return weekly([_SUNDAY], at), minutes == _WEEK
    return monthly("1", at), False


def _divisor(of: int, most: int) -> int:
    return max(step for step in range(1, most + 1) if of % step == 0)
