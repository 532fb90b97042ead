"""Telling the desktop how a backup ended: failures and warnings always, good ones if wanted, skipped ones never."""

from __future__ import annotations

from PySide6.QtCore import QObject

from borgdesk.domain.events import RunEnded
from borgdesk.domain.run import RunStatus
from borgdesk.engine import desktop
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import run_words
from borgdesk.gui.background import Background
from borgdesk.gui.preferences import Preferences
from borgdesk.gui.tray import Tray

_ALWAYS = (RunStatus.FAILURE, RunStatus.WARNING, RunStatus.INTERRUPTED)
_URGENT = (RunStatus.FAILURE, RunStatus.INTERRUPTED)


class Notifications(QObject):
    """Through the tray where there is one, else straight to the desktop."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        preferences: Preferences,
        tray: Tray | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._preferences, self._tray = preferences, tray
        self.last_run_id: int | None = None
        """The run that was told of last."""

    def is_worth_telling(self, ended: RunEnded) -> bool:
        """Whether the user wants to hear of it."""
        if ended.status is RunStatus.SUCCESS:
            return self._preferences.wishes.notify_success
        return ended.status in _ALWAYS

    def tell_end(self, ended: RunEnded) -> None:
        """A run is over."""
        if self.is_worth_telling(ended):
            self.last_run_id = ended.run_id
            self.tell(run_words.notification_title(ended.status), ended.sentence, urgent=ended.status in _URGENT)

    def tell(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Show a notification, if anything can."""
        if self._tray is not None:
            self._tray.tell(title, text, urgent=urgent)
            return
        environment = self._workspace.environment
        self._background.do(lambda: desktop.notify(environment, title, text, urgent=urgent))
