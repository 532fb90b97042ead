"""Merging concurrent changes of the same lanes: none of them is lost silently."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import Changed
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.rearranging import facts_of, rearranged
from borgdesk.domain.run import ALWAYS, LANES, Hook, OnFailure

PRE, POST, LAST = LANES[:3]
Lanes = list[Assignment]


def lanes(*shape: str) -> Lanes:
    """Return assignments by letter, which is the script's name and determines the id."""
    return [
        card(name, hook, place)
        for hook, names in zip(LANES, shape, strict=False)
        for place, name in enumerate(names, 1)
    ]


def card(name: str, hook: Hook, place: int) -> Assignment:
    return Assignment(
        AssignmentId(ord(name)),
        RepositoryId(1),
        "Docs",
        ScriptId(ord(name)),
        name,
        hook,
        place,
        300,
        ALWAYS,
        OnFailure.STOP,
    )


def shape(found: Lanes) -> list[str]:
    return ["".join(one.script for one in found if one.hook is hook) for hook in LANES[:3]]


@pytest.mark.parametrize(
    ("seen", "wanted", "stored", "expected"),
    [
        (["abc"], ["cab"], ["abc"], ["cab", "", ""]),
        (["ab"], ["ba"], ["axb"], ["bax", "", ""]),
        (["ab"], ["ba"], ["xab"], ["xba", "", ""]),
        (["bc"], ["cb"], ["abc"], ["acb", "", ""]),
        (["bc"], ["cb"], ["bac"], ["cba", "", ""]),
        (["ab"], ["b"], ["abx"], ["bx", "", ""]),
        (["ab"], ["a", "b"], ["ab", "x"], ["a", "xb", ""]),
        (["ab"], ["abc"], ["abx"], ["abxc", "", ""]),
        (["abc"], ["cab"], ["ac"], ["ca", "", ""]),
        (["abc"], ["bc", "a"], ["ab", "c"], ["b", "ca", ""]),
        (["ab", "c"], ["ab", "", "c"], ["ba", "c"], ["ba", "", "c"]),
        (["ab"], ["ba"], ["ba"], ["ba", "", ""]),
        (["abc"], ["bc"], ["cba"], ["cb", "", ""]),
        (["a"], [""], [""], ["", "", ""]),
    ],
)  # fmt: skip
def test_both_sides_changes_are_kept(
    seen: list[str], wanted: list[str], stored: list[str], expected: list[str]
) -> None:
    assert shape(rearranged(lanes(*seen), lanes(*wanted), lanes(*stored))) == expected


@pytest.mark.parametrize(
    ("seen", "wanted", "stored"),
    [
        (["abc"], ["cab"], ["bac"]),
        (["ab"], ["b", "a"], ["b", "", "a"]),
        (["ab"], ["b", "a"], ["b"]),
        (["ab"], ["b"], ["b", "a"]),
    ],
)
def test_what_contradicts_is_asked_about(seen: list[str], wanted: list[str], stored: list[str]) -> None:
    with pytest.raises(Changed, match="was changed by another program in the meantime"):
        rearranged(lanes(*seen), lanes(*wanted), lanes(*stored))


def test_values_that_others_changed_stay() -> None:
    seen = lanes("ab")
    stored = [replace(seen[0], timeout=7, parameters={"A": "1"}), seen[1]]
    wanted = [replace(seen[1], order=1), replace(seen[0], order=2, enabled=False)]
    found = rearranged(seen, wanted, stored)
    assert shape(found) == ["ba", "", ""]
    assert (found[1].timeout, found[1].parameters, found[1].enabled) == (7, {"A": "1"}, False)
    with pytest.raises(Changed, match="timeout"):
        rearranged(seen, [replace(seen[0], timeout=8), seen[1]], stored)
    with pytest.raises(Changed):
        rearranged(seen, [seen[1]], stored)


def test_secrets_and_parameters_of_both_sides_are_kept_apart() -> None:
    seen = [replace(one, parameters={"A": "1"}, secrets=frozenset({"S"})) for one in lanes("a")]
    wanted = [replace(seen[0], parameters={"A": "1", "B": "2"})]
    stored = [replace(seen[0], parameters={"A": "3"}, secrets=frozenset({"S", "T"}))]
    (found,) = rearranged(seen, wanted, stored)
    assert (found.parameters, found.secrets) == ({"A": "3", "B": "2"}, frozenset("ST"))
    (found,) = rearranged(seen, [replace(wanted[0], secrets=frozenset())], stored)
    assert (found.parameters, found.secrets) == ({"A": "3", "B": "2"}, frozenset("T"))


_shapes = st.permutations("abcd").flatmap(
    lambda names: st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()).map(
        lambda cut: [
            "".join(names[: min(cut[:2])]),
            "".join(names[min(cut[:2]) : max(cut[:2])]),
            "".join(names[max(cut[:2]) : None if cut[2] else -1]),
        ]
    )
)


@given(_shapes, _shapes, _shapes, st.booleans())
def test_nobody_s_assignment_is_lost(seen: list[str], wanted: list[str], stored: list[str], edited: bool) -> None:
    before, ours, theirs = lanes(*seen), lanes(*wanted), lanes(*stored)
    if edited and theirs:
        theirs[0] = replace(theirs[0], timeout=9)
    try:
        found = rearranged(before, ours, theirs)
    except Changed:
        assert ours != before
        assert facts(before) != facts(theirs) or shape(before) != shape(theirs)
        return
    known, wished, there = ({one.id for one in some} for some in (before, ours, theirs))
    assert {one.id for one in found} == (there - (known - wished)) | (wished - known)
    for one in found:
        was, is_now = facts(before).get(one.id), facts(theirs).get(one.id)
        wish = facts(ours).get(one.id)
        assert facts(found)[one.id] == (
            is_now if wish == was or wish is None else wish if is_now == was else facts(found)[one.id]
        )


def facts(some: Lanes) -> dict[int, object]:
    return {one.id: facts_of(one) for one in some}
