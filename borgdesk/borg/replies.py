"""Parses the replies that Borg commands print on stdout.

Borg 1.x prints local times without a time zone. Read-only commands are run with ``TZ=UTC`` (see
:mod:`borgdesk.borg.environment`), so their times are UTC; ``borg create`` is not, so its times are in the time zone of
this process. All parsed times are aware and in UTC.
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
from borgdesk.translation import _

_PRUNE_LINE = re.compile(
    r"(?P<action>Keeping checkpoint archive|Keeping archive|Would prune|Pruning archive)"
    r"(?: \((?:rule: )?(?P<detail>[^)]*)\))?:.*\[(?P<id>[0-9a-f]{64})\]\s*\Z",
    re.DOTALL,
)
_FREED = re.compile(r"compaction freed about (-?[0-9]+(?:\.[0-9]+)?) ([kMGTP]?B) repository space")
_PART_CHECKED = re.compile(r"finished partial segment check", re.IGNORECASE)
_ALL_CHECKED = re.compile(r"finished segment check", re.IGNORECASE)
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


class UnexpectedReply(BorgDeskError):
    """Borg succeeded, but its output is not the expected reply."""


@dataclass(frozen=True, slots=True, order=True)
class BorgVersion:
    """A version of Borg. Pre-releases count as the release they precede."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def is_experimental(self) -> bool:
        """Whether BorgDesk only lists and restores archives with it."""
        return self >= FIRST_EXPERIMENTAL


OLDEST_SUPPORTED = BorgVersion(1, 2)
FIRST_EXPERIMENTAL = BorgVersion(2, 0)
FIRST_UNSUPPORTED = BorgVersion(3, 0)


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """Sizes in bytes, and number of files, of one archive."""

    original_size: int
    compressed_size: int
    deduplicated_size: int
    """Bytes that this archive added to the repository."""
    files: int


@dataclass(frozen=True, slots=True)
class ArchiveSizes:
    """Sizes of one archive as Borg reports them later."""

    original_size: int
    """Bytes of all its files."""
    deduplicated_size: int | None
    """Bytes that no other archive uses; None for Borg 2, which does not report them."""
    files: int


@dataclass(frozen=True, slots=True)
class RepositoryStats:
    """Sizes in bytes of all archives of a repository together."""

    original_size: int
    compressed_size: int
    deduplicated_size: int
    """Approximately the size of the repository on disk."""


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """Borg's metadata of a repository."""

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
    """One archive in the list of a repository."""

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
    """The decision of ``borg prune`` about an archive."""

    KEEP = "keep"
    PRUNE = "prune"


@dataclass(frozen=True, slots=True)
class PruneDecision:
    """One line of ``borg prune --list``; the columns of its text differ between versions, the id does not."""

    archive_id: str
    action: PruneAction
    rule: str | None = None
    """Why it is kept, such as ``daily #1``; None for checkpoints and for what is pruned."""


