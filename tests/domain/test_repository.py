"""What a repository may be."""

from __future__ import annotations

from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import (
    Repository,
    Retention,
    check_location,
    check_source,
    default_archive_name,
    is_local,
)
from borgdesk.domain.run import OnFailure


@pytest.mark.parametrize("within", ["10d", "1H", "2w", "6m", "1y", "007d", None])
def test_intervals(within: str | None) -> None:
    assert Retention(within=within).within == within


@pytest.mark.parametrize(
    "within", ["", "0d", "00d", "d", "10", "10D", "10S", "10 d", "-1d", "1.5d", "1d1H", "10d\n", "٣d"]
)
def test_what_is_no_interval(within: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Retention(within=within)
    assert str(caught.value) == (
        f"“{within}” is not an interval: use a number above 0 and H, d, w, m or y, such as 10d."
    )


def keeping(**rules: Any) -> Retention:
    return Retention(**rules)


RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly")


@pytest.mark.parametrize("rule", RULES)
def test_counts(rule: str) -> None:
    for count in (-1, 1, 7):
        retention = keeping(**{rule: count})
        assert retention
        assert retention.counts() == {rule: count}
    for count in (0, -2):
        with pytest.raises(InvalidInput) as caught:
            keeping(**{rule: count})
        assert str(caught.value) == f"keep-{rule} must be at least 1 (or -1 for no limit), not {count}."


def test_whether_there_is_any_rule() -> None:
    assert not Retention()
    assert Retention(within="1d")
    assert keeping(**dict.fromkeys(RULES, 1)).counts() == dict.fromkeys(RULES, 1)


@pytest.mark.parametrize(
    ("location", "kept", "local"),
    [
        (" /backup/docs ", "/backup/docs", True),
        ("ssh://user@host:22/./docs", "ssh://user@host:22/./docs", False),
        ("user@host:docs", "user@host:docs", False),
        ("host:/backup", "host:/backup", False),
    ],
)
def test_locations(location: str, kept: str, local: bool) -> None:
    assert check_location(location) == kept
    assert is_local(kept) is local


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("", "The location is empty."),
        ("  ", "The location is empty."),
        ("/a\0b", "The location contains characters no path can have."),
        ("/a\nb", "The location contains characters no path can have."),
        ("/repo::archive", "The location must not name an archive (“::”)."),
        ("docs", "“docs” is not a location: give an absolute path, or ssh://user@host:port/path."),
        ("./docs", "“./docs” is not a location: give an absolute path, or ssh://user@host:port/path."),
        ("~/docs", "“~/docs” is not a location: give an absolute path, or ssh://user@host:port/path."),
    ],
)
def test_what_is_no_location(location: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_location(location)
    assert str(caught.value) == sentence


def test_sources() -> None:
    assert check_source("/home/me/Größe ") == "/home/me/Größe "


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("", "A source is empty: name a folder or a file."),
        ("  ", "A source is empty: name a folder or a file."),
        ("/a\nb", r"The source '/a\nb' contains characters no path can have."),
        ("/a\0b", r"The source '/a\x00b' contains characters no path can have."),
        ("docs", "The source “docs” must be an absolute path."),
        ("~/docs", "The source “~/docs” must be an absolute path."),
    ],
)
def test_what_is_no_source(source: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_source(source)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("Documents", "{hostname}-documents-{now:%Y-%m-%dT%H:%M:%S}"),
        ("My /home, all", "{hostname}-my-home-all-{now:%Y-%m-%dT%H:%M:%S}"),
        ("{user}", "{hostname}-user-{now:%Y-%m-%dT%H:%M:%S}"),
        ("...", "{hostname}-backup-{now:%Y-%m-%dT%H:%M:%S}"),
    ],
)
def test_default_archive_names_keep_repositories_apart(name: str, template: str) -> None:
    assert default_archive_name(name) == template


def test_what_a_failing_script_does_by_default() -> None:
    assert Repository(1, "Docs", "/r").on_failure is OnFailure.STOP
    assert Repository(1, "Docs", "/r", continue_on_hook_failure=True).on_failure is OnFailure.CONTINUE
