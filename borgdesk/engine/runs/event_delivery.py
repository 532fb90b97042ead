"""Delivers events to listeners without the engine ever waiting for them.

A stopped terminal, a pager that does not read, a busy window: none of them may keep services down. So events go into a
:class:`Backlog` of limited size. A listener that can fetch them itself, such as a window, gets the backlog; for all
others :func:`delivered` calls the listener in a thread, for which nobody waits longer than :data:`CATCH_UP`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from borgdesk.domain.events import BorgProgressed, Event, OutputLeftOut, OutputPrinted, Stream, Tell
from borgdesk.domain.ids import ExecutionId, RunId

_log = logging.getLogger(__name__)

CATCH_UP = 5.0
"""Seconds without progress after which the end of a run stops waiting for a listener."""

_MOST_LINES = 100_000
_MOST_BYTES = 4 * 1024 * 1024
"""Bytes buffered for a listener that has a thread of its own."""

_BREATH = 0.05
"""Seconds between two deliveries of much output: a thread that decodes without pause would compete with the one that
reads the program's output, and slow it down."""

_MUCH = 64 * 1024


@dataclass(slots=True)
class _Output:
    """Printed lines, decoded only if somebody gets to see them."""

    run_id: RunId | None
    execution_id: ExecutionId | None
    stream: Stream
    lines: bytes | tuple[str, ...]
    """As bytes, each ends with a line feed."""
    count: int

    @property
    def size(self) -> int:
        """Approximate number of bytes."""
        return len(self.lines) if isinstance(self.lines, bytes) else sum(map(len, self.lines))

    def left_out(self, count: int) -> OutputLeftOut:
        """Return the event for *count* of these lines that were dropped."""
        return OutputLeftOut(self.run_id, self.execution_id, count)

    def printed(self) -> OutputPrinted:
        """Return the event with all of these lines."""
        lines = self.lines
        if isinstance(lines, bytes):
            lines = tuple(lines[:-1].decode("utf-8", "replace").split("\n"))
        return OutputPrinted(self.run_id, self.execution_id, self.stream, lines)

    def cut(self, most: int) -> int:
        """Keep the last *most* lines; return the number of dropped ones."""
        gone = max(0, self.count - most)
        if gone:
            lines = self.lines
            self.lines = lines[gone:] if isinstance(lines, tuple) else b"\n".join(lines.rsplit(b"\n", most + 1)[1:])
            self.count = most
        return gone


