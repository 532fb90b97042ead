"""A computer that has just been started or resumed is left alone for two minutes, and so is a new login."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from borgdesk.engine.schedule.settling import SETTLING, STABLE, Awake, Clocks, is_settling, is_stable, settle
from borgdesk.paths import Paths
from borgdesk.store.key_values import KeyValues
from borgdesk.store.store import Store

HOUR = 3600.0


def test_after_the_start() -> None:
    assert settle(Clocks(SETTLING - 1, 0.0), None) == (Awake(0.0, 0.0), True)
    assert settle(Clocks(SETTLING, 0.0), None) == (Awake(0.0, 0.0), False)


def test_after_a_resume_it_is_counted_from_the_first_look() -> None:
    before = Awake(0.0, 0.0)
    awake, settling = settle(Clocks(3 * HOUR, 2 * HOUR), before)
    assert (awake, settling) == (Awake(2 * HOUR, 3 * HOUR), True)
    assert settle(Clocks(3 * HOUR + SETTLING - 1, 2 * HOUR), awake) == (awake, True)
    assert settle(Clocks(3 * HOUR + SETTLING, 2 * HOUR), awake) == (awake, False)


def test_the_noise_of_two_clocks_is_no_suspend() -> None:
    # Nothing has to be stored either.
    assert settle(Clocks(HOUR, 0.4), Awake(0.0, 0.0)) == (Awake(0.0, 0.0), False)


@pytest.mark.parametrize("before", [Awake(9 * HOUR, 100.0), Awake(0.0, 9 * HOUR)])
def test_what_an_earlier_boot_left_is_ignored(before: Awake) -> None:
    assert settle(Clocks(HOUR, 0.0), before) == (Awake(0.0, 0.0), False)


def test_the_look_is_remembered_and_damage_is_survived(tmp_path: Path) -> None:
    store = Store(Paths.below(tmp_path))
    store.open()
    for kept in (None, "damage", [1], [0.0, Clocks.now().boot]):
        store.key_values.set("awake", kept)
        settling = is_settling(store.key_values)
        assert settling or not isinstance(kept, list) or len(kept) == 1
    asleep, resumed = store.key_values.get("awake")
    assert resumed > 0
    assert asleep >= 0
    store.close()


@pytest.fixture
def key_values(tmp_path: Path) -> Iterator[KeyValues]:
    store = Store(Paths.below(tmp_path))
    store.open()
    # The computer was started long ago.
    store.key_values.set("awake", [0.0, 0.0])
    yield store.key_values
    store.close()


@pytest.mark.parametrize(("seconds", "settling"), [(SETTLING - 60, True), (SETTLING, False), (None, False)])
def test_after_the_login(key_values: KeyValues, seconds: float | None, settling: bool) -> None:
    began = None if seconds is None else time.clock_gettime(time.CLOCK_MONOTONIC) - seconds
    with (
        patch("borgdesk.engine.schedule.settling.graphical_login", return_value=began),
        patch.object(Clocks, "now", return_value=Clocks(HOUR, 0.0)),
    ):
        assert is_settling(key_values) is settling


def test_a_host_is_reached_twice_half_a_minute_apart(key_values: KeyValues) -> None:
    def look(now: float, host: str = "host:22", *, reached: bool = True) -> bool:
        return is_stable(key_values, host, reached=reached, now=HOUR + now)

    assert [look(0), look(10), look(STABLE), look(STABLE), look(1000)] == [False, False, True, True, True]
    assert [look(1000, "other:22"), look(1000 + STABLE, "other:22")] == [False, True]
    # It was away.
    assert [look(2000, reached=False), look(2001), look(2002 + STABLE)] == [False, False, True]
    assert look(2001 + STABLE, "other:22")


@pytest.mark.parametrize("change", ["resume", "start", "damage"])
def test_a_host_was_not_reached_since(key_values: KeyValues, change: str) -> None:
    assert not is_stable(key_values, "host:22", reached=True, now=HOUR)
    boot = "borgdesk.engine.schedule.settling.boot_id"
    with patch(boot, return_value="another") if change == "start" else nullcontext():
        if change == "resume":
            key_values.set("awake", [500.0, HOUR + 1])
        if change == "damage":
            key_values.set("reached", [1])
        assert not is_stable(key_values, "host:22", reached=True, now=HOUR + STABLE)
        assert is_stable(key_values, "host:22", reached=True, now=HOUR + 2 * STABLE)
