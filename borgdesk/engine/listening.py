"""What Borg says, turned into log lines and events."""

from __future__ import annotations

import time

from borgdesk.borg.output import (
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
from borgdesk.engine.active_run import ActiveRun
from borgdesk.engine.output import stamp

_PAUSE = 0.2
"""Seconds between two progress events. Borg keeps that pace only while it creates."""

_QUIET = (Level.DEBUG,)


class BorgListener:
    """Hears the events of one call of Borg in a run."""

    def __init__(self, active: ActiveRun) -> None:
        self._active = active
        self._last = 0.0

    def __call__(self, event: OutputEvent) -> None:
        """Tell and log what people may want to know of *event*."""
        match event:
            case ArchiveProgress():
                self._progress(event.path, event.files, event.original_size, event.deduplicated_size)
            case ProgressMessage(message) | ProgressPercent(message) if message:
                self._progress(message)
            case LogMessage(level, message) if level not in _QUIET:
                self._say(Stream.STDOUT if level is Level.INFO else Stream.STDERR, message)
            case OutputLine(_, message):
                self._say(Stream.STDOUT, message)
            case PlainText(text):
                self._say(Stream.STDERR, text)
            case _:
                pass

    def _progress(
        self, text: str, files: int | None = None, original: int | None = None, deduplicated: int | None = None
    ) -> None:
        now = time.monotonic()
        if now - self._last >= _PAUSE:
            self._last = now
            self._active.tell(BorgProgressed(self._active.run.id, text, files, original, deduplicated))

    def _say(self, stream: Stream, message: str) -> None:
        lines = tuple(self._active.masker.mask_text(message).splitlines())
        mark = "!" if stream is Stream.STDERR else "|"
        self._active.log.write("".join(f"{stamp()} borg {mark} {line}\n" for line in lines).encode("utf-8", "replace"))
        self._active.tell(OutputPrinted(self._active.run.id, None, stream, lines))
