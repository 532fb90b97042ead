"""Waiting for an answer where Qt wants one at once, with the window alive meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEventLoop, SignalInstance


def wait_for(begin: Callable[[], object], done: SignalInstance, failed: SignalInstance) -> bool:
    """Begin something and wait until it told of its end; says whether it was the good one."""
    loop = QEventLoop()
    said: list[bool] = []

    def end(good: bool) -> None:
        said.append(good)
        loop.quit()

    good = done.connect(lambda *_: end(True))
    bad = failed.connect(lambda *_: end(False))
    try:
        begin()
        if not said:
            loop.exec()
    finally:
        done.disconnect(good)
        failed.disconnect(bad)
    return bool(said) and said[0]
