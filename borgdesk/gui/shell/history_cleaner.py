"""Cleans the history in the background while the window is open: after its start, after runs, and once a day."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.store.clock import now

if TYPE_CHECKING:
    from borgdesk.engine.runs.history_cleaning import Cleaned

_log = logging.getLogger(__name__)

_FIRST = 60_000
"""Milliseconds after the start: everything else comes first."""
_INTERVAL = 3_600_000


class HistoryCleaner(QObject):
    """Nobody waits for it, and what goes wrong is only logged: it is tried again within the hour."""

    looked = Signal(object)
    """What was cleaned, or None."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._cancel: Cancel | None = None
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self.look)
        self._soon = QTimer(self, interval=_FIRST, singleShot=True)
        self._soon.timeout.connect(self.look)

    def start(self) -> None:
        """Look in a minute, and then every hour."""
        self._timer.start()
        self._soon.start()

    def look_soon(self) -> None:
        """Look in a minute, unless something happens before."""
        self._soon.start()

    def look(self) -> None:
        """Clean, if the last cleaning was long enough ago."""
        if self._cancel is None:
            cancel = self._cancel = Cancel()
            self._background.ask(lambda: self._clean(cancel), self._on_cleaned, self._on_failed, self, cancel)

    def _clean(self, cancel: Cancel) -> Cleaned | None:
        from borgdesk.engine.runs.history_cleaning import clean, is_due

        if not is_due(self._workspace, now()):
            return None
        return clean(self._workspace, now(), is_stopped=lambda: cancel.asked)

    def _on_cleaned(self, cleaned: Cleaned | None) -> None:
        self._cancel = None
        self.looked.emit(cleaned)

    def _on_failed(self, error: BorgDeskError) -> None:
        self._cancel = None
        _log.warning("the history was not cleaned: %s", error)
        self.looked.emit(None)
