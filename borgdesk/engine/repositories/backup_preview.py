"""Predicts what a backup would contain and leave out, from a dry run of Borg, without opening the repository.

Borg 1.x does not open the repository for a dry run, so this also works while a server or a disk is away, and needs no
passphrase. Borg prints only paths; sizes are asked for meanwhile, in a process of its own.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.borg.output import FileStatus, Level, LogMessage, OutputEvent
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.pattern_roots import without_roots
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.domain.sizes import decimal_size
from borgdesk.engine.borg_calls.borg_process import Access, call, usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_sizes import FileSizes
from borgdesk.engine.processes.memory_file import patterns_file
from borgdesk.engine.repositories.create_options import create_options
from borgdesk.engine.repositories.registration import checked
from borgdesk.engine.repositories.sources import find_sources
from borgdesk.engine.workspace import Workspace
from borgdesk.store.cache_writer import CannotKeep
from borgdesk.store.listing_writer import Item
from borgdesk.store.previews import PreviewWriter
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_LEFT_OUT = "x"
_ERROR = "E"
_BATCH = 1000
"""Paths whose sizes are asked for at once."""

_MOST_WARNINGS = 50
_FOLDER = "previews"
_ABANDONED = 24 * 3600.0
"""Seconds after which the files of a preview belong to nobody."""


@dataclass(frozen=True, slots=True)
class BackupPreview:
    """A finished preview; its files exist until :func:`discard` removes them."""

    included: Path
    """A :class:`borgdesk.store.listings.Listing` of what would be backed up."""
    left_out: Path
    """One of what would not. Borg does not look into most folders that it leaves out."""
    files: int
    size: int
    """Bytes of the files, before compression and deduplication; several names of a file count once."""
    left_out_count: int
    unknown: int
    """Items whose size is not known, because they are gone or their disk does not respond."""
    warnings: tuple[str, ...] = ()
    """Sentences about sources, and messages of Borg."""


Watch = Callable[[PreviewWriter, PreviewWriter], None]
"""Gets both lists as far as they are known, from time to time."""


def preview_backup(
    workspace: Workspace,
    repository: Repository,
    cancel: Cancel | None = None,
    watch: Watch = lambda _included, _left_out: None,
) -> BackupPreview:
    """Return what a backup of *repository* would contain now; it need not be stored.

    Scripts that run before a backup do not run for this: what they mount or create is missing.

    Raises:
        InvalidInput: a value is invalid.
        BorgUnusable: there is no usable Borg.
        BorgDeskError: no source can be read, or Borg failed.
        CannotKeep: there is no room for the lists.
        Stopped: *cancel* was asked.
    """
    cancel = cancel or Cancel()
    repository = checked(repository)
    usable_version(workspace, cancel)
    folder = _new_folder(workspace)
    try:
        return _Preview(workspace, repository, cancel, watch, folder).make()
    except BaseException:
        private.remove(folder.parent, folder.name)
        raise


def discard(preview: BackupPreview) -> None:
    """Remove the files of a preview."""
    folder = preview.included.parent
    private.remove(folder.parent, folder.name)


def _new_folder(workspace: Workspace) -> Path:
    previews = workspace.paths.cache / _FOLDER
    try:
        private.make_folder(previews)
        for old in previews.iterdir():
            with suppress(FileNotFoundError):  # it belongs to another preview, which has just ended
                if old.stat().st_mtime < time.time() - _ABANDONED:
                    shutil.rmtree(old, ignore_errors=True)
        folder = previews / f"{os.getpid()}-{uuid.uuid4().hex}"
        private.make_folder(folder)
    except OSError as error:
        raise CannotKeep(
            _("The preview cannot be stored in {folder}: {reason}.").format(
                folder=previews, reason=error.strerror or error
            )
        ) from error
    return folder


class _Preview:
    def __init__(
        self, workspace: Workspace, repository: Repository, cancel: Cancel, watch: Watch, folder: Path
    ) -> None:
        self._workspace, self._repository, self._cancel, self._watch = workspace, repository, cancel, watch
        self._folder = folder
        self._waiting: list[tuple[str, str]] = []
        self._firsts: dict[int, str] = {}
        """Path of the first name of each file that has several."""
        self._warnings: list[str] = []
        self._left_out_count = self._unknown = 0

    def make(self) -> BackupPreview:
        found = find_sources(self._workspace, self._repository, str(self._folder.parent), self._cancel)
        if not found.paths:
            raise BorgDeskError(_("No source can be read at the moment: {troubles}.").format(
                troubles="; ".join(found.troubles)))  # fmt: skip
        if found.troubles:
            self._warnings.append(
                _("{troubles}. A script before the backup may change that.").format(troubles="; ".join(found.troubles))
            )
        with self._writers() as (self._included, self._left_out), FileSizes(lambda: self._cancel.asked) as self._sizes:
            with patterns_file(without_roots(self._repository.patterns)) as patterns:
                options = create_options(self._repository, found, patterns)
                location = self._repository.location
                answer = call(
                    self._workspace, Access(), lambda borg: borg.preview(location, options), self._hear, self._cancel
                )
            if self._cancel.asked or answer.cancelled:
                raise Stopped
            if answer.result.outcome is Outcome.FAILURE:
                raise BorgDeskError(answer.result.sentence)
            self._flush()
            with self._included.finish() as included, self._left_out.finish() as left_out:
                size, files = included.totals()
                self._warn_of_space(found.free, size)
                return BackupPreview(
                    included.path, left_out.path, files, size, self._left_out_count, self._unknown,
                    tuple(self._warnings),
                )  # fmt: skip

    def _warn_of_space(self, free: int | None, size: int) -> None:
        """Warn if a first backup is larger than the disk. Later ones only add what is new, which nobody knows yet."""
        if free is None or size <= free or self._workspace.store.run_sizes.of(self._repository.id, 1):
            return
        self._warnings.insert(
            0,
            _(
                "The disk of the repository has only {free} free. The first backup has {size} before compression."
            ).format(free=decimal_size(free), size=decimal_size(size)),
        )

    @contextmanager
    def _writers(self) -> Iterator[tuple[PreviewWriter, PreviewWriter]]:
        included, left_out = (PreviewWriter(self._folder / f"{name}.db") for name in ("included", "left-out"))
        try:
            yield included, left_out
        finally:
            # Nothing is left to discard after a success.
            included.discard()
            left_out.discard()

    def _hear(self, event: OutputEvent) -> None:
        if isinstance(event, FileStatus):
            if event.status == _ERROR:
                return
            self._waiting.append((event.status, event.path))
            if len(self._waiting) >= _BATCH:
                self._flush()
        elif isinstance(event, LogMessage) and event.level is Level.WARNING and len(self._warnings) < _MOST_WARNINGS:
            self._warnings.append(event.message)

    def _flush(self) -> None:
        if self._cancel.asked:
            return
        waiting, self._waiting = self._waiting, []
        kept: list[Item] = []
        out: list[Item] = []
        for (status, absolute), known in zip(waiting, self._sizes.of([path for _status, path in waiting]), strict=True):
            mode, size, mtime, link = known
            self._unknown += not mode
            path = absolute.lstrip("/")
            target = ""
            if link:
                first = self._firsts.setdefault(link, path)
                # A further name of a file: it takes no room of its own.
                target = first if first != path and stat.S_ISREG(mode) else ""
            item = (path, mode or stat.S_IFREG, 0 if target else size, mtime, target)
            if status == _LEFT_OUT:
                self._left_out_count += 1
                out.append(item)
            else:
                kept.append(item)
        self._included.add(kept)
        self._left_out.add(out)
        self._watch(self._included, self._left_out)
