"""Gives each active run what the last good one took, so that its progress can be estimated."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RunId
from borgdesk.domain.progress import Usual
from borgdesk.engine.runs.usual import read_usual
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_run import LiveRun

_log = logging.getLogger(__name__)


class UsualReader(QObject):
    """Reads in the background; until then, and if nothing can be read, the progress is not estimated."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        live: Callable[[RunId], LiveRun | None],
        parent: QObject | None = None,
    ) -> None:
        """*live* returns an active run."""
        super().__init__(parent)
        self._workspace, self._background, self._live = workspace, background, live

    def read(self, run_id: RunId) -> None:
        """Read it for a run that was found or has begun."""
        live = self._live(run_id)
        if live is not None:
            call = partial(read_usual, self._workspace, live.repository_id, live.story.kind)
            self._background.ask(call, partial(self._keep, run_id), self._on_failed, owner=self)

    def _keep(self, run_id: RunId, usual: Usual) -> None:
        live = self._live(run_id)
        if live is not None:
            live.usual = usual

    def _on_failed(self, error: BorgDeskError) -> None:
        _log.info("nothing is known of an earlier run: %s", error)
