"""Allocates space in the write-ahead log before the commits that need it.

A commit that extends the log file also waits for the journal of the file system, and so for everything that other
programs have written: on a busy disk that takes ten times as long as a commit that overwrites existing blocks.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_A_COMMIT = 6 * (4096 + 24)
"""Bytes of the commit between two scripts: the pages of a row and of its indexes."""

_MOST = 1000 * (4096 + 24)
"""Size at which SQLite checkpoints the log and starts again at its beginning (wal_autocheckpoint)."""


def make_room(database: Path, commits: int) -> None:
    """Extend the log of *database* for this many *commits*. The caller holds the write lock.

    SQLite ignores what follows the last valid frame. If the disk is full, the log stays as it is.
    """
    with contextlib.suppress(OSError):
        log = os.open(f"{database}-wal", os.O_WRONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(log).st_size
            if (missing := min(commits * _A_COMMIT, _MOST - size)) > 0:
                _extend(log, size, missing)
        finally:
            os.close(log)


def _extend(log: int, size: int, missing: int) -> None:
    """Append zeros; a disk that has no space for all of them keeps what it has for others."""
    try:
        whole = os.pwrite(log, bytes(missing), size) == missing
    except OSError:
        whole = False
    if whole:
        os.fdatasync(log)
    else:
        os.ftruncate(log, size)
