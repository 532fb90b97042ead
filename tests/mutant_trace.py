"""Records the lines of BorgDesk executed by processes that tests start; ``mutant_watch.py`` handles its own process.

Each module of a watched copy runs this first, however the module itself is started: a supervisor uses neither
``PYTHONPATH`` nor site-packages. Each line is written when it is first reached, separately, since the process may be
killed at any moment.
"""

from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A supervisor starts faster without these imports.
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    Trace = Callable[[FrameType, str, Any], Any]

_OF_A_FUNCTION = 0x1
"""CO_OPTIMIZED: modules and class bodies lack it. Lines executed on import belong to no test."""


def note_lines(folder: str, log: str) -> None:
    """Append ``file:line`` to *log* for lines executed in *folder*, unless this process is watched already."""
    if sys.gettrace() is not None:
        return
    noted: set[tuple[str, int]] = set()

    def note(frame: FrameType, _what: str, _value: Any) -> Trace:
        place = (frame.f_code.co_filename, frame.f_lineno)
        if place not in noted:
            noted.add(place)
            _append(log, f"{place[0]}:{place[1]}\n")
        return note

    def enter(frame: FrameType, what: str, value: Any) -> Trace | None:
        code = frame.f_code
        if not code.co_flags & _OF_A_FUNCTION or not code.co_filename.startswith(folder):
            return None
        return note(frame, what, value)

    threading.settrace(enter)
    sys.settrace(enter)


def _append(log: str, line: str) -> None:
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError:
        return  # some tests leave no descriptor or no disk space
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
