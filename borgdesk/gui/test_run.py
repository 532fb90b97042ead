"""A test of a script beside the window: a thread, and what it says in batches."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from borgdesk.domain.events import Tell
from borgdesk.engine.cancel import Cancel
from borgdesk.gui.executor import INTERVAL, Batch

Work = Callable[[Tell, Cancel], object]


class _Thread(QThread):
    def __init__(self, work: Work, batch: Batch, cancel: Cancel) -> None:
        super().__init__()
        self._work, self._batch, self._cancel = work, batch, cancel
        self.result: object = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._work(self._batch.put, self._cancel)
        except Exception as error:
            self.error = error


class TestRun(QObject):
    """One test, from start to end. Its owner keeps it until :attr:`ended` or :attr:`failed`."""

    __test__ = False
    """Not a class of tests."""

    told = Signal(list)
    """What happened since the last time."""
    ended = Signal(object)
    """What the work returned."""
    failed = Signal(object)
    """The exception that ended it."""

    def __init__(self, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cancel = Cancel()
        self._batch = Batch()
        self._thread = _Thread(work, self._batch, self._cancel)
        self._thread.finished.connect(self._finish)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._deliver)

    def start(self) -> None:
        """Begin."""
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end: the script gets ten seconds to do so."""
        self._cancel.ask()

    def wait(self) -> None:
        """Stop it and wait for its end, however long that takes: nothing of it may outlive the window."""
        self._cancel.ask()
        self._thread.wait()

    def _deliver(self) -> None:
        told = self._batch.take()
        if told:
            self.told.emit(told)

    def _finish(self) -> None:
        self._timer.stop()
        self._deliver()
        if self._thread.error is not None:
            self.failed.emit(self._thread.error)
        else:
            self.ended.emit(self._thread.result)
