"""Detects that Borg makes no progress, from the numbers it reports or else from its I/O counters."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

from borgdesk.borg.output import ArchiveProgress, FileStatus, OutputEvent, ProgressPercent
from borgdesk.engine.processes import procfs

_SILENCE = 2.0
"""Seconds without progress reports after which the processes are inspected; before that it would be a waste."""

_LOOK = 0.5
"""Seconds between two inspections."""

_BUSY = 0.05
"""The share of a CPU that counts as progress. Waiting for a reply takes some, too: Borg wakes up every second."""

_IN_PIPES = 2 * 65536
"""Bytes that it may have printed and we have not read yet."""

GRAIN = _IN_PIPES + 65536
"""Bytes that count as progress. Keep-alive traffic is less than that in a day."""

_TICKS = os.sysconf("SC_CLK_TCK")


class StallWatch:
    """Detects progress of one call of Borg, whose processes carry *marker*.

    While Borg creates an archive, it reports its progress up to five times a second, even in the middle of a huge file:
    changing numbers are progress, and so is the next path of a list of files. In other phases it may be silent for
    long: then bytes read or written count, except for its own output, which a Borg in an endless loop prints as well.
    CPU time alone counts for *computing* seconds: no phase computes for long without I/O. A server that does not
    respond, or a disk that hangs, causes none of this.
    """

    def __init__(
        self, marker: procfs.Marker, grain: int = GRAIN, silence: float = _SILENCE, computing: float = math.inf
    ) -> None:
        """*grain* is how many bytes are progress, *silence* for how many seconds its reports are trusted."""
        self._marker = marker
        self._grain = grain
        self._silence = silence
        self._computing = computing
        self._last = self._looked = self._advanced = time.monotonic()
        self._numbers: tuple[int | None, ...] = ()
        self._path = ""
        self._printed = 0
        self._bytes, self._busy = 0, 0.0

    def hear(self, chunk: bytes) -> None:
        """Note output of Borg."""
        self._printed += len(chunk)

    def see(self, event: OutputEvent) -> None:
        """Note an event of Borg: it is progress if its numbers differ from the last ones."""
        match event:
            case ArchiveProgress(original_size=original, deduplicated_size=deduplicated, files=files):
                numbers: tuple[int | None, ...] = (files, original, deduplicated)
            case FileStatus(path=path):
                # In a dry run, each file is printed as it is found; nothing is read.
                if path != self._path:
                    self._path = path
                    self._advance()
                return
            case ProgressPercent(operation=operation, current=current, total=total):
                numbers = (operation, current, total)
            case _:
                return
        if numbers != self._numbers:
            self._numbers = numbers
            self._advance()

    def still_for(self) -> float:
        """Return the seconds since the last progress."""
        now = time.monotonic()
        if now - self._last >= self._silence and now - self._looked >= _LOOK:
            self._look(now - self._looked)
            self._looked = now
        return now - self._last

    def _look(self, since: float) -> None:
        size, busy = -self._printed, 0.0
        for process in procfs.family(frozenset(), self._marker):
            one, other = _work_of(process.pid)
            size, busy = size + one, busy + other
        # Far fewer bytes than before mean that a process ended, which is progress as well.
        if size >= self._bytes + self._grain or size < self._bytes - _IN_PIPES:
            self._bytes = size
            self._advance()
        elif busy >= self._busy + _BUSY * since and time.monotonic() - self._advanced < self._computing:
            self._last = time.monotonic()
        self._busy = busy

    def _advance(self) -> None:
        self._last = self._advanced = time.monotonic()


def _work_of(pid: int) -> tuple[int, float]:
    """Return bytes read and written by a process, and its CPU time; 0 for ssh, which is never quite idle."""
    folder = Path("/proc", str(pid))
    try:
        stat = (folder / "stat").read_text(errors="replace")
        name, fields = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        if name == "ssh":
            return 0, 0.0
        counts = dict(line.split(": ") for line in (folder / "io").read_text().splitlines())
    except (OSError, ValueError):
        # It has just ended, or its pid belongs to another user by now.
        return 0, 0.0
    return int(counts["rchar"]) + int(counts["wchar"]), (int(fields[11]) + int(fields[12])) / _TICKS
