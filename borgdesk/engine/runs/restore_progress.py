"""Reports the progress of a restore, at most five times a second."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from borgdesk.domain.events import BorgProgressed
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.markers import borg_marker
from borgdesk.engine.runs.active_run import ActiveRun

_PAUSE = 0.2
"""Seconds between two that are told."""


class StepProgress:
    """Counts items and bytes of a piece of work whose amount is known."""

    def __init__(self, active: ActiveRun, items: int, size: int) -> None:
        self._active, self._items, self._size = active, items, size
        self._done = self._bytes = 0
        self._told_at = 0.0

    def add(self, path: str, size: int) -> None:
        """One more is done, or nearly."""
        self._done += 1
        self._bytes += size
        if time.monotonic() - self._told_at >= _PAUSE:
            self._told_at = time.monotonic()
            self.tell(path, self._done, self._bytes)

    def tell(self, path: str, done: int | None, size: int) -> None:
        """So many items and bytes are done, and this one is being worked on."""
        total, part = (self._size, size) if self._size else (self._items, done or 0)
        fraction = min(part / total, 1.0) if total else None
        path = self._active.masker.mask_text(path)
        self._active.tell(BorgProgressed(self._active.run.id, path, done, size, fraction=fraction))


class ExtractProgress:
    """Tells what Borg is extracting. A thread sees it from outside: a line from Borg for each item would take long."""

    def __init__(self, active: ActiveRun, stage: Path, size: int) -> None:
        """*stage* is without links, as Linux names open files."""
        self._progress = StepProgress(active, 0, size)
        self._stage, self._marker = stage, borg_marker(active.mark)
        self._borg = 0
        """The process, once it is known."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="restore progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        path, written = None, 0
        while not self._over.wait(_PAUSE):
            # Between two files it has none open, and in the end it is gone.
            path = self._open_file() or path
            if path is not None:
                written = max(written, procfs.bytes_written(self._borg))
                self._progress.tell(str(path).encode("utf-8", "replace").decode(), None, written)

    def _open_file(self) -> Path | None:
        # Wrappers and ssh write, too: only Borg itself has files of the stage open.
        candidates = [self._borg] if self._borg else [one.pid for one in procfs.family(frozenset(), self._marker)]
        for pid in candidates:
            path = procfs.file_open_in(pid, self._stage)
            if path is not None:
                self._borg = pid
                return path
        return None
