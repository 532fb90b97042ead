"""Says above a restore what keeps running during it although backups stop it, and offers to stop it."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes.restore_lanes import running_during_restores, stop_for_restores
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import theme
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.translation import _, ngettext


class RunningServices(Banner):
    """Shown only if there is something to say, and only for a restore to the original location."""

    def __init__(
        self, workspace: Workspace, background: Background, repository: Repository, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._repository_id = workspace, background, repository.id
        self._wanted = False

    def ask(self, *, wanted: bool) -> None:
        """Show what keeps running, or nothing if it is not *wanted*."""
        self._wanted = wanted
        if not wanted:
            self.show_message("")
            return
        question = partial(running_during_restores, self._workspace, self._repository_id)
        self._background.ask(question, self._show_found, leave_untold, owner=self)

    def _show_found(self, found: list[Assignment]) -> None:
        if not self._wanted:
            return
        stops = [quoted(one.script) for one in found if one.hook.is_pre]
        text = ngettext(
            "What {scripts} stops for a backup keeps running, and may use the files that are restored.",
            "What {scripts} stop for a backup keeps running, and may use the files that are restored.",
            len(stops),
        ).format(scripts=listed(stops))
        stop = BannerButton(_("Sto&p it for restores, too"), self._stop, "media-playback-stop", hides_banner=False)
        self.show_message(text if stops else "", theme.Tone.WARNING, [stop])

    def _stop(self) -> None:
        question = partial(stop_for_restores, self._workspace, self._repository_id)
        self._background.ask(question, lambda _none: self._show_stopped(), self._show_failed, owner=self)

    def _show_stopped(self) -> None:
        self.show_message(_("Restores stop it first, and start it again, whatever happens."), theme.Tone.GOOD)

    def _show_failed(self, error: BorgDeskError) -> None:
        self.show_message(error.sentence, theme.Tone.BAD)
