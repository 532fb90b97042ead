"""Banner that asks, twice a year, whether the user still knows the passphrase of a repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrase_memory import ask_later, never_ask
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class MemoryBanner(Banner):
    """One repository at a time."""

    passphrase_requested = Signal(int)
    """Id of the repository for which the user wants to answer."""
    settled = Signal()
    """The day of the next question is stored."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._asked: Repository | None = None

    def show_question(self, repositories: Sequence[Repository]) -> None:
        """Ask for the first of these, or for none."""
        repository = repositories[0] if repositories else None
        if repository is None or (self._asked is not None and self._asked.id == repository.id and self.isVisible()):
            self._asked = repository
            self.setVisible(repository is not None)
            return
        self._asked = repository
        question = _("Do you still know the passphrase of “{name}”? Without it, nobody can open the archives.")
        buttons = [
            BannerButton(
                _("&Try it…"), partial(self.passphrase_requested.emit, repository.id), "dialog-password",
                hides_banner=False,
            ),
            BannerButton(_("&Not now"), partial(self._settle, ask_later, repository)),
            BannerButton(_("Do not ask for this repository"), partial(self._settle, never_ask, repository)),
        ]  # fmt: skip
        self.show_message(question.format(name=repository.name), Tone.MUTED, buttons, dismissible=False)

    def _settle(self, settle: Callable[[Workspace, Repository], None], repository: Repository) -> None:
        self._asked = None
        self._background.ask(
            partial(settle, self._workspace, repository), lambda _nothing: self.settled.emit(), owner=self
        )
