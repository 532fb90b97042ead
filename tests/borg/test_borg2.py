"""Borg 2: command lines, replies, and operations that are refused. Real calls are in the tests of archives."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from borgdesk.borg.borg2 import Borg2, adapter
from borgdesk.borg.command import Borg, BorgCommand, Operation
from borgdesk.borg.command_options import CheckOptions, CreateOptions, PruneOptions
from borgdesk.borg.environment import PassphraseDescriptor
from borgdesk.borg.listing import ListingReader
from borgdesk.borg.options import Encryption
from borgdesk.borg.output import Level, LogMessage
from borgdesk.borg.replies import ArchiveSizes, BorgVersion, check_version, parse_archive_sizes, parse_info, parse_list
from borgdesk.borg.result import Evidence, classify
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgUnusable
from borgdesk.domain.repository import Retention

BORG = Borg2("/opt/borg", {"PATH": "/usr/bin"}, PassphraseDescriptor(7), lock_wait=5)
ID = "0123456789abcdef" * 4
ARCHIVE = Archive(ID, "b" * 64, "docs", datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
COMMON = ("--log-json", "--lock-wait=5", "--repo=/r")
REPOSITORY = {
    "repository": {"id": ID, "location": "/r", "last_modified": "2026-11-26T20:35:20.387275+00:00"},
    "encryption": {"encryption": "aes256-ocb", "id_hash": "sha256"},
}


def test_who_makes_the_calls() -> None:
    assert adapter(None) is Borg
    assert adapter(BorgVersion(1, 4, 5)) is Borg
    assert adapter(BorgVersion(2, 0)) is Borg2
    assert check_version(BorgVersion(2, 0), experimental=True).is_experimental


def test_list_archives() -> None:
    command = BORG.list_archives("/r", glob="docs-*", last=3)
    keys = "--format={start}{comment}{hostname}{username}{end}"
    assert command.argv == (
        *("/opt/borg", "repo-list", *COMMON, "--json", keys, "--match-archives=sh:docs-*", "--last=3"),
    )
    assert (command.env["TZ"], command.pass_fds, command.location) == ("UTC", (7,), "/r")


def test_archives_are_found_by_their_ids() -> None:
    listed = BORG.list_items("/r", ARCHIVE)
    assert listed.argv[:5] == ("/opt/borg", "list", *COMMON)
    assert listed.argv[5].endswith("{path}{NUL}{target}{NUL}")
    assert listed.argv[6:] == ("--", f"aid:{ID}")
    assert BORG.archive_info("/r", ARCHIVE).argv == ("/opt/borg", "info", *COMMON, "--json", "--", f"aid:{ID}")
    extracted = BORG.extract("/r", ARCHIVE, "/stage", ["a", "-b"], names=True)
    assert extracted.argv == ("/opt/borg", "extract", *COMMON, "--sparse", "--list", "--", f"aid:{ID}", "pp:a", "pp:-b")
    assert (extracted.folder, "TZ" in extracted.env) == ("/stage", False)
    printed = BORG.print_file("/r", ARCHIVE, "re:^a")
    assert printed.argv == ("/opt/borg", "extract", *COMMON, "--stdout", "--", f"aid:{ID}", "re:^a")


@pytest.mark.parametrize(
    ("location", "repository"),
    [
        ("ssh://me@host/backups/r", "rest://me@host//backups/r"),
        ("ssh://host:2222/backups/r", "rest://host//backups/r"),
        ("me@host:backups/r", "rest://me@host/backups/r"),
        ("ssh://host/~/my repository", "rest://host/'my repository'"),
        ("/here/it is", "/here/it is"),
    ],
)
def test_locations(location: str, repository: str) -> None:
    command = BORG.info(location)
    assert command.argv[1:] == ("repo-info", "--log-json", "--lock-wait=5", f"--repo={repository}", "--json")
    assert command.location == location
    assert command.env["BORG_RSH"].endswith(" -p 2222") is (":2222" in location)


@pytest.mark.parametrize(
    "make",
    [
        lambda: BORG.init("/r", Encryption.NONE),
        lambda: BORG.create("/r", CreateOptions("docs", ("/home",))),
        lambda: BORG.diff("/r", "a", "b"),
        lambda: BORG.prune("/r", PruneOptions("docs", Retention(daily=1))),
        lambda: BORG.delete("/r", ["docs"]),
        lambda: BORG.rename("/r", "docs", "other"),
        lambda: BORG.mount("/r", "docs", "/mnt"),
        lambda: BORG.compact("/r"),
        lambda: BORG.check("/r", CheckOptions()),
        lambda: BORG.break_lock("/r"),
        lambda: BORG.import_key("/r", "/key"),
        lambda: BORG.export_key("/r", "/key"),
    ],
)
def test_what_is_not_asked_of_it(make: Callable[[], BorgCommand]) -> None:
    with pytest.raises(BorgUnusable, match="Borg 2 is experimental: archives can be listed and restored only"):
        make()


def reply(**more: Any) -> bytes:
    return json.dumps({**REPOSITORY, **more}).encode()


def test_answers() -> None:
    made = dict.fromkeys(("time", "start", "end"), "2026-11-26T20:35:18.062720+00:00")
    archive = {**made, "id": ID, "name": "docs", "comment": "", "hostname": "vm", "username": "me"}
    listed = parse_list(reply(archives=[archive]))
    assert listed.archives[0].start == datetime(2026, 11, 26, 20, 35, 18, 62720, UTC)
    info = parse_info(reply(cache={"path": "/cache"}))
    assert (info.id, info.encryption, info.stats) == (ID, "aes256-ocb", None)
    plain = {"encryption": "none-sha256", "id_hash": "sha256"}
    assert parse_info(reply(encryption=plain)).encryption == Encryption.NONE
    sizes = parse_archive_sizes(reply(archives=[{"stats": {"nfiles": 3, "original_size": 42}}]))
    assert sizes == ArchiveSizes(42, None, 3)


def test_an_item() -> None:
    printed = b"-rw-r--r--\x003\x002026-11-26T20:34:59.427282+00:00\0src/a\0\0"
    ((path, _, size, mtime, target),) = ListingReader().feed(printed)
    assert (path, size, mtime % 60_000_000, target) == ("src/a", 3, 59_427_282, "")


def test_a_lost_connection() -> None:
    evidence = Evidence()
    retry = "rest: retry after reconnect (attempt 1/3) failed: BackendConnectionError('stdio connection lost while ..')"
    evidence.see(LogMessage(Level.WARNING, retry, "borgstore.backends.rest"))
    evidence.see(LogMessage(Level.ERROR, "Local Exception", "borg.archiver", "Exception"))
    result = classify(Operation.LIST, 2, evidence)
    assert result.lost_connection
    assert result.sentence.startswith("The repository's host cannot be reached")


def test_a_connection_that_ssh_refused() -> None:
    evidence = Evidence()
    report = (
        "\nError:\n\nBackendError: stdio server exited with code 255: me@host: Permission denied (publickey).\n\n"
        "If reporting bugs, please include the following:\n\nTraceback (most recent call last):\n"
    )
    evidence.see(LogMessage(Level.ERROR, "Local Exception", "borg.archiver", "Exception"))
    evidence.see(LogMessage(Level.ERROR, report, "borg.archiver"))
    result = classify(Operation.INFO, 2, evidence)
    assert result.lost_connection
    assert result.sentence.startswith("The host refused the login")
    assert "Traceback" not in result.sentence


def test_an_internal_error_is_one_line() -> None:
    evidence = Evidence()
    report = "\nError:\n\nKeyError: 'x'\n\nIf reporting bugs, please include the following:\n\nTraceback (most recent"
    evidence.see(LogMessage(Level.ERROR, "Local Exception", "borg.archiver", "Exception"))
    evidence.see(LogMessage(Level.ERROR, report, "borg.archiver"))
    assert classify(Operation.LIST, 2, evidence).sentence == "Borg stopped because of an internal error: KeyError: 'x'."


def test_names_that_lost_their_class() -> None:
    evidence = Evidence()
    evidence.see(LogMessage(Level.ERROR, "Repository access aborted", "borg.archiver", "RepositoryAccessAborted"))
    assert classify(Operation.INFO, 62, evidence).msgid == "Cache.RepositoryAccessAborted"
