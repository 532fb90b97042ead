"""Waits for a signal in a nested event loop, where Qt needs an answer at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer, SignalInstance

_GLANCE = 200
"""Milliseconds between two checks that the operation is still in progress."""


def wait_for(
    begin: Callable[[], object], busy: Callable[[], bool], done: SignalInstance, failed: SignalInstance
) -> bool:
    """Begin an operation, wait for one of its two signals, and return whether it was *done*.

    The wait also ends once *busy* returns False: after an exception, neither signal may come.
    """
    loop = QEventLoop()
    said: list[bool] = []

    def end(good: bool) -> None:
        said.append(good)
        loop.quit()

    def look() -> None:
        if not busy():
            loop.quit()

    glance = QTimer(loop, interval=_GLANCE)
    glance.timeout.connect(look)
    good = done.connect(lambda *_: end(True))
    bad = failed.connect(lambda *_: end(False))
    try:
        begin()
        if not said and busy():
            glance.start()
            loop.exec()
    finally:
        done.disconnect(good)
        failed.disconnect(bad)
    return bool(said) and said[0]
