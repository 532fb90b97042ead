"""Emits signals of objects of the GUI thread for other threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance


class ThreadEmitter:
    """Has a signal emitted in the GUI thread, where it must be made; if its object is gone by then, nothing happens.

    A thread cannot emit the signal itself. ``shiboken6.isValid`` only says that the object existed a moment ago, and if
    it is destroyed before or during the emission, the program crashes.
    """

    def __init__(self, signal: SignalInstance) -> None:
        self._signal = signal
        self._relay = _relay()

    def __call__(self, *values: object) -> None:
        """Have the signal emitted soon; in any thread."""
        self._relay.called.emit(partial(self._emit, values))

    def _emit(self, values: tuple[object, ...]) -> None:
        with suppress(RuntimeError):  # the object is gone
            self._signal.emit(*values)


class _Relay(QObject):
    """Calls what it is given in its own thread. It is never destroyed, so that any thread may use it at any time."""

    called = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.called.connect(_call, Qt.ConnectionType.QueuedConnection)


def _call(what: Callable[[], None]) -> None:
    what()


@cache
def _relay() -> _Relay:
    return _Relay()
