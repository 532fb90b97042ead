"""Lists the pages of the sidebar in their order, creates them when first opened, and connects their signals."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from borgdesk.domain.ids import ExecutionId, RepositoryId
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.page import Page
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.shell import navigation, quit_dialog
from borgdesk.gui.shell.backup_requests import BackupRequests
from borgdesk.gui.shell.inline_editing import InlineEditing
from borgdesk.gui.shell.lifetime import Lifetime, Work
from borgdesk.gui.shell.main_window import PageEntry
from borgdesk.gui.shell.navigation import Navigation
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_run import KEPT_LINES
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.engine.imports.carrying_out import Imported
    from borgdesk.engine.script_tests.script_test import PastTest
    from borgdesk.gui.archives.archives_page import ArchivesPage
    from borgdesk.gui.repositories.repositories_page import RepositoriesPage


class Pages(QObject):
    """Pages do not know each other; their requests are handled here."""

    overview_read = Signal(object)
    """An Overview, read from the store."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        executor: Executor,
        settings: LiveSettings,
        navigation: Navigation,
        requests: BackupRequests,
        lifetime: Lifetime,
    ) -> None:
        super().__init__(requests)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._settings, self._navigation, self._requests, self._lifetime = settings, navigation, requests, lifetime
        self._choosing: list[RepositoriesPage | ArchivesPage] = []
        """The pages that show one repository at a time: each opens with the one that was looked at last."""
        self._looked_at: RepositoryId | None = None
        self._loads_import = False
        """Whether the dialog that imports opens as soon as it is loaded."""

    def entries(self) -> list[PageEntry]:
        """Return the sidebar's entries in order."""
        return [
            PageEntry(navigation.OVERVIEW, _("Overview"), "overview", self._make_overview),
            PageEntry(navigation.REPOSITORIES, _("Repositories"), "repositories", self._make_repositories),
            PageEntry(navigation.ARCHIVES, _("Archives"), "archives", self._make_archives),
            PageEntry(navigation.SCRIPTS, _("Scripts"), "scripts", self._make_scripts),
            PageEntry(navigation.HISTORY, _("History"), "history", self._make_history),
            PageEntry(navigation.SETTINGS, _("Settings"), "settings", self._make_settings),
        ]

    def _make_overview(self) -> Page:
        page = OverviewPage(self._workspace, self._background, self._executor)
        page.backup_requested.connect(self._requests.back_up)
        page.all_backups_requested.connect(self._requests.back_up_all)
        page.stop_requested.connect(self._executor.stop_repository)
        page.repository_requested.connect(self._navigation.show_repository)
        page.run_requested.connect(self._navigation.show_run)
        page.repositories_requested.connect(self._navigation.add_repository)
        page.scripts_requested.connect(self._navigation.open_scripts)
        page.import_requested.connect(self._ask_what_to_import)
        page.owed_run_requested.connect(self._requests.recover)
        page.passphrase_requested.connect(self._navigation.ask_whether_known)
        page.lanes_requested.connect(self._navigation.show_lanes)
        self._navigation.window.help_button.sample_requested.connect(page.open_sample)
        page.waiting_changed.connect(self._navigation.window.show_waiting)
        page.quit_requested.connect(self._navigation.window.quit_requested)
        page.overview_read.connect(self.overview_read)
        return page

    def _make_repositories(self) -> Page:
        from borgdesk.gui.repositories.repositories_page import RepositoriesPage

        page = RepositoriesPage(self._workspace, self._background)
        page.backup_requested.connect(self._requests.back_up)
        page.task_requested.connect(self._requests.start_task)
        self._executor.run_ended.connect(page.view.maintenance.result.show_end)
        page.history_requested.connect(self._navigation.show_history)
        page.import_requested.connect(self._ask_what_to_import)
        page.script_requested.connect(self._navigation.show_script)
        page.changed.connect(self._navigation.refresh_overview)
        self._lifetime.watch(InlineEditing(page, self._workspace, self._background, self._settings).work())
        self._share_choice(page)
        return page

    def _make_archives(self) -> Page:
        from borgdesk.gui.archives.archives_page import ArchivesPage

        page = ArchivesPage(self._workspace, self._background, self._executor)
        page.task_requested.connect(self._requests.start_task)
        page.restores_requested.connect(self._navigation.show_restores)
        page.add_requested.connect(self._navigation.add_repository)
        page.backup_requested.connect(self._requests.back_up)
        self._share_choice(page)
        return page

    def _share_choice(self, page: RepositoriesPage | ArchivesPage) -> None:
        self._choosing.append(page)
        page.repository_chosen.connect(partial(self._on_repository_chosen, page))
        if self._looked_at is not None:
            page.prefer(self._looked_at)

    def _on_repository_chosen(self, chosen_on: RepositoriesPage | ArchivesPage, repository_id: RepositoryId) -> None:
        self._looked_at = repository_id
        for page in self._choosing:
            if page is not chosen_on:
                page.prefer(repository_id)

    def _make_scripts(self) -> Page:
        from borgdesk.gui.scripts.scripts_page import ScriptsPage

        page = ScriptsPage(self._workspace, self._background)
        page.view.use_settings(self._settings.values)
        self._settings.changed.connect(lambda: page.view.use_settings(self._settings.values))
        test = page.view.test
        self._lifetime.watch(
            Work(
                lambda: test.is_running,
                test.stop_test,
                test.became_idle,
                lambda: quit_dialog.script_test() if test.is_running else None,
            )
        )
        page.open_repository_requested.connect(self._navigation.show_lanes)
        page.open_run_requested.connect(self._navigation.show_run)
        return page

    def _make_history(self) -> Page:
        from borgdesk.gui.runs.history_page import HistoryPage

        page = HistoryPage(self._workspace, self._background, self._executor)
        page.run_again_requested.connect(self._requests.run_again)
        page.owed_run_requested.connect(self._requests.recover)
        page.stop_requested.connect(self._executor.stop)
        page.script_requested.connect(self._navigation.show_revision)
        page.test_requested.connect(self._show_test)
        return page

    def _make_settings(self) -> Page:
        from borgdesk.gui.settings.settings_page import SettingsPage

        return SettingsPage(self._settings, self._workspace, self._background, has_tray=self._lifetime.has_tray)

    def _show_test(self, execution_id: ExecutionId) -> None:
        from borgdesk.engine.script_tests.script_test import past_test
        from borgdesk.gui.scripts.past_test_dialog import PastTestDialog

        def show(test: PastTest) -> None:
            dialog = PastTestDialog(test, self._navigation.window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            if (script_id := test.execution.planned.script_id) is not None:
                dialog.revision_requested.connect(partial(self._navigation.show_revision, script_id))
            dialog.open()

        read = partial(past_test, self._workspace, execution_id, KEPT_LINES)
        self._background.ask(read, show, owner=self)

    def _ask_what_to_import(self) -> None:
        if not self._loads_import:
            self._loads_import = True
            self._background.ask(_load_import_dialog, self._open_import_dialog, owner=self)

    def _open_import_dialog(self, _loaded: None) -> None:
        from borgdesk.gui.imports.import_dialog import ImportDialog, outcome

        def tell(imported: Imported) -> None:
            self._navigation.show_imported(imported)
            self._navigation.window.show_done(outcome(imported))

        self._loads_import = False
        dialog = ImportDialog(self._workspace, self._background, self._navigation.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.imported.connect(tell)
        dialog.open()


def _load_import_dialog() -> None:
    import borgdesk.gui.imports.import_dialog  # noqa: F401


@cache
def import_late_pages() -> None:
    """Import the modules of all other pages before they are opened: each takes up to 100 ms."""
    import borgdesk.gui.archives.archives_page
    import borgdesk.gui.repositories.repositories_page
    import borgdesk.gui.runs.history_page
    import borgdesk.gui.scripts.scripts_page
    import borgdesk.gui.settings.settings_page

    # What the pages read as soon as they are shown.
    import borgdesk.store.assignments
    import borgdesk.store.history_list
    import borgdesk.store.repositories
    import borgdesk.store.revisions
    import borgdesk.store.run_sizes
    import borgdesk.store.schedules
    import borgdesk.store.scripts  # noqa: F401


def late_pages_are_there() -> bool:
    """Return whether :func:`import_late_pages` has been called."""
    return import_late_pages.cache_info().currsize > 0
