"""Handles changes of the open script's file by other programs: reloads it, or reports them if edits would be lost."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import Revision
from borgdesk.engine.scripts import script_editing
from borgdesk.engine.scripts.script_editing import Loaded
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.script_text import ScriptText
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class OutsideChanges(QObject):
    """Compares the file with the loaded state and reports differences in its banner."""

    reloaded = Signal(object)
    """The new Loaded: the file was changed and there were no edits here."""
    relocated = Signal(object)
    """The new Loaded: the file was renamed."""
    conflict_found = Signal(str)
    """The file's text: it was changed there and here, and the user wants to choose."""
    restoration_requested = Signal(str)
    """The SHA-256 of the revision to restore."""
    overwriting_requested = Signal()
    """The text shown is to be saved regardless of the file."""

    def __init__(self, workspace: Workspace, background: Background, shown: ScriptText) -> None:
        super().__init__(shown)
        self._workspace = workspace
        self._background = background
        self._shown = shown
        self.paused = False
        """Set while BorgDesk writes the file."""
        self._mine: Loaded | None = None
        self._in_trouble = False
        """Whether the banner says that the file no longer matches the loaded state."""

    def watch(self, loaded: Loaded | None, base: str | None = None) -> None:
        """Watch the file of the loaded script; None if there is none.

        *base* is the SHA-256 of the file's content on which the shown text is based, if it differs from the loaded one.
        """
        self._mine = loaded
        self._in_trouble = False
        if loaded is None:
            return
        if loaded.problem:
            self._show_problem(loaded)
        elif base not in (None, loaded.base):
            self._show_changed(loaded)

    def check_file(self) -> None:
        """Check whether a change in the library folder affects this script's file."""
        mine = self._mine
        if mine is not None and not self.paused:
            self._background.ask(
                partial(script_editing.load, self._workspace, mine.script.id),
                partial(self._on_loaded, mine),
                self._on_load_failed,
                self,
            )

    def _on_load_failed(self, error: BorgDeskError) -> None:
        """Ignore the error: the script was removed or the database is busy, which the next check shows."""

    def _on_loaded(self, mine: Loaded, now: Loaded) -> None:
        if self.paused or mine is not self._mine:
            return
        if now.base == mine.base:
            if not now.problem:
                self._put_message_away()
            if now.script.file_path != mine.script.file_path:
                self._mine = Loaded(now.script, mine.text, mine.base)
                self.relocated.emit(self._mine)
        elif now.base is None:
            self._show_problem(now)
        elif self._shown.editor is not None and self._shown.editor.is_modified:
            self._show_changed(now)
        else:
            self._reload(now)

    def _put_message_away(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self._shown.message.hide()

    def _reload(self, now: Loaded) -> None:
        self._mine = now
        self._shown.reload_text(now.text)
        self._shown.message.show_message(_("Another program changed the file. The new text is shown."), Tone.WORKING)
        self.reloaded.emit(now)

    def _show_changed(self, now: Loaded) -> None:
        self._in_trouble = True
        self._shown.message.show_message(
            _("Another program changed the file, and you have unsaved changes."),
            Tone.WARNING,
            [BannerButton(_("Compare…"), partial(self.conflict_found.emit, now.text))],
            dismissible=False,
        )

    def _show_problem(self, now: Loaded) -> None:
        editor = self._shown.editor
        if editor is not None and not editor.text():
            editor.set_read_only(True)
        self._background.ask(
            partial(self._workspace.store.revisions.list, now.script.id),
            partial(self._offer_ways_out, self._mine, now.problem),
            owner=self,
        )

    def _offer_ways_out(self, mine: Loaded | None, problem: str, revisions: list[Revision]) -> None:
        if mine is not self._mine:
            return
        actions: list[BannerButton] = []
        if revisions:
            restore = partial(self.restoration_requested.emit, revisions[0].sha256)
            actions.append(BannerButton(_("Restore last revision"), restore))
        if self._shown.editor is not None and self._shown.editor.text():
            actions.append(BannerButton(_("Save the text shown here"), self.overwriting_requested.emit))
        self._in_trouble = True
        self._shown.message.show_message(problem, Tone.BAD, actions, dismissible=False)
