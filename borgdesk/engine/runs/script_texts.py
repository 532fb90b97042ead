"""Provides the script texts that a run executes, even if their copies on disk are gone."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from borgdesk.domain.errors import ScriptUnreadable, StoreUnusable
from borgdesk.domain.script import sha256_of
from borgdesk.engine.runs.last_resort import in_memory

if TYPE_CHECKING:
    from borgdesk.store.revisions import Revisions

_log = logging.getLogger(__name__)

_CLOCK_STEP = 2_000_000_000
"""Nanoseconds; upper limit of the time stamp resolution of file systems."""


class _State(NamedTuple):
    """The state of a file, which any modification changes."""

    device: int
    inode: int
    size: int
    mode: int
    changed_at: int
    """ctime in nanoseconds; unlike mtime, it cannot be set."""

    def is_settled(self) -> bool:
        """Return whether its last change is old enough that a further one would have another time stamp."""
        return time.time_ns() - self.changed_at > _CLOCK_STEP


def _state(file: Path) -> _State | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - quicker
    except OSError:
        return None
    return _State(found.st_dev, found.st_ino, found.st_size, found.st_mode, found.st_ctime_ns)


class ScriptTexts:
    """Provides texts that stay executable once they were requested, whatever happens to their folder.

    Owed scripts are requested before the first script of a run starts.
    """

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._known: dict[str, bytes] = {}
        self._verified: dict[str, tuple[Path, _State]] = {}
        """Verified files, with their state at that time."""
        self._in_memory: dict[str, Path] = {}

    def know(self, texts: Iterable[bytes]) -> None:
        """Add texts that need not be read from disk."""
        self._known |= {sha256_of(text): text for text in texts}

    def get(self, revision: str) -> tuple[bytes, Path]:
        """Return a text, and a file that contains it.

        Raises:
            ScriptUnreadable: it is missing or was altered, and was not requested before.
        """
        file, verified = self._verified.get(revision, (None, None))
        if file is not None and _state(file) == verified:
            return self._known[revision], file
        file = self._revisions.path(revision)
        state = _state(file)
        try:
            content = self._revisions.content(revision)
        except ScriptUnreadable as error:
            known = self._known.get(revision)
            if known is None:
                raise
            _log.warning("a script is run from memory: %s", error)
            return known, self._made_again(revision, known)
        self._known[revision] = content
        if state is not None and state.is_settled():
            self._verified[revision] = file, state
        return content, file

    def _made_again(self, revision: str, content: bytes) -> Path:
        try:
            self._revisions.restore(content)
        except StoreUnusable as error:
            _log.warning("and its copy cannot be made again: %s", error)
        else:
            return self._revisions.path(revision)
        if revision not in self._in_memory:
            # Open as long as this process lives: the script's interpreter opens it by name.
            self._in_memory[revision] = Path(os.fsdecode(in_memory(content)))
        return self._in_memory[revision]
