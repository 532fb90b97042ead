"""Templates of archive names, and the pattern that finds the archives of one series."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.archive_name import check_archive_name, preview_archive_name, series_glob
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import default_archive_name

NOON = datetime(2026, 11, 23, 12, 0, 0, 42, tzinfo=UTC)


def matches(glob: str, name: str) -> bool:
    """Whether Borg would take *name* for one of *glob*: placeholders first, then its shell patterns without slashes."""
    pattern = glob.format_map({"hostname": "host", "fqdn": "host", "reverse-fqdn": "host", "user": "user"})
    pieces = re.split(r"(\*|\[0-9\]|\[.\])", pattern)
    meaning = {"*": "[^/]*", "[0-9]": "[0-9]"}
    expression = "".join(
        meaning.get(piece, re.escape(piece[1:-1] if number % 2 else piece)) for number, piece in enumerate(pieces)
    )
    return re.fullmatch(expression, name) is not None


@pytest.mark.parametrize(
    "template",
    [
        "{hostname}-{now}",
        "{hostname}-{now:%Y-%m-%dT%H:%M:%S}",
        "{user}@{fqdn}_{utcnow:%s}",
        "plain",
        "with blanks inside",
        "{{braces}}-{pid}",
        "{uuid4}",
        "{hostname:.8}-{borgversion}",
        "ünï-{now:%d. %B %Y}",
        default_archive_name("My documents"),
    ],
)
def test_accepted(template: str) -> None:
    assert check_archive_name(template) == template


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (" a", "blank"),
        ("a ", "blank"),
        ("{now:%e}", "blank"),
        ("a/b", "must not contain"),
        ("{now:%D}", "must not contain"),
        ("a::b", "must not contain"),
        ("a\nb", "invisible"),
        ("a\tb", "invisible"),
        ("a\0b", "invisible"),
        ("a\x7f", "invisible"),
        ("\ud800", "invisible"),
        (".", "folder"),
        ("..", "folder"),
        ("a.checkpoint", "checkpoint"),
        ("a.checkpoint.12", "checkpoint"),
        ("{nope}", "not a placeholder"),
        ("{}", "not a placeholder"),
        ("{0}", "not a placeholder"),
        ("{now.year}", "not a placeholder"),
        ("{now!r}", "not a placeholder"),
        ("{unixtime}", "not a placeholder"),
        ("{now", "brace"),
        ("now}", "brace"),
        ("{hostname:{user}}", "within a placeholder"),
        ("{pid:%Y}", "does not fit"),
        ("{hostname:>9999999}", "too large"),
        ("x" * 201, "too long"),
        ("ü" * 101, "too long"),
    ],
)
def test_refused(template: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        check_archive_name(template)


@given(st.text(alphabet="{}[]*?:!%.aYnow-/\\ \n{now}", max_size=30))
def test_any_text_is_accepted_or_refused_with_a_sentence(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert check_archive_name(text) == text
        assert matches(series_glob(text), preview_archive_name(text, NOON))


def test_preview() -> None:
    name = preview_archive_name("{hostname}-{user}-{now:%Y}-{utcnow}", NOON, hostname="box", user="me")
    assert name == "box-me-2026-2026-11-23T12:00:00"


@pytest.mark.parametrize(
    ("template", "glob"),
    [
        ("{hostname}-{now:%Y-%m}", "{hostname}-[0-9][0-9][0-9][0-9]-[0-9][0-9]"),
        ("{fqdn} {reverse-fqdn} {user:.3} {uuid4}", "{fqdn} {reverse-fqdn} {user:.3} *"),
        ("a{{b}}*?[c]-{pid}", "a{{b}}[*][?][[]c]-*"),
        ("{now:%A %d%% %-d}", "* [0-9][0-9]% *"),
        ("fixed", "fixed"),
    ],
)
def test_series_glob(template: str, glob: str) -> None:
    assert series_glob(template) == glob


@pytest.mark.parametrize(
    "template",
    [
        "{hostname}-{now}",
        "{hostname}-home-{utcnow:%Y-%m-%dT%H:%M:%S.%f}",
        "{user}-{now:%F_%T}",
        "{now:%j %U %G-%V-%u}",
        "{now:%a %d %b %Y, %I:%M %p}",
        "[x]*?-{pid}",
        "{{a}}-{uuid4}-{borgversion}",
    ],
)
def test_the_glob_finds_what_the_template_made(template: str) -> None:
    assert matches(series_glob(template), preview_archive_name(template, NOON))


@pytest.mark.parametrize(
    ("template", "other"),
    [
        ("{hostname}-{now}", "host-photos-2026-11-23T12:00:00"),
        ("{hostname}-{now}", "host2-2026-11-23T12:00:00"),
        ("{hostname}-{now}", "host-2026-11-23T12:00:00-old"),
        ("{hostname}-{now}", "host-latest"),
        ("{now}", "host-2026-11-23T12:00:00"),
        ("a[b]-{now:%Y}", "ab-2026"),
        ("a*-{now:%Y}", "abc-2026"),
    ],
)
def test_the_glob_leaves_other_series_alone(template: str, other: str) -> None:
    assert not matches(series_glob(template), other)


def test_the_glob_of_a_bad_template_is_refused() -> None:
    with pytest.raises(InvalidInput):
        series_glob("")
