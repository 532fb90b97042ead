"""Process-wide settings of the window; nothing else changes such settings.

Before Qt starts: Python's switch interval, scaling, and locale. From the first paint to the end: handling of uncaught
exceptions, garbage collection, and signals.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLocale, QObject, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.translation import SOURCE, _, language

_SWITCH_INTERVAL = 0.001
"""Switch interval of Python's global lock in seconds. Qt's methods release the lock again and again, so with Python's
default of 5 ms one click could wait for a busy thread twenty times over.
"""

_GARBAGE_INTERVAL = 1000
"""Milliseconds between two checks whether a garbage collection is due."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

_log = logging.getLogger(__name__)


def switch_before_qt() -> None:
    """Apply the settings that must be made before there is a QApplication."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    if QGuiApplication.instance() is not None:
        return
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QGuiApplication.setDesktopFileName(APPLICATION_ID)
    QLocale.setDefault(_locale(QLocale(), language(), os.environ))


def _locale(system: QLocale, messages: str, environment: Mapping[str, str]) -> QLocale:
    """Return how dates and numbers are written: as the desktop has it, but with the words of the language of messages.

    German sentences with the months of another language, or the other way round, are hard to read.
    """
    if system.language() == QLocale.Language.C and messages == SOURCE:
        # No locale is set, in which case Qt formats numbers and dates for programs rather than people.
        return QLocale(QLocale.Language.English, QLocale.Country.World)
    spoken = QLocale(messages)
    if system.language() == spoken.language() and system.standaloneMonthName(1) == spoken.standaloneMonthName(1):
        return system  # which may have the dates of one country and the numbers of another
    dates = QLocale(next((value for name in ("LC_ALL", "LC_TIME", "LANG") if (value := environment.get(name))), ""))
    there = QLocale(spoken.language(), dates.territory())
    if messages == SOURCE and there.territory() != dates.territory():
        return system  # English as in America: its order of day and month would be the greater trouble there
    return there


class ProcessSwitches(QObject):
    """Settings that apply while the window exists."""

    def __init__(self, log: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.exceptions = ExceptionHook(log, self)
        self.garbage = GarbageCollection(self)
        self.signals = TerminationSignals(self)

    def back(self) -> None:
        """Restore the previous settings."""
        self.signals.close()
        self.exceptions.remove()
        self.garbage.stop()


class ExceptionHook(QObject):
    """Handles uncaught exceptions: logs the traceback, shows one sentence, and keeps the application running.

    Replaces ``sys.excepthook`` and ``threading.excepthook``.
    """

    caught = Signal(str)
    """A sentence for the user, emitted in this object's thread."""
    _raised = Signal(str)

    def __init__(self, log: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_file = log
        self._shown: set[str] = set()
        self._raised.connect(self._on_raised, Qt.ConnectionType.QueuedConnection)
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._hook
        threading.excepthook = lambda args: self._hook(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def remove(self) -> None:
        """Restore the previous hooks."""
        sys.excepthook, threading.excepthook = self._before

    def _hook(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        if isinstance(error, BorgDeskError):
            _log.warning("nobody caught: %s", error, exc_info=(kind, error, traceback))
            self._raised.emit(error.sentence)
            return
        _log.critical("a defect", exc_info=(kind, error, traceback))
        self._raised.emit(
            _("Unexpected error ({kind}: {text}). Details are in {log}.").format(
                kind=kind.__name__, text=str(error), log=self._log_file
            )
        )

    def _on_raised(self, sentence: str) -> None:
        """Show each sentence only once: an error that recurs with a timer must not flood the window."""
        if sentence not in self._shown:
            self._shown.add(sentence)
            self.caught.emit(sentence)


class GarbageCollection(QObject):
    """Runs Python's cyclic garbage collection in the GUI thread only, from a timer, about as often as Python would.

    Python collects in whatever thread happens to allocate an object. A closed dialog that is part of a cycle would be
    destroyed in that thread, together with its timers and pending events, and Qt would crash a moment later.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=_GARBAGE_INTERVAL)
        self._timer.timeout.connect(_collect_what_is_due)
        self._timer.start()

    def freeze(self) -> None:
        """Exempt all present objects from collection: scanning them blocked the window for 0.1 s each time."""
        gc.freeze()

    def stop(self) -> None:
        """Return to Python's automatic collection."""
        self._timer.stop()
        if self._was_on:
            gc.enable()


def _collect_what_is_due() -> None:
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [generation for generation, (count, threshold) in enumerate(counts) if count > threshold]
    if due:
        gc.collect(max(due))


class TerminationSignals(QObject):
    """Receives SIGTERM, SIGHUP and SIGINT in Qt's event loop, where they request an orderly end.

    Python runs its signal handlers between two bytecode instructions, of which there are none while Qt waits. So the
    signal's number is written into a socket, which wakes Qt up.
    """

    end_requested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_activated)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}

    def close(self) -> None:
        """Restore the previous signal handlers."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def _on_activated(self) -> None:
        numbers = self._reader.recv(64)
        if any(number in _SIGNALS for number in numbers):
            self.end_requested.emit()
