"""Own implementation of retention; ``test_live_pruning.py`` compares it with Borg."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from borgdesk.borg.pruning import kept
from borgdesk.borg.replies import ArchiveEntry
from borgdesk.domain.repository import Retention

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def entries(*ages: timedelta) -> list[ArchiveEntry]:
    """Return archives of these ages, named by their positions, in Borg's order: oldest first."""
    made = [ArchiveEntry(f"{n}", f"{n}", NOON - age, NOON - age, "", "pc", "me") for n, age in enumerate(ages)]
    return sorted(made, key=lambda entry: entry.start)


@pytest.mark.parametrize(
    ("within", "hours"),
    [("1H", 1), ("5H", 5), ("1d", 24), ("1w", 168), ("2w", 336), ("1m", 744), ("1y", 8760), ("03d", 72)],
)
def test_within_reaches_back_so_far(within: str, hours: int) -> None:
    second, edge = timedelta(seconds=1), timedelta(hours=hours)
    archives = entries(timedelta(), edge - second, edge, edge + second)
    assert kept(archives, Retention(within=within), NOON) == {"0": "within", "1": "within"}


def test_each_rule_keeps_the_newest_of_a_period_and_counts_what_no_other_keeps() -> None:
    days = [timedelta(days=age) for age in (0, 0, 1, 1, 2, 3, 40, 80)]
    archives = entries(*days)
    assert kept(archives, Retention(daily=2), NOON) == {"1": "daily", "3": "daily"}
    assert kept(archives, Retention(last=1, daily=2), NOON) == {"1": "last", "3": "daily", "4": "daily"}
    assert kept(archives, Retention(daily=1, monthly=1), NOON) == {"1": "daily", "6": "monthly"}


def test_where_a_rule_finds_too_few_the_oldest_stays() -> None:
    archives = entries(timedelta(), timedelta(hours=1), timedelta(hours=2))
    assert kept(archives, Retention(daily=1), NOON) == {"0": "daily"}
    assert kept(archives, Retention(daily=2), NOON) == {"0": "daily", "2": "daily"}
    assert kept(archives, Retention(daily=-1), NOON) == {"0": "daily"}
    assert kept([], Retention(daily=2), NOON) == {}
    assert kept(archives[-1:], Retention(daily=2), NOON) == {"0": "daily"}
