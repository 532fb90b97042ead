"""Merging concurrent changes of one object, field by field."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import Changed
from borgdesk.domain.merging import Facts, merged

SEEN: Facts = {"name": "Photos", "days": 7}


@pytest.mark.parametrize(
    ("wanted", "stored", "expected"),
    [
        ({"name": "Photos", "days": 7}, {"name": "Pictures", "days": 9}, {"name": "Pictures", "days": 9}),
        ({"name": "Pictures", "days": 7}, {"name": "Photos", "days": 9}, {"name": "Pictures", "days": 9}),
        ({"name": "Pictures", "days": 7}, {"name": "Pictures", "days": 7}, {"name": "Pictures", "days": 7}),
        ({"name": "Photos"}, {"name": "Photos", "days": 7}, {"name": "Photos", "days": None}),
        ({**SEEN, "weeks": 4}, {**SEEN, "months": 1}, {**SEEN, "weeks": 4, "months": 1}),
        ({**SEEN, "weeks": 4}, {**SEEN, "weeks": 4}, {**SEEN, "weeks": 4}),
    ],
)
def test_changes_of_both_sides(wanted: Facts, stored: Facts, expected: Facts) -> None:
    assert merged(SEEN, wanted, stored, "It") == expected


@pytest.mark.parametrize(
    ("wanted", "stored", "disputed"),
    [
        ({**SEEN, "name": "Pictures"}, {**SEEN, "name": "Prints"}, ("name",)),
        ({**SEEN, "weeks": 4}, {**SEEN, "weeks": 5}, ("weeks",)),
        ({"name": "Photos"}, {"name": "Photos", "days": 8}, ("days",)),
        ({"name": "a", "days": 1}, {"name": "b", "days": 2}, ("days", "name")),
    ],
)
def test_what_both_made_different_things_of_is_asked_about(
    wanted: Facts, stored: Facts, disputed: tuple[str, ...]
) -> None:
    with pytest.raises(Changed, match=r"^It was changed by another program in the meantime: ") as refused:
        merged(SEEN, wanted, stored, "It")
    assert refused.value.facts == disputed
    assert str(refused.value).endswith(f"in the meantime: {', '.join(disputed)}. Nothing was saved.")


def test_one_side_may_win() -> None:
    wanted, stored = {"name": "a", "days": 7}, {"name": "b", "days": 9}
    assert merged(SEEN, wanted, stored, "It", over=True) == {"name": "a", "days": 9}
