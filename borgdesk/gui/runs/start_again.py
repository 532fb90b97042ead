"""Offers to start again what a run has stopped and failed to start."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.downtime import left_down
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.engine.runs import recovery
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import BannerButton
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class StartAgain(QObject):
    """Its button lets the run owe those scripts once more."""

    requested = Signal(int)
    """Run id: what it owes is to be run now."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background

    def buttons(self, run: Run) -> list[BannerButton]:
        """Return the button for a run that is over and left something down; nothing for others."""
        if not (run.status.is_final and left_down(run.executions)):
            return []
        icon = "media-playback-start"
        return [BannerButton(_("Start &it again"), lambda: self._owe_again(run.id), icon, hides_banner=False)]

    def _owe_again(self, run_id: RunId) -> None:
        self._background.ask(
            lambda: recovery.owe_again(self._workspace, run_id),
            lambda _none: self.requested.emit(run_id),
            owner=self,
        )
