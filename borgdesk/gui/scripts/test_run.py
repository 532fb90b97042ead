"""Runs a test of a script in a thread and delivers its events in batches."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.workers.engine_thread import INTERVAL, EngineCall, EngineThread


class TestRun(QObject):
    """One test. The owner keeps the object until :attr:`ended` or :attr:`failed`."""

    __test__ = False
    """Tells pytest that this is not a test class."""

    events_arrived = Signal(list)
    """The events since the last emission."""
    ended = Signal(object)
    """The result of the test."""
    failed = Signal(object)
    """The exception that ended it."""

    def __init__(self, call: EngineCall, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = EngineThread(call, Cancel())
        self._thread.finished.connect(self._on_finished)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._deliver)

    def start(self) -> None:
        self._timer.start()
        self._thread.start()

    def stop(self) -> None:
        """Ask the script to stop, for which it has ten seconds."""
        self._thread.cancel.ask()

    @property
    def is_stopping(self) -> bool:
        """Whether the test was asked to stop."""
        return self._thread.cancel.asked

    def wait(self) -> None:
        """Stop the test and wait for its end, however long that takes: nothing may outlive the window."""
        self._thread.cancel.ask()
        self._thread.wait()

    def _deliver(self) -> None:
        if events := self._thread.batch.take():
            self.events_arrived.emit(events)

    def _on_finished(self) -> None:
        self._timer.stop()
        self._deliver()
        if self._thread.error is not None:
            self.failed.emit(self._thread.error)
        else:
            self.ended.emit(self._thread.result)
