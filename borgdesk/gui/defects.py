"""Our own mistakes: logged with their traceback, shown once in a sentence, and the application lives on."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal

from borgdesk.domain.errors import BorgDeskError

_log = logging.getLogger(__name__)


class Defects(QObject):
    """Takes the place of ``sys.excepthook`` and ``threading.excepthook``."""

    told = Signal(str)
    """A sentence for the user, in this object's thread."""
    _met = Signal(str)

    def __init__(self, log: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_file = log
        self._seen: set[str] = set()
        self._met.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """From now on every exception that nobody caught comes here."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._hook
        threading.excepthook = lambda args: self._hook(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def remove(self) -> None:
        """Leave them to whoever had them before."""
        sys.excepthook, threading.excepthook = self._before

    def _hook(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        if isinstance(error, BorgDeskError):
            _log.warning("nobody caught: %s", error, exc_info=(kind, error, traceback))
            self._met.emit(error.sentence)
            return
        _log.critical("a defect", exc_info=(kind, error, traceback))
        self._met.emit(
            self.tr("Something went wrong that should not have ({kind}: {text}). Details are in {log}.").format(
                kind=kind.__name__, text=str(error), log=self._log_file
            )
        )

    def _tell(self, sentence: str) -> None:
        """Show each once: what fails in every tick of a clock must not bury the window."""
        if sentence not in self._seen:
            self._seen.add(sentence)
            self.told.emit(sentence)
