"""Lists the archives of a repository, cached for when it is offline; checks by id that one is still the listed one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from borgdesk import private
from borgdesk.borg.archive_name import literal_glob
from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.replies import ArchiveEntry, BorgVersion, parse_archive_sizes, parse_list
from borgdesk.borg.replies import ArchiveList as BorgArchiveList
from borgdesk.domain.archive import Archive
from borgdesk.domain.bounds import LARGEST
from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound, Stopped
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.archives.reading_turn import reading_turn
from borgdesk.engine.borg_calls.borg_diagnosis import with_diagnosis
from borgdesk.engine.borg_calls.borg_process import Access, BorgAnswer, call, usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.procfs import Marker
from borgdesk.engine.repositories.passphrases import passphrase_for
from borgdesk.engine.workspace import Workspace
from borgdesk.store.files import write
from borgdesk.translation import _

_log = logging.getLogger(__name__)

LATEST = "latest"
"""Accepted in place of an archive's name for the newest one."""

_SHORTEST_ID = 8
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """The archives of a repository, as last listed."""

    repository_id: str
    """Borg's id."""
    archives: tuple[Archive, ...]
    """Newest first."""
    asked_at: datetime
    """When Borg listed them."""
    by_experimental: bool = False
    """Whether that was a Borg with which BorgDesk only lists and restores archives."""

    def get(self, wanted: str) -> Archive:
        """Return an archive by its name, the beginning of its id, or ``latest``.

        Raises:
            NotFound: there is none.
            InvalidInput: several ids have this beginning.
        """
        if not self.archives:
            raise NotFound(_("There are no archives yet."))
        if wanted == LATEST:
            return self.archives[0]
        for archive in self.archives:
            if archive.name == wanted:
                return archive
        found = [one for one in self.archives if len(wanted) >= _SHORTEST_ID and one.id.startswith(wanted.lower())]
        if not found:
            raise NotFound(_("There is no archive “{wanted}” in this repository.").format(wanted=wanted))
        if len(found) > 1:
            raise InvalidInput(_("The ids of several archives begin with “{wanted}”.").format(wanted=wanted))
        return found[0]


def read_archives(workspace: Workspace, repository: Repository, cancel: Cancel | None = None) -> ArchiveList:
    """Let Borg list the archives of *repository*, and cache the result.

    Raises:
        BorgDeskError: Borg failed; the sentence says why.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    with reading(workspace, repository, cancel or Cancel()) as reader:
        return listed_by(reader, workspace, repository)


def listed_by(reader: Reader, workspace: Workspace, repository: Repository) -> ArchiveList:
    """As :func:`read_archives`, for a caller that holds the repository's turn."""
    answer = reader.ask(lambda borg: borg.list_archives(repository.location))
    listed = parse_list(answer.stdout)
    known = _KnownSizes(workspace, repository)
    archives = tuple(_archive(listed.repository.id, entry, known) for entry in reversed(listed.archives))
    found = ArchiveList(listed.repository.id, archives, datetime.now(UTC), reader.is_experimental)
    keep(workspace, repository, found)
    return found


def kept_archives(workspace: Workspace, repository: Repository) -> ArchiveList | None:
    """Return the cached list of archives; None if there is none."""
    try:
        kept = json.loads(_file(workspace, repository).read_bytes())
        if kept["format"] != _FORMAT:
            return None
        repository_id = kept["repository"]
        archives = tuple(_from_json(repository_id, one) for one in kept["archives"])
        asked_at = datetime.fromisoformat(kept["asked_at"])
        return ArchiveList(repository_id, archives, asked_at, kept.get("by_experimental", False))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        _log.warning("the kept list of archives of repository %d is of no use: %s", repository.id, error)
        return None


def with_sizes(workspace: Workspace, repository: Repository, archive: Archive, cancel: Cancel | None = None) -> Archive:
    """Get the sizes of one archive from Borg.

    Raises:
        NotFound: the archive does not exist any more.
        BorgDeskError, InUse, Stopped: as for :func:`read_archives`.
    """
    with reading(workspace, repository, cancel or Cancel()) as reader:
        reader.confirm(archive)
        answer = reader.ask(lambda borg: borg.archive_info(repository.location, archive))
    sizes = parse_archive_sizes(answer.stdout)
    measured = replace(
        archive, original_size=sizes.original_size, deduplicated_size=sizes.deduplicated_size, files=sizes.files
    )
    kept = kept_archives(workspace, repository)
    if kept is not None:
        archives = tuple(measured if one.id == archive.id else one for one in kept.archives)
        keep(workspace, repository, replace(kept, archives=archives))
    return measured


class Reader:
    """Calls Borg for one repository while no run of ours changes it."""

    def __init__(
        self, workspace: Workspace, repository: Repository, cancel: Cancel, version: BorgVersion | None = None
    ) -> None:
        """*version* is the version of the Borg that is called; None means 1.x."""
        self._workspace, self._repository, self._cancel = workspace, repository, cancel
        passphrase = passphrase_for(workspace, repository, cancel=cancel)
        self._access = Access(
            passphrase, repository.passcommand, unencrypted=True, version=version, connection=repository.connection
        )

    def ask(
        self,
        make: Callable[[Borg], BorgCommand],
        reply: Callable[[bytes], None] | None = None,
        *,
        listen: Callable[[Any], None] = lambda _: None,
        marker: Marker | None = None,
    ) -> BorgAnswer:
        """Return the result of a call of Borg.

        Raises:
            BorgDeskError: it failed; the sentence says why.
            Stopped: it was cancelled.
        """
        answer = call(self._workspace, self._access, make, listen, cancel=self._cancel, marker=marker, reply=reply)
        if answer.cancelled:
            raise Stopped
        if answer.result.outcome is Outcome.FAILURE:
            raise BorgDeskError(with_diagnosis(answer.result, self._repository.location).sentence)
        return answer

    @property
    def is_experimental(self) -> bool:
        """Whether BorgDesk only lists and restores archives with the Borg that is called."""
        return self._access.version is not None and self._access.version.is_experimental

    def confirm(self, *archives: Archive) -> None:
        """Check that these archives are still the ones that were listed: Borg identifies them only by name.

        Since then, another archive may have got the name, or another repository the location.

        Raises:
            NotFound: one is not.
            BorgDeskError, Stopped: as for :meth:`ask`.
        """
        glob = literal_glob(archives[0].name) if len(archives) == 1 else None
        location = self._repository.location
        listed = parse_list(self.ask(lambda borg: borg.list_archives(location, glob=glob)).stdout)
        check_unchanged(listed, location, archives)


