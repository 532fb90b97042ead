"""SIGTERM, SIGHUP and SIGINT, heard in Qt's event loop: they ask the program to end, and never kill it."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Termination(QObject):
    """Python runs its signal handlers between two of its own instructions; while Qt waits there are none.

    So the signal's number is written into a socket, and Qt wakes up by it.
    """

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}

    def close(self) -> None:
        """Give the signals back their old meaning."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def _hear(self) -> None:
        numbers = self._reader.recv(64)
        if any(number in _SIGNALS for number in numbers):
            self.asked.emit()
