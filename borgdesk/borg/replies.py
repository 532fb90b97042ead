"""Borg's answers on stdout, as values.

Borg 1.x prints local times without a zone. Commands that only read are run with ``TZ=UTC`` (see
:mod:`borgdesk.borg.environment`), so their times are UTC; ``borg create`` is not, so its times are those of this
process's zone. All times in the values are aware, in UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from borgdesk.borg.output import OutputLine
from borgdesk.domain.errors import BorgDeskError, BorgUnusable

_PRUNE_LINE = re.compile(
    r"(?P<action>Keeping checkpoint archive|Keeping archive|Would prune|Pruning archive)"
    r"(?: \((?:rule: )?(?P<detail>[^)]*)\))?:.*\[(?P<id>[0-9a-f]{64})\]\s*\Z",
    re.DOTALL,
)
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


class UnexpectedReply(BorgDeskError):
    """Borg ended well, but what it printed is not the answer that was asked for."""


@dataclass(frozen=True, slots=True, order=True)
class BorgVersion:
    """A version of Borg. Pre-releases count as the release they lead to."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


OLDEST_SUPPORTED = BorgVersion(1, 2)
FIRST_UNSUPPORTED = BorgVersion(2, 0)


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """Of one archive, in bytes and files."""

    original_size: int
    compressed_size: int
    deduplicated_size: int
    """What this archive added to the repository."""
    files: int


@dataclass(frozen=True, slots=True)
class RepositoryStats:
    """Of all archives of a repository together, in bytes."""

    original_size: int
    compressed_size: int
    deduplicated_size: int
    """About the size of the repository on its disk."""


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """What Borg knows of a repository."""

    id: str
    location: str
    encryption: str
    """The mode, such as ``repokey-blake2``."""
    last_modified: datetime
    keyfile: str | None = None
    stats: RepositoryStats | None = None
    """None in the reply of ``borg list``."""


@dataclass(frozen=True, slots=True)
class CreateReply:
    """The archive that ``borg create`` made."""

    archive_name: str
    archive_id: str
    start: datetime
    end: datetime
    duration: timedelta
    stats: ArchiveStats
    repository: RepositoryInfo


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One archive of a repository's list."""

    name: str
    id: str
    start: datetime
    end: datetime
    comment: str
    hostname: str
    username: str


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """A repository and its archives, oldest first."""

    repository: RepositoryInfo
    archives: tuple[ArchiveEntry, ...]


class PruneAction(StrEnum):
    """What ``borg prune`` does with an archive."""

    KEEP = "keep"
    PRUNE = "prune"


@dataclass(frozen=True, slots=True)
class PruneDecision:
    """One line of ``borg prune --list``; the text's columns differ between versions, the id does not."""

    archive_id: str
    action: PruneAction
    rule: str | None = None
    """Why it is kept, such as ``daily #1``; None for checkpoints and for what is pruned."""