class Backlog:
    """A queue of events for a listener.

    Events are never dropped. Of output, the newest lines are kept, and the number of dropped ones is reported in their
    place; of Borg's progress, only the latest is kept. It is a :data:`~borgdesk.domain.events.Tell` that never blocks.
    """

    def __init__(self, most_lines: int = _MOST_LINES, most_bytes: int = _MOST_BYTES) -> None:
        self._most_lines, self._most_bytes = most_lines, most_bytes
        self._changed = threading.Condition()
        self._events: deque[Event | _Output] = deque()
        self._lines = self._bytes = 0

    def __call__(self, event: Event) -> None:
        """As :meth:`put`."""
        self.put(event)

    def put(self, event: Event) -> None:
        """Add an event."""
        if isinstance(event, OutputPrinted):
            count = len(event.lines)
            self._put_output(_Output(event.run_id, event.execution_id, event.stream, event.lines, count))
            return
        with self._changed:
            last = self._events[-1] if self._events else None
            if isinstance(event, BorgProgressed) and isinstance(last, BorgProgressed) and last.run_id == event.run_id:
                self._events.pop()
            self._events.append(event)
            self._changed.notify()

    def put_output(
        self, run_id: RunId | None, execution_id: ExecutionId | None, stream: Stream, lines: bytes, count: int
    ) -> None:
        """Add *count* printed lines, each with a line feed at its end."""
        self._put_output(_Output(run_id, execution_id, stream, lines, count))

    def take(self) -> list[Event]:
        """Return all events since the last call, in order."""
        with self._changed:
            waiting, self._events = self._events, deque()
            self._lines = self._bytes = 0
        events: list[Event] = []
        for one in waiting:
            if isinstance(one, _Output):
                if gone := one.cut(self._most_lines):
                    _leave_out(events, one.left_out(gone))
                events.append(one.printed())
            else:
                events.append(one)
        return events

    def _put_output(self, output: _Output) -> None:
        with self._changed:
            self._events.append(output)
            self._lines += output.count
            self._bytes += output.size
            if self._lines > 2 * self._most_lines or self._bytes > 2 * self._most_bytes:
                self._drop_oldest()
            self._changed.notify()

    def _drop_oldest(self) -> None:
        """Drop the oldest lines beyond the limit, which nobody will see in time."""
        kept: deque[Event | _Output] = deque()
        outputs = sum(isinstance(one, _Output) for one in self._events)
        progress = next((one for one in reversed(self._events) if isinstance(one, BorgProgressed)), None)
        for one in self._events:
            if isinstance(one, _Output):
                outputs -= 1
                enough = self._lines - one.count < self._most_lines and self._bytes - one.size < self._most_bytes
                if not enough and outputs:
                    self._lines -= one.count
                    self._bytes -= one.size
                    _leave_out(kept, one.left_out(one.count))
                    continue
            if isinstance(one, OutputLeftOut):
                _leave_out(kept, one)
            elif not isinstance(one, BorgProgressed) or one is progress:
                kept.append(one)
        self._events = kept


def _leave_out(events: deque[Event | _Output] | list[Event], left_out: OutputLeftOut) -> None:
    """Append the number of dropped lines, merged with a preceding one for the same script."""
    last = events[-1] if events else None
    if isinstance(last, OutputLeftOut) and (last.run_id, last.execution_id) == (left_out.run_id, left_out.execution_id):
        left_out = OutputLeftOut(left_out.run_id, left_out.execution_id, last.count + left_out.count)
        events.pop()
    events.append(left_out)


class _Nobody(Backlog):
    """A backlog that discards everything."""

    def put(self, event: Event) -> None:
        """Discard it."""

    def put_output(
        self, run_id: RunId | None, execution_id: ExecutionId | None, stream: Stream, lines: bytes, count: int
    ) -> None:
        """Discard it."""


NOBODY = _Nobody()
"""The listener for callers without one."""


class _Delivery(Backlog):
    """A backlog with a thread that calls the listener."""

    def __init__(self, listener: Tell) -> None:
        super().__init__()
        self._listener = listener
        self._over = False
        self._delivered = 0
        """Number of events delivered."""
        self._thread = threading.Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Deliver the rest, as long as the listener takes an event every :data:`CATCH_UP` seconds."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        before = -1
        while self._thread.is_alive() and self._delivered != before:
            before = self._delivered
            self._thread.join(CATCH_UP)
        if self._thread.is_alive():
            _log.warning("a listener did not listen to the end")

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._events and not self._over:
                    self._changed.wait()
                if not self._events:
                    return
                much = self._bytes > _MUCH
            for event in self.take():
                tell(self._listener, event)
                self._delivered += 1
            if much and not self._over:
                time.sleep(_BREATH)


def tell(listener: Tell, event: Event) -> None:
    """Call a listener. If it raises, that is a bug of ours, and does not affect the run."""
    try:
        listener(event)
    except Exception:
        _log.exception("a listener failed at %r", type(event).__name__)


@contextmanager
def delivered(listener: Tell) -> Iterator[Backlog]:
    """Provide a backlog for *listener*: the listener itself if it is one, else one that calls it in a thread.

    On exit it waits until the listener has received everything, or has taken nothing for :data:`CATCH_UP` seconds.
    """
    if isinstance(listener, Backlog):
        yield listener
        return
    delivery = _Delivery(listener)
    try:
        yield delivery
    finally:
        delivery.finish()
