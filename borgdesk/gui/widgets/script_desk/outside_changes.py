"""What other programs do to the file of the script on the desk: followed where nothing is lost, else told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import Revision
from borgdesk.engine import writing
from borgdesk.engine.workspace import Workspace
from borgdesk.engine.writing import Loaded
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.script_desk.checked_text import CheckedText


class OutsideChanges(QObject):
    """Compares the file with what was loaded of it, and tells in the desk's message what does not fit."""

    reloaded = Signal(object)
    """The Loaded that is shown now: the file was changed, and nothing was edited here."""
    relocated = Signal(object)
    """The Loaded whose file has another name now."""
    conflict_found = Signal(str)
    """The file's text: it was changed here, too, and the user wants to choose."""
    restoration_asked = Signal(str)
    """The SHA-256 of the revision to bring back."""
    overwriting_asked = Signal()
    """What is shown shall be saved, whatever the file is."""

    def __init__(self, workspace: Workspace, background: Background, shown: CheckedText) -> None:
        super().__init__(shown)
        self._workspace = workspace
        self._background = background
        self._shown = shown
        self.paused = False
        """While the file is written here."""
        self._mine: Loaded | None = None
        self._in_trouble = False
        """Whether the message says that the file is not what it was when it was loaded."""

    def watch(self, loaded: Loaded | None, base: str | None = None) -> None:
        """This is on the desk now; None for nothing that has a file.

        *base* is the SHA-256 of the file that what is shown began with, where that is another one.
        """
        self._mine = loaded
        self._in_trouble = False
        if loaded is None:
            return
        if loaded.problem:
            self._tell_problem(loaded)
        elif base not in (None, loaded.base):
            self._tell_changed(loaded)

    def look(self) -> None:
        """Something in the library folder was changed; see whether it is this script's file."""
        mine = self._mine
        if mine is not None and not self.paused:
            self._background.ask(
                partial(writing.load, self._workspace, mine.script.id),
                partial(self._compare, mine),
                self._forgive,
                self,
            )

    def _forgive(self, error: Exception) -> None:
        """The script was removed meanwhile, or the database is busy: the next look tells."""
        if not isinstance(error, BorgDeskError):
            raise error

    def _compare(self, mine: Loaded, now: Loaded) -> None:
        if self.paused or mine is not self._mine:
            return
        if now.base == mine.base:
            if not now.problem:
                self._put_message_away()
            if now.script.file_path != mine.script.file_path:
                self._mine = Loaded(now.script, mine.text, mine.base)
                self.relocated.emit(self._mine)
        elif now.base is None:
            self._tell_problem(now)
        elif self._shown.editor is not None and self._shown.editor.is_modified:
            self._tell_changed(now)
        else:
            self._reload(now)

    def _put_message_away(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self._shown.message.hide()

    def _reload(self, now: Loaded) -> None:
        self._mine = now
        self._shown.reload_text(now.text)
        self._shown.message.say(self.tr("Another program changed the file; this is how it is now."), Tone.WORKING)
        self.reloaded.emit(now)

    def _tell_changed(self, now: Loaded) -> None:
        self._in_trouble = True
        self._shown.message.say(
            self.tr("Another program changed the file, and there are unsaved changes here."),
            Tone.WARNING,
            [(self.tr("Compare and choose…"), partial(self.conflict_found.emit, now.text))],
            closable=False,
        )

    def _tell_problem(self, now: Loaded) -> None:
        editor = self._shown.editor
        if editor is not None and not editor.text():
            editor.set_read_only(True)
        self._background.ask(
            partial(self._workspace.store.scripts.revisions, now.script.id),
            partial(self._offer_ways_out, self._mine, now.problem),
            owner=self,
        )

    def _offer_ways_out(self, mine: Loaded | None, problem: str, revisions: list[Revision]) -> None:
        if mine is not self._mine:
            return
        actions: list[tuple[str, Callable[[], object]]] = []
        if revisions:
            actions.append(
                (self.tr("Restore last revision"), partial(self.restoration_asked.emit, revisions[0].sha256))
            )
        if self._shown.editor is not None and self._shown.editor.text():
            actions.append((self.tr("Save what is shown here"), self.overwriting_asked.emit))
        self._in_trouble = True
        self._shown.message.say(problem, Tone.BAD, actions, closable=False)
