"""Waiting while Qt goes on, for scripts without pytest-qt."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer


def pause(milliseconds: int) -> None:
    """Let everything settle."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(done: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it is not, after *seconds*.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError
        pause(20)
