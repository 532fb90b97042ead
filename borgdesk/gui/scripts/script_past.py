"""Loads the history of the open script: revisions, assignments and executions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.engine.scripts.script_editing import Loaded
from borgdesk.engine.scripts.usage import Usage, usage
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.scripts.revisions_tab import RevisionsTab
from borgdesk.gui.scripts.usage_tab import UsageTab
from borgdesk.gui.workers.background import Background


class ScriptPast(QObject):
    """Fills the tabs for revisions and usage in the background."""

    revision_read = Signal(str)
    """The text of a revision that is to be compared with the present one."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        revisions: RevisionsTab,
        usage_tab: UsageTab,
        shown: Callable[[], Loaded | None],
    ) -> None:
        """*shown* returns the open script; None for a new one, which has no history."""
        super().__init__(revisions)
        self._workspace, self._background = workspace, background
        self._revisions, self._usage, self._shown = revisions, usage_tab, shown
        revisions.comparison_requested.connect(self.read_revision)

    def clear(self) -> None:
        """Clear the tabs."""
        self._usage.clear()
        self._revisions.show_revisions([], None)

    def reload(self) -> None:
        """Reload revisions and usage."""
        if (loaded := self._shown()) is not None:
            self._background.ask(
                partial(usage, self._workspace, loaded.script.id), partial(self._show_usage, loaded), owner=self
            )

    def select_revision(self, sha256: str) -> None:
        """Select a revision in the list and read it."""
        self._revisions.select(sha256)
        self.read_revision(sha256)

    def read_revision(self, sha256: str) -> None:
        """Read the text of a revision; :attr:`revision_read` follows."""
        read = partial(self._workspace.store.revisions.content, sha256)
        self._background.ask(read, self._on_read, owner=self)

    def _show_usage(self, loaded: Loaded, found: Usage) -> None:
        now = self._shown()
        if now is not None and now.script.id == loaded.script.id:
            self._usage.show_usage(now.script, found)
            self._revisions.show_revisions(list(found.revisions), now.base)

    def _on_read(self, content: bytes) -> None:
        self.revision_read.emit(content.decode("utf-8", "replace"))
