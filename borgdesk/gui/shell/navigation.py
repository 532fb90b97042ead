"""Opens runs, scripts, repositories and other objects by id, on the page that shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from PySide6.QtCore import QTimer

from borgdesk.domain.ids import RepositoryId, RunId, ScriptId
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.shell.main_window import MainWindow

if TYPE_CHECKING:
    from borgdesk.engine.imports.carrying_out import Imported
    from borgdesk.gui.repositories.repositories_page import RepositoriesPage
    from borgdesk.gui.runs.history_page import HistoryPage
    from borgdesk.gui.scripts.scripts_page import ScriptsPage

OVERVIEW, REPOSITORIES, ARCHIVES = "overview", "repositories", "archives"
SCRIPTS, HISTORY, SETTINGS = "scripts", "history", "settings"
"""Names of pages."""

_PAINTED = 50
"""Milliseconds after which the first frame of a new page is painted, or is the next thing to be done."""

_Given = ParamSpec("_Given")
_Opener = Callable[Concatenate["Navigation", _Given], None]


def _once_loaded(opener: _Opener[_Given]) -> _Opener[_Given]:
    """Call a method at once, or as soon as the modules of the pages are loaded."""

    def later(self: Navigation, /, *given: _Given.args, **named: _Given.kwargs) -> None:
        self.window.prepare(partial(opener, self, *given, **named))

    update_wrapper(later, opener)
    return later


class Navigation:
    """Opens pages, except when the open page has unsaved changes and the user stays with it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def window(self) -> MainWindow:
        """The main window."""
        return self._window

    def show_imported(self, imported: Imported) -> None:
        """Show what an import has added: a repository, or else the script library."""
        self.refresh_overview()
        if imported.repositories:
            self.show_repository(imported.repositories[0].id)
        else:
            self.open_scripts()

    @_once_loaded
    def show_run(self, run_id: RunId) -> None:
        """Open a run in the history."""
        if self._window.open_page(HISTORY):
            self._history().show_run(run_id)

    def load_run(self, run_id: RunId) -> None:
        """Load a run into the history page without opening the page."""
        self._history().show_run(run_id)

    @_once_loaded
    def show_history(self, repository_id: RepositoryId) -> None:
        """Open the history of a repository."""
        if self._window.open_page(HISTORY):
            self._history().show_repository(repository_id)

    @_once_loaded
    def show_restores(self, repository_id: RepositoryId) -> None:
        """Open the history of restores from a repository; some of them can be undone there."""
        if self._window.open_page(HISTORY):
            self._history().show_restores(repository_id)

    @_once_loaded
    def open_history(self) -> None:
        """Open the history page as it is."""
        self._window.open_page(HISTORY)

    @_once_loaded
    def open_scripts(self) -> None:
        """Open the script library as it is."""
        self._window.open_page(SCRIPTS)

    @_once_loaded
    def show_script(self, script_id: ScriptId) -> None:
        """Open a script in the library."""
        if self._window.open_page(SCRIPTS):
            self._scripts().show_script(script_id)

    @_once_loaded
    def show_revision(self, script_id: ScriptId, sha256: str) -> None:
        """Open a script in the library at the given revision, or at its current one if *sha256* names none."""
        if not sha256:
            self.show_script(script_id)
        elif self._window.open_page(SCRIPTS):
            self._scripts().show_revision(script_id, sha256)

    @_once_loaded
    def import_files(self, paths: list[Path]) -> None:
        """Import files as scripts."""
        if self._window.open_page(SCRIPTS):
            self._scripts().library_actions.import_files(paths)

    @_once_loaded
    def show_repository(self, repository_id: RepositoryId) -> None:
        """Open a repository."""
        if self._window.open_page(REPOSITORIES):
            self._repositories().show_repository(repository_id)

    @_once_loaded
    def ask_whether_known(self, repository_id: RepositoryId) -> None:
        """Open a repository, and ask whether the user still knows its passphrase."""
        if self._window.open_page(REPOSITORIES):
            self._repositories().ask_whether_known(repository_id)

    @_once_loaded
    def show_lanes(self, repository_id: RepositoryId) -> None:
        """Open the lanes of a repository."""
        if self._window.open_page(REPOSITORIES):
            self._repositories().show_scripts_of(repository_id)

    @_once_loaded
    def add_repository(self) -> None:
        """Open the dialog that adds a repository."""
        was_made = self._window.has_made(REPOSITORIES)
        if not self._window.open_page(REPOSITORIES):
            return
        if was_made:
            self._repositories().ask_for_new()
        else:
            # The page, its first frame and the dialog take 30 ms each: a second timer lets the frame come before.
            ask = partial(QTimer.singleShot, 0, self._window, self._repositories().ask_for_new)
            QTimer.singleShot(_PAINTED, self._window, ask)

    def asks_before_backup(self, repository_id: RepositoryId, start: Callable[[], None]) -> bool:
        """Return whether the user is asked about unsaved changes first; *start* is then called if they agree."""
        # A user who requested the backup in the tray would not see the question in a hidden window.
        come_forward = self._window.come_forward
        if self._window.has_made(REPOSITORIES) and self._repositories().asks_before_backup(repository_id, start):
            come_forward()
            return True
        return self._window.has_made(SCRIPTS) and self._scripts().asks_before_backup(repository_id, start, come_forward)

    def refresh_overview(self) -> None:
        """Reload the overview, even if it is not visible."""
        page = self._window.page(OVERVIEW)
        assert isinstance(page, OverviewPage)
        page.refresh()

    def warm_up(self) -> None:
        """Prepare the pages that are likely to be opened next, while the program is idle."""
        self._history().warm_up()

    def shut_down(self) -> None:
        """Let the pages save or discard their work before the program ends."""
        if self._window.has_made(SCRIPTS):
            self._scripts().shut_down()

    def _history(self) -> HistoryPage:
        from borgdesk.gui.runs.history_page import HistoryPage

        page = self._window.page(HISTORY)
        assert isinstance(page, HistoryPage)
        return page

    def _repositories(self) -> RepositoriesPage:
        from borgdesk.gui.repositories.repositories_page import RepositoriesPage

        page = self._window.page(REPOSITORIES)
        assert isinstance(page, RepositoriesPage)
        return page

    def _scripts(self) -> ScriptsPage:
        from borgdesk.gui.scripts.scripts_page import ScriptsPage

        page = self._window.page(SCRIPTS)
        assert isinstance(page, ScriptsPage)
        return page
