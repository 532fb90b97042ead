"""Appends each event of a run to a file in its folder before it is delivered.

Everything that shows a run, while it is running or years later, reads these events
(:mod:`~borgdesk.engine.runs.story_reader`).
"""

from __future__ import annotations

import contextlib
import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from borgdesk import private
from borgdesk.domain.events import BorgProgressed, Event
from borgdesk.engine.runs.event_lines import is_kept, line_of

_MOST_PROGRESS = 64 * 1024
"""Bytes after which the progress file is truncated: only its last line matters."""


def events_in_folder(folder: Path) -> Path:
    """Return the file of events in a run's folder."""
    return folder / "events.jsonl"


def progress_in_folder(folder: Path) -> Path:
    """Return the file whose last line is the progress of Borg."""
    return folder / "progress.jsonl"


class EventLog:
    """Appends events, each as one unbuffered line.

    A file that cannot be written (the disk is full) never stops a run: :attr:`error` keeps the first error.
    """

    def __init__(self, folder: Path) -> None:
        self.error: OSError | None = None
        self._folder = folder
        self._events: _LineFile | None = None
        self._progress: _LineFile | None = None
        try:
            private.make_folder(folder)
            self._events = _LineFile(events_in_folder(folder))
        except OSError as error:
            self.error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def append(self, event: Event) -> None:
        """Append an event, unless it is output, which is stored elsewhere."""
        try:
            if isinstance(event, BorgProgressed):
                self._append_progress(event)
            elif self._events is not None and is_kept(event):
                self._events.write(line_of(event))
        except OSError as error:
            self.error = self.error or error

    def _append_progress(self, event: BorgProgressed) -> None:
        if self._progress is None:
            self._progress = _LineFile(progress_in_folder(self._folder))
        if self._progress.size > _MOST_PROGRESS:
            self._progress.clear()
        self._progress.write(line_of(event))

    def close(self) -> None:
        """Close the files and discard the progress."""
        if self._progress is not None:
            with contextlib.suppress(OSError):
                progress_in_folder(self._folder).unlink()
        for file in (self._events, self._progress):
            if file is not None:
                file.close()
        self._events = self._progress = None


class _LineFile:
    """A file to which lines are appended. An incomplete line, left by a kill or a full disk, is ended first."""

    def __init__(self, path: Path) -> None:
        self._file: FileIO = private.lines(path)
        self.size = os.fstat(self._file.fileno()).st_size
        self._is_torn = self.size > 0 and os.pread(self._file.fileno(), 1, self.size - 1) != b"\n"

    def write(self, line: bytes) -> None:
        data = b"\n" + line if self._is_torn else line
        self._is_torn = True
        written = self._file.write(data)
        self.size += written
        self._is_torn = written != len(data)

    def clear(self) -> None:
        self._file.truncate(0)
        self.size, self._is_torn = 0, False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
