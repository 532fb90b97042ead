"""Measures how long the GUI thread works without returning to its event loop, and what it works at."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer, Signal

_ROOT = Path(__file__).parents[2]
_TICK = 0.004
"""Seconds between two looks at what the thread does."""

_SHOWN = 6
"""Calls shown of a stack."""


@dataclass(slots=True)
class Turn:
    """One turn of the event loop."""

    work: float = 0.0
    """Milliseconds of CPU time of the thread."""
    stacks: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """What the thread was seen at, and how often."""

    def causes(self, shown: int = 3) -> list[str]:
        """Return the most frequent of the stacks."""
        total = max(sum(self.stacks.values()), 1)
        return [
            f"{100 * count // total} % {' < '.join(reversed(stack[-_SHOWN:])) or 'Qt'}"
            for stack, count in self.stacks.most_common(shown)
        ]


class StallMeter(QObject):
    """Keeps the longest turn of each journey.

    The CPU time of the thread is what counts: other processes delay a turn, too, but nothing here can change that.
    The time by the clock is that between two ticks of a timer, as in :class:`.test_responsiveness.Heartbeat`.
    """

    lengthened = Signal(object)
    """A Turn that was longer than any before in this journey."""

    def __init__(self, *, sampling: bool = True) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._worked = time.thread_time()
        self._turn, self._began = Turn(), time.monotonic()
        self._longest, self._gap, self._late = Turn(), 0.0, 0
        self._beaten = time.perf_counter()
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._turn_over)
        dispatcher.aboutToBlock.connect(self._turn_over)
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()
        self._ends = not sampling
        self._looking = threading.Thread(target=self._look, name="stall meter", daemon=True)
        self._looking.start()

    def stop(self) -> None:
        """Measure nothing more."""
        self._ends = True
        self._looking.join()
        self._timer.stop()
        QAbstractEventDispatcher.instance().disconnect(self)

    @contextmanager
    def journey(self, name: str) -> Iterator[None]:
        """Print the longest turn of what is done inside."""
        self._turn_over()
        self._longest, self._gap, self._late = Turn(), 0.0, 0
        self._beaten = time.perf_counter()
        yield
        self._turn_over()
        self._beat()
        found = self._longest
        print(f"\n{name}: {found.work:.0f} ms of work, {self._gap:.0f} ms by the clock; {self._late} turns over 50 ms")
        if found.work > 25:
            print("".join(f"    {line}\n" for line in found.causes()), end="")

    def _turn_over(self) -> None:
        worked = time.thread_time()
        turn, self._turn, self._began = self._turn, Turn(), time.monotonic()
        turn.work, self._worked = (worked - self._worked) * 1000, worked
        self._late += turn.work > 50
        if turn.work > self._longest.work:
            self._longest = turn
            self.lengthened.emit(turn)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._gap, self._beaten = max(self._gap, (now - self._beaten) * 1000), now

    def _look(self) -> None:
        while not self._ends:
            time.sleep(_TICK)
            turn = self._turn
            if time.monotonic() - self._began > 2 * _TICK:
                turn.stacks[_stack(sys._current_frames().get(self._thread))] += 1


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    """Return the calls of BorgDesk in a stack, the innermost last."""
    found: list[str] = []
    while frame is not None:
        code = frame.f_code
        file = Path(code.co_filename)
        if file.is_relative_to(_ROOT / "borgdesk"):
            found.append(f"{file.stem}.{code.co_qualname}:{frame.f_lineno}")
        elif code.co_filename == "<string>":
            found.append("what the test looks at")
        elif "importlib" in code.co_filename and (not found or found[-1] != "import"):
            found.append("import")
        frame = frame.f_back
    return tuple(reversed(found))
