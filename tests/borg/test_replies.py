"""Borg's replies on stdout, invalid replies, and versions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.output import OutputLine
from borgdesk.borg.replies import (
    ArchiveStats,
    BorgVersion,
    PruneAction,
    PruneDecision,
    RepositoryStats,
    UnexpectedReply,
    check_version,
    parse_create,
    parse_freed,
    parse_info,
    parse_list,
    parse_prune_line,
    parse_version,
)
from borgdesk.domain.errors import BorgUnusable

ID = "ab" * 32
REPOSITORY = {
    "repository": {"id": ID, "last_modified": "2026-11-23T18:00:00.000000", "location": "/r"},
    "encryption": {"mode": "keyfile", "keyfile": "/k"},
}
CACHE = {"cache": {"path": "/c", "stats": {"total_size": 3, "total_csize": 2, "unique_csize": 1, "unique_size": 9}}}
ARCHIVE = {
    "name": "a",
    "id": ID,
    "start": "2026-11-23T18:00:00.000000",
    "end": "2026-11-23T18:00:02.000000",
    "duration": 1.5,
    "stats": {"original_size": 4, "compressed_size": 3, "deduplicated_size": 2, "nfiles": 1},
}


def encoded(*parts: Mapping[str, object]) -> bytes:
    return json.dumps({key: value for part in parts for key, value in part.items()}, indent=4).encode()


def test_create() -> None:
    reply = parse_create(b"\n" + encoded(REPOSITORY, CACHE, {"archive": ARCHIVE}))
    assert reply is not None
    assert (reply.archive_name, reply.archive_id, reply.duration) == ("a", ID, timedelta(seconds=1.5))
    assert reply.stats == ArchiveStats(4, 3, 2, 1)
    assert reply.start == datetime(2026, 11, 23, 18).astimezone(UTC)
    assert reply.end - reply.start == reply.duration
    assert reply.start.tzinfo is UTC


@pytest.mark.parametrize("stdout", [b"", b"\n", b" \n\n"])
def test_no_reply_means_no_archive(stdout: bytes) -> None:
    assert parse_create(stdout) is None


def test_info() -> None:
    info = parse_info(encoded(REPOSITORY, CACHE))
    assert (info.id, info.location, info.encryption, info.keyfile) == (ID, "/r", "keyfile", "/k")
    assert info.last_modified == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert info.stats == RepositoryStats(3, 2, 1)


def test_list() -> None:
    entry = {**ARCHIVE, "comment": "c\udcff", "hostname": "h", "username": "u"}
    listed = parse_list(encoded(REPOSITORY, {"archives": [entry, {**entry, "name": "b"}]}))
    assert [archive.name for archive in listed.archives] == ["a", "b"]
    assert listed.archives[0].comment == "c?"
    assert listed.archives[0].end == datetime(2026, 11, 23, 18, 0, 2, tzinfo=UTC)
    assert listed.repository.stats is None


@pytest.mark.parametrize(
    "stdout", [b"nonsense", b"[]", b"{}", b'{"repository": [], "encryption": []}', b"[" * 99999, b"\xff"]
)
def test_other_answers_are_refused(stdout: bytes) -> None:
    for parse in (parse_create, parse_info, parse_list):
        with pytest.raises(UnexpectedReply, match="could not be understood"):
            parse(stdout)


@pytest.mark.parametrize("size", [2**63, -(2**63), 10**30])
def test_sizes_that_history_has_no_room_for_are_refused(size: int) -> None:
    reply = json.loads(encoded(REPOSITORY, CACHE, {"archive": ARCHIVE}))
    reply["archive"]["stats"]["original_size"] = size
    with pytest.raises(UnexpectedReply, match="not a number of bytes"):
        parse_create(json.dumps(reply).encode())


@pytest.mark.parametrize("size", [2**63 - 1, 1 - 2**63, 0])
def test_sizes_that_history_has_room_for(size: int) -> None:
    stats = {"original_size": size, "compressed_size": 3, "deduplicated_size": 2, "nfiles": 1}
    reply = parse_create(encoded(REPOSITORY, {"archive": {**ARCHIVE, "stats": stats}}))
    assert reply is not None
    assert reply.stats.original_size == size


def test_a_new_archive_has_local_times_and_a_list_has_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        made = parse_create(encoded(REPOSITORY, {"archive": ARCHIVE}))
        entry = {**ARCHIVE, "comment": "", "hostname": "h", "username": "u"}
        listed = parse_list(encoded(REPOSITORY, {"archives": [entry]}))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert made is not None
    assert made.start == made.repository.last_modified == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert listed.archives[0].start == listed.repository.last_modified == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_a_time_with_a_zone_is_that_time() -> None:
    repository = {**REPOSITORY["repository"], "last_modified": "2026-11-23T18:00:00+02:00"}
    info = parse_info(encoded({**REPOSITORY, "repository": repository}))
    assert (info.last_modified, info.stats) == (datetime(2026, 11, 23, 16, tzinfo=UTC), None)


def test_a_repository_without_a_key_file() -> None:
    assert parse_info(encoded({**REPOSITORY, "encryption": {"mode": "none"}})).keyfile is None


def test_what_was_not_understood_is_not_repeated_at_length() -> None:
    with pytest.raises(UnexpectedReply) as caught:
        parse_info(encoded({**REPOSITORY, "repository": {"id": "x" * 5000}}))
    assert len(str(caught.value)) < 300


@given(st.sampled_from(["archive", "repository", "encryption", "archives", "cache"]), st.data())
def test_malformed_fields_are_refused_with_a_sentence(part: str, data: st.DataObject) -> None:
    reply = json.loads(encoded(REPOSITORY, CACHE, {"archive": ARCHIVE, "archives": []}))
    target = reply[part]
    value = data.draw(st.none() | st.integers() | st.text() | st.lists(st.integers()) | st.just(float("inf")))
    if isinstance(target, dict) and data.draw(st.booleans()):
        target[data.draw(st.sampled_from(sorted(target)))] = value
    else:
        reply[part] = value
    for parse in (parse_create, parse_info, parse_list):
        try:
            parse(json.dumps(reply).encode())
        except UnexpectedReply:
            continue


@pytest.mark.parametrize(
    ("message", "decision"),
    [
        (
            f"Keeping archive (rule: daily #1):            NAME   Mon, 2026-11-23 09:30:20 [{ID}]",
            PruneDecision(ID, PruneAction.KEEP, "daily #1"),
        ),
        (f"Keeping checkpoint archive:   N.checkpoint   Mon [{ID}]", PruneDecision(ID, PruneAction.KEEP)),
        (f"Would prune:   a [b]: c (rule: x)   Mon [{ID}]", PruneDecision(ID, PruneAction.PRUNE)),
        (f"Pruning archive (1/3):   a\nb   Mon [{ID}]", PruneDecision(ID, PruneAction.PRUNE)),
        ("Deleting something", None),
        (f"Keeping archive without the colon [{ID}]", None),
        ("Would prune: NAME [abc]", None),
    ],
)
def test_prune_lines(message: str, decision: PruneDecision | None) -> None:
    assert parse_prune_line(OutputLine("list", message)) == decision


def test_a_prune_line_of_another_topic_is_none() -> None:
    assert parse_prune_line(OutputLine("stats", f"Would prune: NAME [{ID}]")) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("borg 1.2.4\n", BorgVersion(1, 2, 4)),
        ("borg 1.4.5", BorgVersion(1, 4, 5)),
        ("borg-linux64 1.4.0a1", BorgVersion(1, 4, 0)),
        ("borg 1.4", BorgVersion(1, 4)),
        ("borg 2.0.0b25\n", BorgVersion(2, 0, 0)),
        ("borg 1.2.10.dev3+g1234567", BorgVersion(1, 2, 10)),
    ],
)
def test_versions(text: str, version: BorgVersion) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "bash 5.2.1", "borg", "borg x.y", "usage: borg 1.2.3"])
def test_not_borg(text: str) -> None:
    with pytest.raises(BorgUnusable, match="does not identify itself as Borg"):
        parse_version(text)


def test_versions_compare_by_number() -> None:
    assert BorgVersion(1, 2, 10) > BorgVersion(1, 2, 9)
    assert str(BorgVersion(1, 4, 5)) == "1.4.5"
    assert str(BorgVersion(1, 4)) == "1.4.0"


@pytest.mark.parametrize(
    "version",
    [BorgVersion(1, 2), BorgVersion(1, 2, 4), BorgVersion(1, 4, 5), BorgVersion(1, 9), BorgVersion(1, 99, 99)],
)
def test_supported(version: BorgVersion) -> None:
    assert check_version(version) is version


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (BorgVersion(1, 1, 18), "1.1.18 is too old"),
        (BorgVersion(0, 29), "too old"),
        (BorgVersion(1, 1, 99), "too old"),
        (BorgVersion(2, 0, 1), "Borg 2 is experimental"),
        (BorgVersion(3, 0), "not supported yet"),
        (BorgVersion(2, 0), "Everything else needs Borg 1.2 or 1.4"),
    ],
)
def test_unsupported(version: BorgVersion, reason: str) -> None:
    with pytest.raises(BorgUnusable, match=reason):
        check_version(version)


@pytest.mark.parametrize(
    ("message", "freed"),
    [
        ("compaction freed about 24.08 MB repository space.", (24_080_000, "24.08 MB")),
        ("compaction freed about 0 B repository space.", (0, "0 B")),
        ("compaction freed about 1.50 kB repository space.", (1500, "1.50 kB")),
        ("compaction freed about much repository space.", None),
        ("Remote: something else", None),
    ],
)
def test_what_compact_has_freed(message: str, freed: tuple[int, str] | None) -> None:
    assert parse_freed(message) == freed
