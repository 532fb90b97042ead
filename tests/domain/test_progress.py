"""How far a step is, how fast, and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.progress import Estimate, Pace, Usual
from borgdesk.domain.run import BorgStep

GB = 10**9
LAST_TIME = Usual(9 * GB, {BorgStep.CREATE: 100.0, BorgStep.CHECK: 60.0})


def steady(seconds: float, speed: float = 90e6, usual: Usual = LAST_TIME) -> Pace:
    """Return the pace of a backup after *seconds* at one speed, told five times a second."""
    pace = Pace(BorgStep.CREATE, 1000.0)
    for tick in range(round(seconds * 5) + 1):
        pace = pace.after(1000.0 + tick / 5, usual, files=tick, done=round(speed * tick / 5))
    return pace


def test_a_backup_like_the_last_one() -> None:
    found = steady(40).estimate(1040.0, LAST_TIME)
    assert found.files == 200
    assert (found.done, found.total) == (3_600_000_000, 9 * GB)
    assert found.fraction == 0.4
    assert found.speed is not None
    assert 89e6 < found.speed < 91e6
    assert found.left is not None
    assert 55 < found.left < 65
    assert not found.is_counted


def test_a_slower_backup_takes_longer_and_says_so_soon() -> None:
    found = steady(100, 9e6).estimate(1100.0, LAST_TIME)
    assert found.left is not None
    assert 700 < found.left < 1000


def test_without_an_earlier_run_there_is_no_fraction_and_no_time_left() -> None:
    found = steady(40, usual=Usual()).estimate(1040.0, Usual())
    assert (found.fraction, found.left, found.total) == (None, None, None)
    assert found.done == 3_600_000_000
    assert found.speed is not None


def test_more_than_the_last_time_has_no_fraction_and_no_time_left() -> None:
    assert steady(99).estimate(1099.0, LAST_TIME).fraction == 0.99
    found = steady(110).estimate(1110.0, LAST_TIME)
    assert (found.fraction, found.left, found.total) == (None, None, None)
    assert found.done == 9_900_000_000


def test_a_number_needs_time() -> None:
    first = steady(0).estimate(1000.0, LAST_TIME)
    assert (first.speed, first.left) == (None, None)
    assert steady(4).estimate(1004.0, LAST_TIME).speed is not None
    assert Pace(BorgStep.CREATE, 1000.0).estimate(1050.0, LAST_TIME) == Estimate()
    assert Pace().estimate(1050.0, LAST_TIME) == Estimate()


def test_what_says_nothing_any_more_has_no_speed_and_no_time_left() -> None:
    pace = steady(40)
    assert pace.estimate(1050.0, LAST_TIME).left is not None
    silent = pace.estimate(1056.0, LAST_TIME)
    assert (silent.speed, silent.left) == (None, None)
    assert silent.fraction == 0.4


def test_a_counted_fraction_needs_no_earlier_run() -> None:
    pace = Pace(BorgStep.COMPACT, 1000.0).after(1001.0, Usual(), share=0.1).after(1010.0, Usual(), share=0.5)
    found = pace.estimate(1010.0, Usual())
    assert (found.fraction, found.is_counted, found.total) == (0.5, True, None)
    assert found.left is not None
    assert pace.after(1020.0, Usual(), share=1.0).estimate(1020.0, Usual()).fraction == 1.0


def test_a_check_is_as_far_as_its_usual_time() -> None:
    pace = Pace(BorgStep.CHECK, 1000.0)
    found = pace.estimate(1015.0, LAST_TIME)
    assert (found.fraction, found.left) == (0.25, 45.0)
    assert pace.estimate(1060.0, LAST_TIME) == Estimate()
    assert pace.estimate(1015.0, Usual()) == Estimate()


def test_what_usually_is_may_become_known_late() -> None:
    pace = steady(20, usual=Usual())
    assert pace.estimate(1020.0, LAST_TIME).fraction == 0.2
    assert pace.after(1020.2, LAST_TIME, done=2 * GB).estimate(1020.2, LAST_TIME).left is not None


@dataclass(frozen=True)
class Told:
    wait: float
    """Seconds; negative if the clock was set back."""
    done: int | None
    share: float | None


TOLD = st.builds(
    Told,
    st.floats(-5, 4000, allow_nan=False),
    st.one_of(st.none(), st.integers(0, 20 * GB)),
    st.one_of(st.none(), st.floats(-1, 2, allow_nan=False)),
)
USUAL = st.builds(
    Usual,
    st.one_of(st.none(), st.integers(0, 10 * GB)),
    st.dictionaries(st.sampled_from([BorgStep.CREATE, BorgStep.CHECK]), st.floats(0, 1e6, allow_nan=False)),
)


@given(st.lists(TOLD, max_size=30), USUAL, st.sampled_from([BorgStep.CREATE, BorgStep.CHECK, BorgStep.COMPACT]))
def test_whatever_is_told_nothing_is_negative_or_more_than_all_or_goes_back(
    tellings: list[Told], usual: Usual, step: BorgStep
) -> None:
    pace, now, largest = Pace(step, 1000.0), 1000.0, 0.0
    for told in tellings:
        now += told.wait
        pace = pace.after(now, usual, done=told.done, share=told.share)
        found = pace.estimate(now, usual)
        assert found.left is None or found.left >= 0
        assert found.speed is None or found.speed >= 0
        if found.fraction is not None:
            assert 0 <= found.fraction <= (1 if found.is_counted else 0.99)
            # A fraction that was counted replaces one that was not.
            assert found.is_counted or found.fraction >= largest
            largest = found.fraction if not found.is_counted else largest
        assert found.fraction is not None or found.left is None


@given(st.lists(st.tuples(st.floats(0.1, 3), st.floats(0.2, 5)), min_size=30, max_size=120))
def test_the_time_left_does_not_jump(steps: list[tuple[float, float]]) -> None:
    """Between two tellings it changes by a part of what was said, whatever the speed does."""
    pace, now, done, before = Pace(BorgStep.CREATE, 1000.0), 1000.0, 0.0, None
    usual = Usual(90 * GB, {BorgStep.CREATE: 1000.0})
    for wait, pull in steps:
        now, done = now + wait, done + wait * 90e6 * pull
        pace = pace.after(now, usual, done=round(done))
        left = pace.estimate(now, usual).left
        if left is not None and before is not None:
            assert abs(left - before) <= 0.35 * before + 2 * wait
        before = left
