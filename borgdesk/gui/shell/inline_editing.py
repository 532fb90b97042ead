"""Opens the dialog for scripts that are written on the board, and stops its test before the program ends."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.lifetime import Work
from borgdesk.gui.shell.quit_dialog import script_test
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings

if TYPE_CHECKING:
    from borgdesk.gui.lanes.inline_scripts import ScriptRequest
    from borgdesk.gui.repositories.repositories_page import RepositoriesPage
    from borgdesk.gui.scripts.inline_dialog import InlineDialog


class InlineEditing(QObject):
    """There is one such dialog at a time: it is modal."""

    became_idle = Signal()
    """The test has ended."""

    def __init__(
        self, page: RepositoriesPage, workspace: Workspace, background: Background, settings: LiveSettings
    ) -> None:
        super().__init__(page)
        self._page, self._workspace, self._background, self._settings = page, workspace, background, settings
        self._dialog: InlineDialog | None = None
        self._is_opening = False
        """Whether the dialog opens as soon as it is loaded."""
        page.view.board.inline.requested.connect(self.open)

    def open(self, request: ScriptRequest) -> None:
        """Open the dialog for a script, once its modules are loaded: in another thread, for they take a while."""
        if not self._is_opening:
            self._is_opening = True
            self._background.ask(_load, lambda _loaded: self._open(request), owner=self)

    def _open(self, request: ScriptRequest) -> None:
        from borgdesk.gui.look import widget_rules
        from borgdesk.gui.scripts.inline_dialog import InlineDialog

        self._is_opening = False
        values = self._settings.values
        dialog = widget_rules.built(
            lambda: InlineDialog(self._workspace, self._background, request, values, self._page)
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.changed.connect(partial(self._page.view.board.inline.record, request))
        dialog.made.connect(partial(self._page.view.board.inline.add_new, request))
        dialog.became_idle.connect(self.became_idle)
        dialog.finished.connect(self._forget)
        self._dialog = dialog
        dialog.open()

    def work(self) -> Work:
        """Return the test, to be stopped before the program ends."""
        return Work(self._is_busy, self._stop, self.became_idle, lambda: script_test() if self._is_busy() else None)

    def _is_busy(self) -> bool:
        return self._dialog is not None and self._dialog.is_running

    def _stop(self) -> None:
        if self._dialog is not None:
            self._dialog.stop_test()

    def _forget(self, _result: int) -> None:
        self._dialog = None


def _load() -> None:
    import borgdesk.gui.scripts.inline_dialog

    # That it is missing is told in the dialog.
    with suppress(ImportError):
        import borgdesk.gui.editor.editor  # noqa: F401
