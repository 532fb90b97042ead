"""Borg's retention rules, applied to an explicit list of archives.

``borg prune`` considers everything that a pattern matches. Where that is more than one series, the rules are applied
here to that series alone; tests compare the results with ``borg prune --dry-run``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from borgdesk.borg.replies import ArchiveEntry
from borgdesk.domain.repository import Retention

_HOURS = {"H": 1, "d": 24, "w": 24 * 7, "m": 24 * 31, "y": 24 * 365}
_PERIODS = {
    "last": "%Y-%m-%d %H:%M:%S",
    "hourly": "%Y-%m-%d %H",
    "daily": "%Y-%m-%d",
    "weekly": "%G-%V",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}
"""The rules in the order in which Borg applies them, with the period of which each keeps the newest archive."""


def kept(archives: Sequence[ArchiveEntry], retention: Retention, now: datetime) -> Mapping[str, str]:
    """Return the ids of the *archives* that *retention* keeps at *now* (aware), each with its rule.

    *archives* are in Borg's order. Days and weeks are those of this process's time zone, as they are for Borg.
    """
    # Of two archives of the same second, Borg prefers the later one in its list.
    newest_first = sorted(archives, key=lambda archive: archive.start)
    newest_first.reverse()
    reasons: dict[str, str] = {}
    if retention.within is not None:
        oldest = now - _duration(retention.within)
        reasons |= {archive.id: "within" for archive in newest_first if archive.start > oldest}
    for rule, count in retention.counts().items():
        _keep(newest_first, rule, count, reasons)
    return reasons


def _keep(newest_first: list[ArchiveEntry], rule: str, count: int, reasons: dict[str, str]) -> None:
    """Apply one rule: archives kept by an earlier one complete a period, but are not counted."""
    last, found = None, 0
    for archive in newest_first:
        period = archive.start.astimezone().strftime(_PERIODS[rule])
        if period == last:
            continue
        last = period
        if archive.id not in reasons:
            reasons[archive.id] = rule
            found += 1
            if found == count:
                return
    if newest_first and found < count and newest_first[-1].id not in reasons:
        # As long as there are fewer than wanted, the oldest is kept, too.
        reasons[newest_first[-1].id] = rule


def _duration(interval: str) -> timedelta:
    match = re.fullmatch(r"([0-9]+)([Hdwmy])", interval)
    assert match is not None, "Retention has checked it"
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])