def check_unchanged(listed: BorgArchiveList, location: str, archives: Sequence[Archive]) -> None:
    """Check that *archives* are in the list that Borg has just printed.

    Raises:
        NotFound: one is not, or it is the list of another repository.
    """
    if any(one.repository_id != listed.repository.id for one in archives):
        raise NotFound(
            _(
                "At {location}, there is another repository than the one whose archives were listed. Refresh the "
                "list of archives."
            ).format(location=location)
        )
    there = {one.id for one in listed.archives}
    for archive in archives:
        if archive.id not in there:
            raise NotFound(
                _(
                    "The archive “{name}” was renamed, replaced or deleted since the archives were listed. Refresh "
                    "the list of archives."
                ).format(name=archive.name)
            )


@contextmanager
def reading(workspace: Workspace, repository: Repository, cancel: Cancel) -> Iterator[Reader]:
    """Hold the turn of *repository* while reading from it: otherwise a backup would fail at Borg's lock.

    Raises:
        InUse: a run is using it.
        Stopped: *cancel* was asked before it began.
        BorgUnusable: there is no usable Borg.
    """
    version = usable_version(workspace, cancel, experimental=True)
    with reading_turn(workspace, repository, cancel):
        yield Reader(workspace, repository, cancel, version)


def _archive(repository_id: str, entry: ArchiveEntry, known: _KnownSizes) -> Archive:
    archive = Archive(
        entry.id, repository_id, entry.name, entry.start, entry.end, entry.hostname, entry.username, entry.comment
    )
    measured = known.of(entry)
    if measured is None:
        return archive
    return replace(
        archive,
        original_size=measured.original_size,
        deduplicated_size=measured.deduplicated_size,
        files=measured.files,
    )


class _KnownSizes:
    """Sizes that are known already: from earlier calls, and from our own runs."""

    def __init__(self, workspace: Workspace, repository: Repository) -> None:
        kept = kept_archives(workspace, repository)
        self._asked = {one.id: one for one in kept.archives if one.original_size is not None} if kept else {}
        self._of_runs = workspace.store.runs.archive_statistics(repository.id)

    def of(self, entry: ArchiveEntry) -> Archive | ArchiveStatistics | None:
        """Return the sizes of one archive, as far as they are known."""
        return self._asked.get(entry.id) or self._of_runs.get(entry.name)


def _file(workspace: Workspace, repository: Repository) -> Path:
    return workspace.paths.cache / "archives" / f"{repository.id}.json"


def keep(workspace: Workspace, repository: Repository, found: ArchiveList) -> None:
    """Cache the list, so that it can be shown while the repository is offline."""
    file = _file(workspace, repository)
    kept = {
        "format": _FORMAT,
        "repository": found.repository_id,
        "asked_at": found.asked_at.isoformat(),
        "by_experimental": found.by_experimental,
        "archives": [_to_json(one) for one in found.archives],
    }
    try:
        private.make_missing(file.parent)
        write(file, json.dumps(kept).encode(), 0o600)
    except (OSError, BorgDeskError) as error:
        # It is only a cache: the caller has the result.
        _log.warning("the list of archives cannot be kept: %s", error)


def _to_json(archive: Archive) -> dict[str, object]:
    return {
        "id": archive.id,
        "name": archive.name,
        "start": archive.start.isoformat(),
        "end": archive.end.isoformat(),
        "hostname": archive.hostname,
        "username": archive.username,
        "comment": archive.comment,
        "original_size": archive.original_size,
        "deduplicated_size": archive.deduplicated_size,
        "files": archive.files,
    }


_TEXTS = ("id", "name", "hostname", "username", "comment")
_SIZES = ("original_size", "deduplicated_size", "files")


def _from_json(repository_id: str, kept: Mapping[str, Any]) -> Archive:
    start, end = datetime.fromisoformat(kept["start"]), datetime.fromisoformat(kept["end"])
    texts, sizes = [kept[name] for name in _TEXTS], [kept[name] for name in _SIZES]
    # The id is part of the names of files.
    if {*map(type, texts)} != {str} or not kept["id"].isalnum() or start.tzinfo is None or end.tzinfo is None:
        raise ValueError("an archive cannot be one")
    if any(size is not None and (type(size) is not int or not 0 <= size <= LARGEST) for size in sizes):
        raise ValueError("the size of an archive cannot be one")
    # Not by ``**``: there may be 10,000, and somebody waits for them.
    return Archive(
        kept["id"],
        repository_id,
        kept["name"],
        start,
        end,
        kept["hostname"],
        kept["username"],
        kept["comment"],
        kept["original_size"],
        kept["deduplicated_size"],
        kept["files"],
    )
