"""Two templates in one repository: no name that one produces may ever match the other."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from borgdesk.borg.archive_name import preview_archive_name
from borgdesk.borg.series import Identity, example, is_checkpoint, matches, may_meet, resolved_glob
from borgdesk.domain.errors import InvalidInput

HERE = Identity("pc", "pc.example.org", "me")
NOON = datetime(2026, 11, 23, 12, 0, 0, 42, tzinfo=UTC)

_LITERALS = ["pc", "me", "-", "photos", "2026", "1", "day", "Mon", "*", "?", "[0-9]", "{{", "}}", ".", "Thursday", "T"]
_TIMES = "YmdHMSfjyUWVGuwaAbBhpIsCgFTRekl%Zzc"
_PLACEHOLDERS = st.one_of(
    st.sampled_from(["{hostname}", "{fqdn}", "{reverse-fqdn}", "{user}", "{hostname:.1}", "{user:>4}"]),
    st.sampled_from(["{pid}", "{uuid4}", "{borgversion}", "{borgmajor}", "{borgminor}", "{borgpatch}", "{uuid4:.8}"]),
    st.sampled_from(["{now}", "{utcnow}", "{now:%A}", "{utcnow:%-d}"]),
    st.lists(st.sampled_from(_TIMES), min_size=1, max_size=3).map(
        lambda letters: "{now:" + "-".join(f"%{letter}" for letter in letters) + "}"
    ),
)
TEMPLATES = st.lists(st.one_of(st.sampled_from(_LITERALS), _PLACEHOLDERS), min_size=1, max_size=5).map("".join)
MOMENTS = st.integers(1_000_000_000, 9_999_999_999).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CHECKPOINTS = st.sampled_from(["", ".checkpoint", ".checkpoint.12"])


class _Moment:
    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __format__(self, spec: str) -> str:
        return format(self._moment, spec or "%Y-%m-%dT%H:%M:%S")


def made(template: str, moment: datetime, pid: int, version: tuple[int, int, int]) -> str:
    """Return the name that Borg would produce."""
    major, minor, patch = version
    return template.format_map(
        {
            "hostname": "pc",
            "fqdn": "pc.example.org",
            "reverse-fqdn": "org.example.pc",
            "user": "me",
            "now": _Moment(moment),
            "utcnow": _Moment(moment),
            "pid": pid,
            "uuid4": str(uuid.uuid5(uuid.NAMESPACE_URL, str(pid))),
            "borgversion": f"{major}.{minor}.{patch}",
            "borgmajor": str(major),
            "borgminor": f"{major}.{minor}",
            "borgpatch": f"{major}.{minor}.{patch}",
        }
    )


def is_template(text: str) -> bool:
    try:
        resolved_glob(text, HERE)
    except InvalidInput:
        return False
    return True


NAMES = st.tuples(MOMENTS, st.integers(1, 4_194_304), st.tuples(st.just(1), st.integers(2, 12), st.integers(0, 20)))


@given(TEMPLATES, TEMPLATES, NAMES, CHECKPOINTS)
def test_no_name_of_one_is_matched_by_the_other_or_they_are_said_to_meet(
    one: str, other: str, circumstances: tuple[datetime, int, tuple[int, int, int]], checkpoint: str
) -> None:
    assume(all(map(is_template, (one, other))))
    name = made(one, *circumstances) + checkpoint
    assert matches(one, HERE, name), "its own pattern finds it"
    if matches(other, HERE, name):
        assert may_meet(one, other, HERE)
        assert may_meet(other, one, HERE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pc-{now}", "{hostname}-{now}"),
        ("pc.example.org-{now}", "{fqdn}-{now}"),
        ("org.example.pc", "{reverse-fqdn}"),
        ("me-{utcnow}", "{user}-{now:%FT%T}"),
        ("pc-{now:%Z}", "pc-photos-{now}"),
        ("{now}", "{now:%Y-%m-%dT%H:%M:%S}"),
        ("a-Monday", "a-{now:%A}"),
        ("a-1234", "a-{pid}"),
        ("a-2026-11-23T10:00:00", "a-{now}"),
        ("fixed", "fixed"),
        ("a-1.4", "a-{borgminor}"),
        ("a{now:%-d}", "a{now:%d}"),
    ],
)
def test_templates_that_meet(one: str, other: str) -> None:
    assert may_meet(one, other, HERE)
    assert may_meet(other, one, HERE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{hostname}-{now}", "{hostname}-photos-{now}"),
        ("other-{now}", "{hostname}-{now}"),
        ("pc-{now:%A}", "pc-photos-{now}"),
        ("pc-{now:%b}", "pc-photos-{now}"),
        ("{now:%Y-%m-%d}", "{now:%Y-%m-%dT%H:%M}"),
        ("a-{uuid4}", "a-photos-{uuid4}"),
        ("a*-{now}", "ab-{now}"),
        ("{{now}}", "{now}"),
        ("A-{now}", "a-{now}"),
    ],
)
def test_templates_that_never_meet(one: str, other: str) -> None:
    assert not may_meet(one, other, HERE)
    assert not may_meet(other, one, HERE)


def test_an_example() -> None:
    assert re.fullmatch(r"pc-me-[0-9]{4}", example("{hostname}-{user}-{now:%Y}", HERE))
    assert preview_archive_name("x", NOON) == example("x", HERE)


@pytest.mark.parametrize(
    ("name", "says"), [("a.checkpoint", True), ("a.checkpoint.3", True), ("a.checkpoint.x", False), ("a", False)]
)
def test_checkpoints(name: str, says: bool) -> None:
    assert is_checkpoint(name) is says
