"""Mounts archives, opens them in the file manager, and shows in a banner what is mounted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.mounts import mount, unmount
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.mounted import Mount, mounts_of
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

Shown = tuple[Repository, ArchiveList]


class ArchiveMounts(QObject):
    """The mounted archives of the repository that is shown."""

    mounts_shown = Signal()
    """The banner shows the current mounts."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        question: BorgQuestion,
        banner: Banner,
        shown: Callable[[], Shown | None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._question, self._banner, self._shown = question, banner, shown
        self._mounts: list[Mount] = []

    def open_archive(self, repository: Repository, archive: Archive) -> None:
        """Open the archive in the file manager, after mounting it if necessary."""

        def mounted(cancel: Cancel) -> Mount:
            # What the banner shows may have been unmounted elsewhere.
            there = (one for one in mounts_of(self._workspace, repository) if one.archive == archive.name)
            found = next(there, None)
            return found or mount(self._workspace, repository, archive, cancel=cancel, belongs_to_us=True)

        what = _("Mounting “{name}”…").format(name=words.file_name(archive.name))
        self._question.ask(what, mounted, self._on_mounted)

    def _on_mounted(self, mounted: Mount) -> None:
        self.look_for_mounts()
        _open(mounted)

    def look_for_mounts(self) -> None:
        """Show in the banner what is mounted now."""
        shown = self._shown()
        if shown is None:
            self._show_mounts([])
            return
        self._background.ask(
            partial(mounts_of, self._workspace, shown[0]), partial(self._show_mounts_of, shown[0]), owner=self
        )

    def _show_mounts_of(self, repository: Repository, found: list[Mount]) -> None:
        shown = self._shown()
        if shown is not None and shown[0].id == repository.id:
            self._show_mounts(found)

    def _show_mounts(self, found: list[Mount]) -> None:
        self._mounts = found
        if not found:
            self._banner.show_message("")
        else:
            text = _("Mounted at {folders}. Until you unmount it, nothing can be backed up to this repository.")
            folders = ", ".join(words.file_name(one.folder) for one in found)
            buttons = [
                BannerButton(_("Open &folder"), partial(_open, found[-1]), hides_banner=False),
                BannerButton(_("&Unmount"), partial(self._unmount, tuple(found)), hides_banner=False),
            ]
            self._banner.show_message(text.format(folders=folders), theme.Tone.WORKING, buttons, dismissible=False)
        self.mounts_shown.emit()

    def _unmount(self, those: Sequence[Mount]) -> None:
        def work() -> None:
            for one in those:
                with suppress(NotFound):  # it was unmounted elsewhere
                    unmount(self._workspace, Path(one.folder))

        self._background.ask(work, lambda _none: self.look_for_mounts(), self._on_unmount_failed, owner=self)

    def _on_unmount_failed(self, error: BorgDeskError) -> None:
        again = BannerButton(_("&Unmount"), partial(self._unmount, tuple(self._mounts)), hides_banner=False)
        self._banner.show_message(error.sentence, theme.Tone.WARNING, [again], dismissible=False)
        self.mounts_shown.emit()


def _open(mounted: Mount) -> None:
    open_folder(mounted.folder)
