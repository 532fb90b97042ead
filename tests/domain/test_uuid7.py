from __future__ import annotations

from itertools import pairwise
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.uuid7 import RANDOM_BITS, uuid7

moments = st.integers(0, 2**47)
randoms = st.integers(0, 2**RANDOM_BITS - 1)


def test_the_example_of_the_standard() -> None:
    """From RFC 9562, appendix A.6."""
    random = 0xCC3 << 62 | 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, random) == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


@given(moments, randoms)
def test_version_variant_and_time(milliseconds: int, random: int) -> None:
    made = uuid7(milliseconds, random)
    assert (made.version, made.variant, made.int >> 80) == (7, RFC_4122, milliseconds)


@given(st.lists(st.tuples(moments, randoms), min_size=2))
def test_each_is_greater_than_the_last_whatever_the_clock_does(made_at: list[tuple[int, int]]) -> None:
    made: list[UUID] = []
    for milliseconds, random in made_at:
        made.append(uuid7(milliseconds, random, made[-1] if made else None))
    assert all(first < second and str(first) < str(second) for first, second in pairwise(made))
    assert {one.version for one in made} == {7}


def test_those_of_one_millisecond_are_more_than_one_apart() -> None:
    first = uuid7(1000, 2**RANDOM_BITS - 1)
    here, elsewhere = uuid7(1000, 5, first), uuid7(1000, 6, first)
    assert first < here < elsewhere
