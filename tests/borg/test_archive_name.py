"""Templates of archive names, and the pattern that matches the archives of one series."""

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
    """Return whether Borg would match *name* with *glob*: placeholders first, then shell patterns without slashes."""
    pattern = glob.format_map({"hostname": "host", "fqdn": "host", "reverse-fqdn": "host", "user": "user"})
    pieces = re.split(r"(\*|\[[^]]+\])", pattern)
    expression = "".join(
        "[^/]*" if piece == "*" else piece.replace("[[]", r"\[") if number % 2 else re.escape(piece)
        for number, piece in enumerate(pieces)
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
        "x" * 200,
        "ü" * 100,
        "{now:%Y}" + "x" * 196,
        default_archive_name("My documents"),
        default_archive_name("👨\u200d👩\u200d👧 نسخه\u200cها"),
    ],
)
def test_accepted(template: str) -> None:
    assert check_archive_name(template) == template


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (" a", "space"),
        ("a ", "space"),
        ("{now:%e}", "space"),
        ("a/b", "must not contain “/” or “::”\\.$"),
        ("{now:%D}", "but it would become"),
        ("a::b", "must not contain"),
        ("a\nb", "invisible"),
        ("a\tb", "invisible"),
        ("a\0b", "invisible"),
        ("a\x7f", "invisible"),
        ("\ud800", "invisible"),
        ("a\u202eb", "invisible"),
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
        ("{hostname:{user}}", "cannot contain another"),
        ("{pid:%Y}", "does not support"),
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


def test_preview_of_what_cannot_be_foreseen() -> None:
    template = "{pid} {uuid4} {borgversion} {borgmajor} {borgminor} {borgpatch} {fqdn} {reverse-fqdn}"
    assert preview_archive_name(template, NOON, hostname="pc.example.org") == (
        "1 00000000-0000-4000-8000-000000000000 1.4.0 1 1.4 1.4.0 pc.example.org org.example.pc"
    )


@pytest.mark.parametrize(
    ("template", "glob"),
    [
        ("{now:%Y%G%f%j%u%w%s}", "[0-9]" * 29),
        ("{utcnow:%m%d%H%M%S%y%I%U%W%V%C%g}", "[0-9]" * 24),
        ("a{now:%e%k%l}", "a" + "[ 0-9][0-9]" * 3),
        ("{borgversion}{borgmajor}{borgminor}{borgpatch}", "[0-9]*[0-9][0-9].*[0-9].*"),
        ("{uuid4}", "-".join("[0-9a-f]" * length for length in (8, 4, 4, 4, 12))),
        (
            "{now:%F %T %R %p}",
            "{Y}-{m}-{d} {H}:{M}:{S} {H}:{M} [AP]M".format(
                Y="[0-9]" * 4, m="[0-9]" * 2, d="[0-9]" * 2, H="[0-9]" * 2, M="[0-9]" * 2, S="[0-9]" * 2
            ),
        ),
        ("{hostname}-{now:%Y-%m}", "{hostname}-[0-9][0-9][0-9][0-9]-[0-9][0-9]"),
        ("{fqdn} {reverse-fqdn} {user:.3} {uuid4:s}", "{fqdn} {reverse-fqdn} {user:.3} *"),
        ("a{{b}}*?[c]-{pid}", "a{{b}}[*][?][[]c]-[0-9]*"),
        ("{now:%A %d%% %-d}", "[A-Z]*day [0-9][0-9]% *"),
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
        "{now:%C-%g-%R}",
        "{now:%w-%s-%y}",
        "at {now:%e-%k-%l}",
        "{now:%H%M%S.%f}",
        "{now:%W %h %A %m}",
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
