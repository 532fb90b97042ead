"""Checks a script while it is edited: when typing pauses, in the background, one check at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.scripts.checks import Report, check
from borgdesk.gui.workers.background import Background
from borgdesk.paths import Paths

PAUSE = 250
"""Milliseconds after the last change before a check begins."""


class LiveCheck(QObject):
    """Checks the text whenever typing pauses; changes made during a check lead to another one."""

    checked = Signal(object, int)
    """A Report, and the revision of the text it applies to."""

    def __init__(
        self,
        background: Background,
        environment: Mapping[str, str],
        read: Callable[[], tuple[str, int] | None],
        parent: QObject | None = None,
    ) -> None:
        """*read* returns the text and its revision; None if there is nothing to check."""
        super().__init__(parent)
        self._read = read
        self._background = background
        self._environment = environment
        self._folder = Paths.from_environment(environment).library
        self._busy = False
        self._wanted = False
        self._revision = -1
        self._timer = QTimer(self, singleShot=True, interval=PAUSE)
        self._timer.timeout.connect(self._begin)

    def touch(self, *, now: bool = False) -> None:
        """Handle a change of the text; *now* checks without waiting for a pause."""
        self._wanted = True
        self._timer.start(0 if now else PAUSE)

    def covers(self, revision: int) -> bool:
        """Return whether the last check, finished or running, is of this revision."""
        return revision == self._revision

    def _begin(self) -> None:
        if self._busy or not self._wanted:
            return
        self._wanted = False
        found = self._read()
        if found is None:
            return
        text, revision = found
        self._revision = revision
        self._busy = True
        look = partial(check, text, self._environment, folder=self._folder)
        self._background.ask(look, partial(self._on_checked, revision), self._on_failed, self)

    def _on_checked(self, revision: int, report: Report) -> None:
        self._busy = False
        self.checked.emit(report, revision)
        if not self._timer.isActive():
            self._begin()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._busy = False
        self._background.problem_met.emit(error.sentence)
