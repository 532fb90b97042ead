"""Converts Borg's messages and progress into log lines and events."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from borgdesk.borg.output import (
    ArchiveFinished,
    ArchiveProgress,
    Level,
    LogMessage,
    OutputEvent,
    OutputLine,
    PlainText,
    ProgressMessage,
    ProgressPercent,
)
from borgdesk.domain.events import BorgProgressed, OutputPrinted, Stream
from borgdesk.engine.runs import output_capture
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.output_capture import KEPT, HeadTail
from borgdesk.engine.runs.output_files import OutputFiles
from borgdesk.engine.runs.run_log import stamp

_PAUSE = 0.2
"""Seconds between two progress events. Borg itself limits the rate only in ``create``."""

_WHOLE = frozenset({"repository.compact_segments"})
"""Percentages that are those of a whole step. A check has several, one after the other, and each begins at 0 again."""

_QUIET = (Level.DEBUG,)
_INTERRUPTED = re.compile(r"^(Error: )?(Got Ctrl-C / SIGINT|Keyboard interrupt|Received SIG(TERM|INT|HUP))\b")
"""Borg's messages about a signal that stopped it."""


class BorgListener:
    """Receives the events of one call of Borg in a run."""

    def __init__(self, active: ActiveRun, output: OutputFiles) -> None:
        self._active, self._output = active, output
        self._last = 0.0
        self._untold: BorgProgressed | None = None
        self._kept = {stream: HeadTail(KEPT) for stream in Stream}
        self._room = output_capture.LOG_CAP
        """Bytes that may still be logged: a Borg that repeats a message for ever must not fill the disk."""
        self._left_out = 0

    def kept(self, stream: Stream) -> str:
        """Return what the history keeps of *stream*."""
        return self._kept[stream].text()

    @property
    def truncated(self) -> bool:
        """Whether the history keeps less than Borg printed."""
        return any(kept.cut for kept in self._kept.values())

    def close(self) -> None:
        """Report the final progress after Borg has ended."""
        self._tell_untold()
        self._output.close()
        if self._left_out:
            self._active.log.line(f"[… {self._left_out} bytes of what Borg said left out …]")

    def _tell_untold(self) -> None:
        if self._untold is not None:
            text = self._active.masker.mask_text(self._untold.text)
            self._active.tell(replace(self._untold, text=text))
            self._untold = None

    def __call__(self, event: OutputEvent) -> None:
        """Deliver and log what users may want to know of *event*."""
        match event:
            case ArchiveProgress():
                self._progress(event.path, event.files, event.original_size, event.deduplicated_size)
            case ArchiveFinished():
                self._tell_untold()
            case ProgressPercent(message, msgid=msgid) if message:
                self._progress(message, fraction=event.fraction if msgid in _WHOLE else None)
            case ProgressMessage(message) if message:
                self._progress(message)
            case LogMessage(message=message) if self._active.cancel.asked and _INTERRUPTED.search(message):
                # The stop was requested, so this is no error.
                self._say(Stream.STDOUT, message)
            case LogMessage(level, message) if level not in _QUIET:
                self._say(Stream.STDOUT if level is Level.INFO else Stream.STDERR, message)
            case OutputLine(_, message):
                self._say(Stream.STDOUT, message)
            case PlainText(text):
                self._say(Stream.STDERR, text)
            case _:
                pass

    def _progress(
        self,
        text: str,
        files: int | None = None,
        original: int | None = None,
        deduplicated: int | None = None,
        fraction: float | None = None,
    ) -> None:
        event = BorgProgressed(self._active.run.id, text, files, original, deduplicated, fraction)
        now = time.monotonic()
        if now - self._last >= _PAUSE:
            self._last, self._untold = now, event
            self._tell_untold()
        elif files is not None:
            # Keep the last numbers before a pause: Borg reads the last files faster than progress is delivered.
            self._untold = event

    def _say(self, stream: Stream, message: str) -> None:
        lines = tuple(self._active.masker.mask_text(message).splitlines())
        raw = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        self._kept[stream].add(raw)
        at, mark = stamp(), "!" if stream is Stream.STDERR else "|"
        self._output.write(at.encode(), stream, raw, len(lines))
        self._log("".join(f"{at} borg {mark} {line}\n" for line in lines).encode("utf-8", "replace"))
        self._active.tell(OutputPrinted(self._active.run.id, None, stream, lines))

    def _log(self, text: bytes) -> None:
        if self._left_out or len(text) > self._room:
            self._left_out += len(text)
        else:
            self._room -= len(text)
            self._active.log.write(text)
