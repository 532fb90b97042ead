"""Takes screenshots of everything about archives: the page in all states, its dialogs, restores, and maintenance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QDialog, QWidget

from borgdesk.domain.run import RunKind
from borgdesk.engine.archives.mounts import mount
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.difference_dialog import DifferenceDialog
from borgdesk.gui.archives.restore_dialog import RestoreDialog
from borgdesk.gui.look import words
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.shell.shell import Shell
from tests.e2e.archive_scenes import AWAY, EMPTY, HOLIDAYS, MANY, UGLY
from tests.e2e.event_loop import pause, wait_until
from tests.engine.archives.test_mounts import can_mount

Dialog = TypeVar("Dialog", bound=QWidget)
_SETTLE = 500


class ArchivePictures:
    """Goes through the archives of a window on one of the scenes."""

    def __init__(self, shell: Shell, workspace: Workspace, take: Callable[[str, QWidget | None], None]) -> None:
        self._shell, self._workspace, self._take = shell, workspace, take
        page = shell.window.page("archives")
        assert isinstance(page, ArchivesPage)
        self.page = page

    def usual(self) -> None:
        """Take the page with a usual repository, and all that can be done there."""
        for name in (EMPTY, AWAY):
            self._show(name)
            self._take(f"archives-{name}", None)
        self._show(HOLIDAYS)
        self._open("letters/2026")
        self._take("archives", None)
        self._searches()
        for name in ("Rent.odt", "Fjord.png", "newest"):
            self._select(name)
            self._take(f"archives-{name}", None)
            self.page.item_panel.tabs.setCurrentIndex(1)
            pause(_SETTLE)
            self._take(f"preview-{name}", None)
            self.page.item_panel.tabs.setCurrentIndex(0)
        self._mounted()
        self._dialogs()
        self._restores()
        self._maintenance()

    def ugly(self) -> None:
        """Take the page with names and numbers that nobody expects."""
        self._show(MANY)
        self._take("archives-many", None)
        self._show(UGLY)
        self._take("archives-ugly", None)
        tree = self.page.contents_panel.contents
        for place in (0, 1, 2, 3, 4, 5, 6, 7, 8):
            tree.open(place)
            pause(200)
        self._take("archives-deep", None)
        self._select("two\nlines\tand a tab")
        self._take("archives-newline", None)
        self._compare()
        self._restoring().reject()

    # steps

    def _show(self, name: str) -> None:
        self._shell.window.open_page("archives")
        self.page.show_repository(self._workspace.store.repositories.get(name).id)
        wait_until(lambda: self.page.repository is not None and self.page.repository.name == name)
        pause(_SETTLE)
        wait_until(lambda: not self.page._question.is_open)
        if self.page.table.selected() and name not in (AWAY, MANY):
            wait_until(lambda: self.page.contents_panel.is_whole)
        pause(_SETTLE)

    def _open(self, path: str) -> None:
        model = self.page.contents_panel.contents
        for part in path.split("/"):
            for place in range(model.rowCount()):
                if model.entry(place).name == part and not model.is_open(place):
                    model.open(place)
                    break
            pause(200)

    def _select(self, name: str) -> None:
        panel = self.page.contents_panel
        panel.search.setText(name.partition("\n")[0])
        panel.search.returnPressed.emit()
        # The list may still hold what was searched for before.
        wait_until(lambda: panel.hits.model().index(0, 0).data() == words.file_name(name))
        panel.hits.selectRow(0)
        pause(_SETTLE)

    def _searches(self) -> None:
        panel = self.page.contents_panel
        panel.search.setText("letter 1")
        pause(_SETTLE)
        self._take("archives-search", None)
        panel.scope.setCurrentIndex(1)
        pause(_SETTLE)
        self._take("archives-search-all", None)
        panel.search.setText("nothing is called like this")
        pause(_SETTLE)
        self._take("archives-search-nothing", None)
        panel.scope.setCurrentIndex(0)
        panel.search.clear()
        pause(_SETTLE)

    def _mounted(self) -> None:
        if not can_mount():
            return
        archive = self.page.table.current_row()
        repository = self.page.repository
        assert repository is not None
        mounted = mount(self._workspace, repository, archive)
        self.page.mounts.look_for_mounts()
        wait_until(lambda: self.page.mounted.text)
        pause(100)
        self._take("archives-mounted", None)
        self.page.mounted.button("&Unmount").click()
        wait_until(lambda: not self.page.mounted.text)
        assert not mounted.is_there

    def _dialogs(self) -> None:
        self.page.contents_panel.search.clear()
        pause(_SETTLE)
        actions = self.page.actions_of_archives
        self._compare()
        for name, action in (
            ("details", actions.details),
            ("rename", actions.rename),
            ("comment", actions.comment),
            ("delete", actions.delete),
        ):
            action.trigger()
            self._take_modal(f"archives-{name}").reject()
            pause(100)

    def _compare(self) -> None:
        self.page.actions_of_archives.compare.trigger()
        dialog = self._modal(DifferenceDialog)
        wait_until(lambda: dialog.changes.rowCount() if hasattr(dialog, "changes") else True)
        pause(1500)
        self._take("archives-compare", dialog)
        dialog.reject()
        pause(100)

    def _restoring(self) -> RestoreDialog:
        self.page.item_panel.restore_button.click()
        dialog = self._modal(RestoreDialog)
        wait_until(dialog.restore_button.isEnabled)
        pause(_SETTLE)
        self._take("restore", dialog)
        return dialog

    def _restores(self) -> None:
        (self._source() / "letters" / "2026" / "Rent.odt").write_text("changed by mistake")
        self._show(HOLIDAYS)
        dialog = self._restoring()
        dialog.in_place.setChecked(True)
        pause(800)
        self._take("restore-in-place", dialog)
        dialog.restore_button.click()
        question = self._take_modal("restore-question", beyond=dialog)
        next(one for one in question.findChildren(QWidget) if getattr(one, "text", str)() == "&Replace it").click()  # type: ignore[attr-defined]
        wait_until(lambda: self._shell.executor.is_busy)
        pause(30)
        self._take("restore-working", dialog)
        wait_until(lambda: not self._shell.executor.is_busy)
        pause(_SETTLE)
        self._take("restore-done", dialog)
        dialog.reject()
        repository = self.page.repository
        assert repository is not None
        self._shell.navigation.show_restores(repository.id)
        pause(900)
        self._take("past-restores", None)
        last = next(run for run in self._workspace.store.runs.list(limit=5) if run.kind is RunKind.RESTORE)
        self._shell.navigation.show_run(last.id)
        pause(900)
        self._take("restore-run", None)

    def _maintenance(self) -> None:
        page = self._shell.window.page("repositories")
        assert isinstance(page, RepositoriesPage)
        self._shell.navigation.show_repository(self._workspace.store.repositories.get(HOLIDAYS).id)
        pause(_SETTLE)
        page.view.tabs.setCurrentWidget(page.view.retention)
        preview = page.view.retention.preview
        if preview.show_button.isVisible():
            preview.show_button.click()
        wait_until(preview.tabs.isVisible)
        pause(_SETTLE)
        self._take("retention-list", None)
        preview.tabs.setCurrentIndex(1)
        pause(_SETTLE)
        self._take("retention-calendar", None)
        preview.tabs.setCurrentIndex(0)
        page.view.header.prune_requested.emit()
        self._take_modal("prune").reject()
        page.view.header.check_requested.emit()
        self._take_modal("check").reject()
        page.view.tabs.setCurrentIndex(0)

    def _source(self) -> Path:

        repository = self.page.repository
        assert repository is not None
        return Path(repository.sources[0])

    def _modal(self, kind: type[Dialog]) -> Dialog:
        wait_until(lambda: isinstance(QApplication.activeModalWidget(), kind))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, kind)
        return dialog

    def _take_modal(self, what: str, beyond: QWidget | None = None) -> QDialog:
        wait_until(lambda: QApplication.activeModalWidget() not in (None, beyond))
        pause(_SETTLE)
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        self._take(what, dialog)
        return dialog