def parse_version(text: str) -> BorgVersion:
    """The answer of ``borg --version``.

    Raises:
        BorgUnusable: the program is not Borg.
    """
    match = re.match(r"\s*borg\S*\s+(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text)
    if match is None:
        raise BorgUnusable("The program that should be Borg does not say that it is: is the path right?")
    return BorgVersion(int(match[1]), int(match[2]), int(match[3] or 0))


def check_version(version: BorgVersion) -> BorgVersion:
    """The version, if BorgDesk can work with it.

    Raises:
        BorgUnusable: it is too old or too new.
    """
    if version < OLDEST_SUPPORTED:
        raise BorgUnusable(f"Borg {version} is too old: BorgDesk needs Borg 1.2 or newer; 1.4 is best.")
    if version >= FIRST_UNSUPPORTED:
        raise BorgUnusable(f"Borg {version} is not supported yet: BorgDesk needs Borg 1.2 or 1.4.")
    return version


def parse_create(stdout: bytes) -> CreateReply | None:
    """The answer of ``borg create --json``, or None if there is none: then no archive was made.

    Raises:
        UnexpectedReply: there is an answer, but not this one.
    """
    if not stdout.strip():
        return None
    reply = _reply(stdout)
    try:
        archive = reply["archive"]
        start = _moment(archive["start"], utc=False)
        duration = timedelta(seconds=archive["duration"])
        return CreateReply(
            archive_name=_text(archive["name"]),
            archive_id=_text(archive["id"]),
            start=start,
            # Not Borg's own end: where a clock is set back in between, local times would end before they began.
            end=start + duration,
            duration=duration,
            stats=_archive_stats(archive["stats"]),
            repository=_repository(reply, utc=False),
        )
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_info(stdout: bytes) -> RepositoryInfo:
    """The answer of ``borg info --json REPOSITORY``.

    Raises:
        UnexpectedReply: it is something else.
    """
    try:
        return _repository(_reply(stdout), utc=True)
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_list(stdout: bytes) -> ArchiveList:
    """The answer of ``borg list --json REPOSITORY`` with the keys that :meth:`Borg.list_archives` asks for.

    Raises:
        UnexpectedReply: it is something else.
    """
    try:
        reply = _reply(stdout)
        return ArchiveList(_repository(reply, utc=True), tuple(_archive(entry) for entry in reply["archives"]))
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_prune_line(line: OutputLine) -> PruneDecision | None:
    """What a line of ``borg prune --list``, dry run or not, says of one archive; None for any other line."""
    match = _PRUNE_LINE.match(line.message) if line.topic == "list" else None
    if match is None:
        return None
    if match["action"].startswith("Keeping"):
        return PruneDecision(match["id"], PruneAction.KEEP, match["detail"])
    return PruneDecision(match["id"], PruneAction.PRUNE)


def _reply(stdout: bytes) -> Mapping[str, Any]:
    """The object on stdout; a passphrase prompt may have left a line break before it."""
    try:
        reply = json.loads(stdout)
    except (ValueError, RecursionError) as error:
        raise _unexpected(error) from None
    if not isinstance(reply, dict):
        raise _unexpected("it is not an object")
    return reply


def _unexpected(reason: object) -> UnexpectedReply:
    return UnexpectedReply(f"Borg's answer could not be understood ({reason!r}): is this Borg 1.2 or 1.4?")


def _repository(reply: Mapping[str, Any], *, utc: bool) -> RepositoryInfo:
    repository, encryption = reply["repository"], reply["encryption"]
    keyfile = encryption.get("keyfile")
    return RepositoryInfo(
        id=_text(repository["id"]),
        location=_text(repository["location"]),
        encryption=_text(encryption["mode"]),
        last_modified=_moment(repository["last_modified"], utc=utc),
        keyfile=None if keyfile is None else _text(keyfile),
        stats=_repository_stats(reply["cache"]["stats"]) if "cache" in reply else None,
    )


def _repository_stats(stats: Mapping[str, Any]) -> RepositoryStats:
    return RepositoryStats(int(stats["total_size"]), int(stats["total_csize"]), int(stats["unique_csize"]))


def _archive_stats(stats: Mapping[str, Any]) -> ArchiveStats:
    return ArchiveStats(
        int(stats["original_size"]),
        int(stats["compressed_size"]),
        int(stats["deduplicated_size"]),
        int(stats["nfiles"]),
    )


def _archive(entry: Mapping[str, Any]) -> ArchiveEntry:
    return ArchiveEntry(
        name=_text(entry["name"]),
        id=_text(entry["id"]),
        start=_moment(entry["start"], utc=True),
        end=_moment(entry["end"], utc=True),
        comment=_text(entry["comment"]),
        hostname=_text(entry["hostname"]),
        username=_text(entry["username"]),
    )


def _moment(text: str, *, utc: bool) -> datetime:
    moment = datetime.fromisoformat(text)
    if utc and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _text(value: object) -> str:
    """A string that can be stored and shown: names from other programs may hold lone surrogates."""
    if not isinstance(value, str):
        raise TypeError("text is missing")
    return value.encode("utf-8", "replace").decode()
