"""Tries to open the repository that is shown, and offers what helps where that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError, CannotOpen, Stopped
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.repository_access import try_connection
from borgdesk.engine.repositories.repository_keys import replace_key
from borgdesk.engine.runs.maintenance import break_lock
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import remedies
from borgdesk.gui.repositories.work_row import WorkRow
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class Opening(QObject):
    """Works with the stored repository: what was typed counts once it is saved."""

    ended = Signal()
    """An attempt has ended, and the notice says how."""
    moved = Signal()
    """The user has confirmed that the repository was moved."""
    host_key_wanted = Signal()

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        notice: Banner,
        work: WorkRow,
        shown: Callable[[], Repository | None],
    ) -> None:
        """*shown* returns the stored repository."""
        super().__init__(work)
        self._workspace, self._background = workspace, background
        self._notice, self._work, self._shown = notice, work, shown

    def check(self, *, moved: bool = False) -> None:
        """Try to open the repository; *moved*: it is known to be at another place than before."""
        self._ask_borg(partial(try_connection, self._workspace, moved=moved))

    def import_key(self, file: Path) -> None:
        """Import the repository's key from a file, then try to open the repository."""
        self._ask_borg(lambda repository, cancel: replace_key(self._workspace, repository, file, cancel))

    def ask_for_key(self) -> None:
        """Ask for the file that :meth:`import_key` reads."""
        remedies.ask_for_key(self._work, self.import_key)

    def offers(self, error: BorgDeskError) -> Sequence[BannerButton]:
        """Return what helps against *error*."""
        if not isinstance(error, CannotOpen):
            return ()
        return remedies.offers(
            error,
            moved=self.moved.emit,
            break_lock=lambda: remedies.ask_to_break_lock(self._work, error, self._break_lock),
            import_key=self.ask_for_key,
            host_key=self.host_key_wanted.emit,
        )

    def _break_lock(self) -> None:
        def do(repository: Repository, cancel: Cancel) -> None:
            break_lock(self._workspace, repository, Trigger.USER, cancel)
            try_connection(self._workspace, repository, cancel)

        self._ask_borg(do)

    def _ask_borg(self, ask: Callable[[Repository, Cancel], object]) -> None:
        repository = self._shown()
        if repository is None or self._work.is_busy:
            return
        cancel = self._work.begin(_("Opening the repository"))
        self._notice.show_message(_("Opening the repository…"), Tone.WORKING, dismissible=False)
        self._background.ask(
            lambda: ask(repository, cancel),
            lambda _answer: self._on_opened(repository.id),
            partial(self._on_failed, repository.id),
            self,
            cancel,
        )

    def _is_shown(self, repository_id: RepositoryId) -> bool:
        shown = self._shown()
        return shown is not None and shown.id == repository_id

    def _on_opened(self, repository_id: RepositoryId) -> None:
        self._work.end()
        if self._is_shown(repository_id):
            said = _("The repository can be opened: location, key and passphrase are correct.")
            self._notice.show_message(said, Tone.GOOD)
        self.ended.emit()

    def _on_failed(self, repository_id: RepositoryId, error: BorgDeskError) -> None:
        self._work.end()
        if self._is_shown(repository_id):
            tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
            self._notice.show_message(error.sentence, tone, self.offers(error))
        self.ended.emit()