def parse_version(text: str) -> BorgVersion:
    """Parse the reply of ``borg --version``.

    Raises:
        BorgUnusable: the program is not Borg.
    """
    match = re.match(r"\s*borg\S*\s+(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text)
    if match is None:
        raise BorgUnusable(_("This program does not identify itself as Borg. Check the path."))
    return BorgVersion(int(match[1]), int(match[2]), int(match[3] or 0))


def check_version(version: BorgVersion, *, experimental: bool = False) -> BorgVersion:
    """Return the version if BorgDesk supports it. Experimental ones are accepted only if *experimental* is set.

    Raises:
        BorgUnusable: it is too old or too new.
    """
    if version < OLDEST_SUPPORTED:
        raise BorgUnusable(_("Borg {version} is too old. BorgDesk needs Borg 1.2 or 1.4.").format(version=version))
    if version >= FIRST_UNSUPPORTED:
        raise BorgUnusable(
            _("Borg {version} is not supported yet. BorgDesk needs Borg 1.2 or 1.4.").format(version=version)
        )
    if version.is_experimental and not experimental:
        raise only_for_reading()
    return version


def only_for_reading() -> BorgUnusable:
    """Return the error for what BorgDesk does not do with Borg 2."""
    return BorgUnusable(
        _("Borg 2 is experimental: archives can be listed and restored only. Everything else needs Borg 1.2 or 1.4.")
    )


def parse_create(stdout: bytes) -> CreateReply | None:
    """Parse the reply of ``borg create --json``; None if there is none, which means that no archive was made.

    Raises:
        UnexpectedReply: it is some other output.
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
            # Not Borg's own end: if the clock is set back meanwhile, local times would end before they begin.
            end=start + duration,
            duration=duration,
            stats=_archive_stats(archive["stats"]),
            repository=_repository(reply, utc=False),
        )
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_info(stdout: bytes) -> RepositoryInfo:
    """Parse the reply of ``borg info --json REPOSITORY``.

    Raises:
        UnexpectedReply: it is some other output.
    """
    try:
        return _repository(_reply(stdout), utc=True)
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_list(stdout: bytes) -> ArchiveList:
    """Parse the reply of ``borg list --json REPOSITORY`` with the keys of :meth:`Borg.list_archives`.

    Raises:
        UnexpectedReply: it is some other output.
    """
    try:
        reply = _reply(stdout)
        return ArchiveList(_repository(reply, utc=True), tuple(_archive(entry) for entry in reply["archives"]))
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_archive_sizes(stdout: bytes) -> ArchiveSizes:
    """Parse the reply of ``borg info --json REPOSITORY::ARCHIVE``.

    Raises:
        UnexpectedReply: it is some other output.
    """
    try:
        (archive,) = _reply(stdout)["archives"]
        stats = archive["stats"]
        deduplicated = stats.get("deduplicated_size")
        return ArchiveSizes(
            _count(stats["original_size"]),
            None if deduplicated is None else _count(deduplicated),
            _count(stats["nfiles"]),
        )
    except _MALFORMED as error:
        raise _unexpected(error) from None


def parse_freed(message: str) -> tuple[int, str] | None:
    """Parse the message of ``borg compact --info``: freed bytes, and Borg's text for them; None for other messages."""
    match = _FREED.search(message)
    return (round(float(match[1]) * 1000 ** _UNITS.index(match[2])), f"{match[1]} {match[2]}") if match else None


def parse_check_end(message: str) -> bool | None:
    """Parse a message of ``borg check --max-duration --info``: whether the end of the repository was reached.

    None for other messages. A remote Borg's messages have a prefix.
    """
    if _PART_CHECKED.search(message):
        return False
    return True if _ALL_CHECKED.search(message) else None


def parse_prune_line(line: OutputLine) -> PruneDecision | None:
    """Parse a line of ``borg prune --list``, dry run or not; None for lines not about an archive."""
    match = _PRUNE_LINE.match(line.message) if line.topic == "list" else None
    if match is None:
        return None
    if match["action"].startswith("Keeping"):
        return PruneDecision(match["id"], PruneAction.KEEP, match["detail"])
    return PruneDecision(match["id"], PruneAction.PRUNE)


def _reply(stdout: bytes) -> Mapping[str, Any]:
    """Parse the JSON object on stdout; a passphrase prompt may have left a line break before it."""
    try:
        reply = json.loads(stdout)
    except (ValueError, RecursionError) as error:
        raise _unexpected(error) from None
    if not isinstance(reply, dict):
        raise _unexpected("it is not an object")
    return reply


def _count(value: object) -> int:
    """Return a number of bytes or files.

    Raises:
        ValueError: it is impossibly large, and history could not store it.
    """
    count = int(value)  # type: ignore[call-overload]  # whatever JSON has; a TypeError says the rest
    if abs(count) >= 2**63:
        raise ValueError(f"{count} is not a number of bytes or files")
    return int(count)


def _unexpected(reason: object) -> UnexpectedReply:
    return UnexpectedReply(
        _("Borg's reply could not be understood ({reason}). BorgDesk needs Borg 1.2 or 1.4.").format(
            reason=repr(reason)[:200]
        )
    )


def _repository(reply: Mapping[str, Any], *, utc: bool) -> RepositoryInfo:
    repository, encryption = reply["repository"], reply["encryption"]
    keyfile = encryption.get("keyfile")
    return RepositoryInfo(
        id=_text(repository["id"]),
        location=_text(repository["location"]),
        encryption=_mode(encryption),
        last_modified=_moment(repository["last_modified"], utc=utc),
        keyfile=None if keyfile is None else _text(keyfile),
        stats=_repository_stats(reply["cache"]["stats"]) if "stats" in reply.get("cache", {}) else None,
    )


def _mode(encryption: Mapping[str, Any]) -> str:
    """Return the encryption mode. Borg 2 has another field for it, and two modes without encryption."""
    if "mode" in encryption:
        return _text(encryption["mode"])
    mode = _text(encryption["encryption"])
    return "none" if mode.startswith("none") else mode


def _repository_stats(stats: Mapping[str, Any]) -> RepositoryStats:
    return RepositoryStats(_count(stats["total_size"]), _count(stats["total_csize"]), _count(stats["unique_csize"]))


def _archive_stats(stats: Mapping[str, Any]) -> ArchiveStats:
    return ArchiveStats(
        _count(stats["original_size"]),
        _count(stats["compressed_size"]),
        _count(stats["deduplicated_size"]),
        _count(stats["nfiles"]),
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
    """Return a string that can be stored and shown: names from other programs may contain lone surrogates."""
    if not isinstance(value, str):
        raise TypeError("text is missing")
    return value.encode("utf-8", "replace").decode()
