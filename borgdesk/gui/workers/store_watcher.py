"""Detects changes of the store by any process within half a second."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.gui.workers.background import Background
from borgdesk.store.database import Database

_PAUSE = 400
"""Milliseconds between two checks, each of which takes some microseconds."""


class StoreWatcher(QObject):
    """Polls the database for commits while it is started."""

    changed = Signal()
    """Something was committed, by another process or this one."""

    def __init__(self, database: Database, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._commits = database.commits()
        self._busy = False
        self._timer = QTimer(self, interval=_PAUSE)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self._commits.close)

    def begin(self) -> None:
        """Tell of all changes from now on. In any thread, before what will be shown is read for the first time."""
        self._commits.begin()

    def start(self) -> None:
        """Start polling."""
        self._timer.start()
        self._look()

    def stop(self) -> None:
        """Stop polling."""
        self._timer.stop()

    def _look(self) -> None:
        if not self._busy:
            self._busy = True
            self._background.ask(self._commits.has_changed, self._on_looked, owner=self)

    def _on_looked(self, has_changed: bool) -> None:
        self._busy = False
        if has_changed and self._timer.isActive():
            self.changed.emit()
