"""Validation of repositories."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from borgdesk.domain.errors import Changed, InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import (
    NAMES_OF_FACTS,
    Repository,
    Retention,
    check_location,
    check_source,
    check_stall_limit,
    default_archive_name,
    is_local,
    merged_repository,
)
from borgdesk.domain.run import OnFailure, RunStatus


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
        f"“{within}” is not an interval. Use a number above 0 followed by H, d, w, m or y, such as 10d."
    )


@pytest.mark.parametrize("within", ["1001y", "365001d", f"{10**30}H", "9" * 5000 + "m"])
def test_an_interval_has_an_end(within: str) -> None:
    """Borg fails with an internal error for an interval that begins before the year 1."""
    with pytest.raises(InvalidInput) as caught:
        Retention(within=within)
    assert str(caught.value) == "The interval must be at most 1000 years; keep-last -1 keeps all archives."


@pytest.mark.parametrize("within", ["1000y", "365000d", "0001000y"])
def test_a_long_interval(within: str) -> None:
    assert Retention(within=within).within == within


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


@pytest.mark.parametrize("rule", RULES)
def test_counts_have_an_end(rule: str) -> None:
    assert keeping(**{rule: 999_999})
    with pytest.raises(InvalidInput) as caught:
        keeping(**{rule: 10**30})
    assert str(caught.value) == f"keep-{rule} must be at most 999,999; -1 keeps all."


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
        ("/a\0b", "The location contains characters that are not allowed in a path."),
        ("/a\nb", "The location contains characters that are not allowed in a path."),
        ("/repo::archive", "The location must not include an archive (“::”)."),
        ("docs", "“docs” is not a location: enter an absolute path, or ssh://user@host:port/path."),
        ("./docs", "“./docs” is not a location: enter an absolute path, or ssh://user@host:port/path."),
        ("~/docs", "“~/docs” is not a location: Borg does not expand “~”, so enter the full path."),
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
        ("", "A source is empty: enter a folder or a file."),
        ("  ", "A source is empty: enter a folder or a file."),
        ("/a\nb", r"The source '/a\nb' contains characters that are not allowed in a path."),
        ("/a\0b", r"The source '/a\x00b' contains characters that are not allowed in a path."),
        ("/a\ud800", r"The source '/a\ud800' contains characters that are not allowed in a path."),
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
    assert Repository(RepositoryId(1), "Docs", "/r").on_failure is OnFailure.STOP
    assert Repository(RepositoryId(1), "Docs", "/r", continue_on_hook_failure=True).on_failure is OnFailure.CONTINUE


def test_the_results_of_runs() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    ran = Repository(
        RepositoryId(1), "Docs", "/r", filled_sources=frozenset({"/home"}), last_run_at=moment,
        last_status=RunStatus.WARNING, last_success_at=moment,
    )  # fmt: skip
    before = Repository(RepositoryId(1), "Docs", "/r")
    assert before.with_results_of(ran) == ran
    assert replace(before, name="Letters").with_results_of(ran) == replace(ran, name="Letters")


class TestTwoWriters:
    SEEN = Repository(
        RepositoryId(1), "Photos", "/backup", ("/home",), retention=Retention(daily=7), passcommand="pass photos"
    )

    def test_what_one_did_not_change_is_what_the_other_made_of_it(self) -> None:
        ours = replace(self.SEEN, name="Pictures", retention=Retention(daily=7, weekly=4))
        theirs = replace(self.SEEN, compression="zstd", retention=Retention(daily=9), last_status=RunStatus.SUCCESS)
        found = merged_repository(self.SEEN, ours, theirs)
        assert found == replace(theirs, name="Pictures", retention=Retention(daily=9, weekly=4))

    @pytest.mark.parametrize(
        ("ours", "theirs", "named"),
        [
            ({"retention": Retention(daily=8)}, {"retention": Retention(daily=9)}, "keep daily"),
            ({"archive_name": "a-{now}"}, {"archive_name": "b-{now}"}, "archive name"),
            ({"has_passphrase": True, "passcommand": None}, {"passcommand": "pass other"}, "passphrase"),
            ({"sources": ("/home", "/etc")}, {"sources": ()}, "sources"),
        ],
    )
    def test_what_both_changed_is_asked_about(self, ours: Any, theirs: Any, named: str) -> None:
        wanted, stored = replace(self.SEEN, **ours), replace(self.SEEN, exclude_caches=True, **theirs)
        with pytest.raises(Changed) as refused:
            merged_repository(self.SEEN, wanted, stored)
        assert refused.value.facts == (named,)
        assert "“Photos” was changed by another program in the meantime: " + named in str(refused.value)
        assert merged_repository(self.SEEN, wanted, stored, over=True) == replace(wanted, exclude_caches=True)
        assert merged_repository(self.SEEN, wanted, wanted) == wanted

    def test_all_that_both_can_change_is_marked_for_translation(self) -> None:
        not_editable = ("id", "filled_sources", "created_at", "last_run_at", "last_status", "last_success_at")
        names = {one.name for one in fields(Repository)} - {"retention", *not_editable}

        def changed(count: int) -> Repository:
            rules = Retention(f"{count}d", count, count, count, count, count, count)
            return replace(self.SEEN, retention=rules, **dict.fromkeys(names, f"{count}"))  # type: ignore[arg-type]

        with pytest.raises(Changed) as refused:
            merged_repository(self.SEEN, changed(1), changed(2))
        assert sorted(refused.value.facts) == sorted(NAMES_OF_FACTS)


def test_what_a_repository_is_where_nobody_said_otherwise() -> None:
    plain = Repository(RepositoryId(1), "Docs", "/r")
    assert not any((plain.exclude_caches, plain.one_file_system, plain.has_passphrase))
    assert not any((plain.continue_on_hook_failure, plain.fail_on_missing_source, plain.retention))
    assert (plain.compression, plain.stall_limit) == ("lz4", 600)


@pytest.mark.parametrize("seconds", [1, 600, 86400])
def test_stall_limits(seconds: int) -> None:
    assert check_stall_limit(seconds) == seconds


@pytest.mark.parametrize("seconds", [0, -1, 86401])
def test_what_is_no_stall_limit(seconds: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_stall_limit(seconds)
    assert str(caught.value) == "The stall limit must be between 1 second and 24 hours."
