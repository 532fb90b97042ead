"""The differences between two archives, from the cache or from one call of Borg."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from borgdesk.borg.difference import DifferenceReader
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import reading
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.differences import Difference, DifferenceLost, DifferenceWriter
from borgdesk.store.listings import trim
from borgdesk.translation import _

BUDGET = 512 * 1024**2
"""Bytes of all cached differences together."""

_NOT_THERE = "IncludePatternNeverMatchedWarning"


def difference_of(
    workspace: Workspace,
    repository: Repository,
    first: Archive,
    second: Archive,
    path: str = "",
    cancel: Cancel | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Difference:
    """Return the differences of *second* from *first*: all, or those at *path* and below it.

    If they are not in the cache, Borg is called, and *progress* gets the number of changes so far.

    Raises:
        InvalidInput: both are the same archive.
        NotFound: neither has *path*, or one of them does not exist any more.
        BorgDeskError: Borg failed.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    if first.id == second.id:
        raise InvalidInput(_("An archive cannot be compared with itself. Choose two different archives."))
    path = path.strip("/")
    kept = _kept(workspace, first, second, path)
    if kept is not None:
        return kept
    place = _Place(workspace, first, second, path)
    answer = _Answer(DifferenceWriter(place.file, place.meta), progress)
    try:
        with reading(workspace, repository, cancel or Cancel()) as borg:
            borg.confirm(first, second)
            result = borg.ask(
                lambda call: call.diff(repository.location, first.name, second.name, path), answer.take
            ).result
        if result.msgid == _NOT_THERE:
            raise NotFound(
                _("There is no “{path}” in the archives “{first}” and “{second}”.").format(
                    path=path, first=first.name, second=second.name
                )
            )
        difference = answer.finish()
    except BaseException:
        answer.writer.discard()
        raise
    trim(place.file.parent.parent, BUDGET, (place.file,))
    return difference


class _Answer:
    """Processes Borg's output as it arrives."""

    def __init__(self, writer: DifferenceWriter, progress: Callable[[int], None]) -> None:
        self.writer = writer
        self._progress = progress
        self._reader = DifferenceReader()

    def take(self, chunk: bytes) -> None:
        self.writer.add(self._reader.feed(chunk))
        self._progress(self.writer.rows)

    def finish(self) -> Difference:
        self._reader.finish()
        return self.writer.finish()


class _Place:
    """The cache file of a difference, and its metadata."""

    def __init__(self, workspace: Workspace, first: Archive, second: Archive, path: str) -> None:
        part = f"-{hashlib.sha256(path.encode()).hexdigest()[:16]}" if path else ""
        folder = workspace.paths.cache / "differences" / first.repository_id
        self.file: Path = folder / f"{first.id[:32]}-{second.id[:32]}{part}.db"
        self.meta = {"repository": first.repository_id, "first": first.id, "second": second.id, "path": path}


def _kept(workspace: Workspace, first: Archive, second: Archive, path: str) -> Difference | None:
    for part in {path: None, "": None}:
        place = _Place(workspace, first, second, part)
        kept = Difference.open_if(place.file, place.meta)
        if kept is None:
            continue
        try:
            kept.check()
        except DifferenceLost:
            kept.close()
            continue
        # From a complete difference alone, a missing path may be unchanged, or in neither archive.
        if part == path or kept.get(path) is not None:
            return kept
        kept.close()
    return None
