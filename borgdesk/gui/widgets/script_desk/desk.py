"""One script on the desk: its text, its form, what is wrong with it, its test, its past."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Script
from borgdesk.engine import writing
from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.engine.usage import Usage, usage
from borgdesk.engine.workspace import Workspace
from borgdesk.engine.writing import ChangedOutside, Edited, Loaded
from borgdesk.gui import words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.script_desk.checked_text import CheckedText
from borgdesk.gui.widgets.script_desk.drafting import Drafting

if TYPE_CHECKING:
    pass

STARTING_TEXT = "#!/usr/bin/env bash\nset -euo pipefail\n\n"
"""What a new script begins with."""


class ScriptDesk(CheckedText):
    """Nothing is stored before it is saved, except a draft for the case of a crash."""

    shown = Signal(object)
    """A Script, or None for a new one, is on the desk."""
    saved = Signal(object)
    """The Script as it is stored now."""
    save_failed = Signal()
    modified_changed = Signal(bool)
    conflict_found = Signal(str, str)
    """The file's text and the one here: both were changed. :meth:`save` or :meth:`take_theirs` answers."""
    comparison_asked = Signal(str, str, str, str)
    """Two texts with their titles."""
    parameter_asked = Signal()
    """Another parameter shall be declared: :meth:`add_parameter` answers."""
    place_asked = Signal(int)
    execution_asked = Signal(object)

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(workspace, background, parent)
        self._workspace = workspace
        self._background = background
        self._loaded: Loaded | None = None
        self._repositories: list[Repository] = []
        self._is_new = False
        self._wanted: int | None = None
        self._asked = 0
        self._saving = False
        self._in_trouble = False
        """Whether the message says that the file is not what it was when it was loaded."""
        self._was_modified = False
        self._test_waits = False
        self._drafting = Drafting(Drafts(workspace.paths.state), background, self._draft, self)
        self._connect()
        self._adapt()

    # What is on the desk --------------------------------------------------------------------------------------------

    @property
    def script(self) -> Script | None:
        """The script as it is stored; None for a new one, or when the desk is empty."""
        return self._loaded.script if self._loaded is not None else None

    @property
    def wanted_id(self) -> int | None:
        """The script that is on the desk, or on its way there."""
        return self._wanted

    @property
    def is_modified(self) -> bool:
        """Whether there is anything to save."""
        if self._is_new:
            return True
        script = self.script
        if script is None:
            return False
        text = self.editor is not None and self.editor.is_modified
        return text or self.details.differs_from(script)

    def open_script(self, script_id: int, draft: Draft | None = None) -> None:
        """Put a script on the desk; what is there and not saved is gone. With a *draft*, its text goes on there."""
        self._asked += 1
        self._wanted = script_id
        self._background.ask(
            partial(writing.load, self._workspace, script_id), partial(self._take, self._asked, draft), owner=self
        )

    def open_new(self, name: str, text: str = STARTING_TEXT) -> None:
        """Put a new script on the desk."""
        self._asked += 1
        self._wanted = None
        self._loaded, self._is_new = None, True
        self.show_text(text, "")
        self.details.show_new(name)
        self.usage.clear()
        self.revisions.show_revisions([], None)
        self.tabs.setCurrentWidget(self.details)
        self.details.name.setFocus()
        self.details.name.selectAll()
        self._settle(None)

    def close_script(self) -> None:
        """Clear the desk."""
        self._asked += 1
        self._wanted = None
        self._loaded, self._is_new = None, False
        self.show_work(visible=False)
        self.message.hide()
        self._adapt()

    def set_repositories(self, repositories: list[Repository]) -> None:
        """The repositories a test can be run for."""
        self._repositories = repositories
        self.test.show_script(self.script, repositories)

    def _take(self, number: int, draft: Draft | None, loaded: Loaded) -> None:
        if number != self._asked:
            return
        other = self.script is None or self.script.id != loaded.script.id
        self._loaded, self._is_new = loaded, False
        self.show_text(loaded.text, loaded.script.file_path)
        self.details.show_script(loaded.script)
        if other:
            self.parameters.show_header(Header())
        self._settle(loaded.script)
        if loaded.problem:
            self._tell_problem(loaded)
        if draft is not None and self.editor is not None:
            self.editor.set_read_only(False)
            self.editor.replace_text(draft.text)
            if draft.base != loaded.base and loaded.base is not None:
                self._tell_changed(loaded)

    def _settle(self, script: Script | None) -> None:
        self.test.show_script(script, self._repositories)
        self.reload_usage()
        self._adapt()
        self.shown.emit(script)

    def reload_usage(self) -> None:
        """Ask again where the script is used and which texts it had."""
        script = self.script
        if script is not None:
            self._background.ask(
                partial(usage, self._workspace, script.id), partial(self._show_usage, script), owner=self
            )

    def _show_usage(self, script: Script, found: Usage) -> None:
        if self.script is None or self.script.id != script.id or self._loaded is None:
            return
        self.usage.show_usage(self.script, found)
        self.revisions.show_revisions(list(found.revisions), self._loaded.base)

    # Saving ---------------------------------------------------------------------------------------------------------

    def edited(self) -> Edited:
        """What is on the desk now."""
        assert self.editor is not None
        return Edited(
            script_id=self.script.id if self.script is not None else None,
            name=self.details.name.text(),
            text=self.editor.text(),
            description=self.details.description.toPlainText(),
            timeout=self.details.timeout.seconds(),
            run_on=self.details.run_on.run_on(),
            base=self._loaded.base if self._loaded is not None else None,
        )

    def save(self, *, over: bool = False) -> None:
        """Store it; :attr:`saved` or :attr:`save_failed` follows. *over*: whatever another program wrote meanwhile."""
        if self._saving or self.editor is None or not (self._is_new or self._loaded):
            return
        if self.editor.read_only:
            self.save_failed.emit()
            return
        edited, revision = self.edited(), self.editor.revision
        self._saving = True
        self._adapt()
        self._background.ask(
            lambda: writing.save(self._workspace, edited, over=over),
            partial(self._finish_saving, edited, revision),
            self._fail_saving,
            self,
        )

    def discard(self) -> None:
        """Go back to what is stored."""
        self._drafting.drop(self.script.id if self.script is not None else None)
        if self.script is not None:
            self.open_script(self.script.id)
        else:
            self.close_script()

    def forget(self) -> None:
        """Clear the desk; what was not saved is lost."""
        self._drafting.drop(self.script.id if self.script is not None else None)
        self.close_script()

    def _finish_saving(self, edited: Edited, revision: int, loaded: Loaded) -> None:
        self._saving = False
        self._drafting.drop(edited.script_id)
        assert self.editor is not None
        self._loaded, self._is_new, self._wanted = loaded, False, loaded.script.id
        if self.editor.revision == revision:
            self.editor.mark_saved()
        if self.details.name.text() == edited.name:
            self.details.show_script(loaded.script)
        self.message.hide()
        self._settle(loaded.script)
        self.saved.emit(loaded.script)
        if self._test_waits:
            self._test_waits = False
            self.test.begin()

    def _fail_saving(self, error: Exception) -> None:
        self._saving = self._test_waits = False
        self._adapt()
        if not isinstance(error, BorgDeskError):
            raise error
        if isinstance(error, ChangedOutside):
            self.conflict_found.emit(error.theirs, self.edited().text)
        else:
            self.message.say(error.sentence, Tone.BAD)
        self.save_failed.emit()

    # Others change the file -----------------------------------------------------------------------------------------

    def look_at_file(self) -> None:
        """Something in the library folder was changed; see whether it is this script's file."""
        script = self.script
        if script is not None and not self._saving:
            self._background.ask(
                partial(writing.load, self._workspace, script.id),
                partial(self._compare_with_file, self._asked),
                self._forgive,
                self,
            )

    def _forgive(self, error: Exception) -> None:
        """The script was removed meanwhile, or the database is busy: the next look tells."""
        if not isinstance(error, BorgDeskError):
            raise error

    def take_theirs(self) -> None:
        """Show the file as it is, and forget what was typed here."""
        self.discard()

    def _compare_with_file(self, number: int, loaded: Loaded) -> None:
        mine = self._loaded
        if number != self._asked or mine is None or self._saving or mine.script.id != loaded.script.id:
            return
        if loaded.base == mine.base:
            if self._in_trouble:
                self._in_trouble = False
                self.message.hide()
            if loaded.script.file_path != mine.script.file_path:
                self._loaded = Loaded(loaded.script, mine.text, mine.base)
                self.details.show_script(loaded.script)
            return
        if loaded.base is None:
            self._tell_problem(loaded)
        elif self.editor is not None and self.editor.is_modified:
            self._tell_changed(loaded)
        else:
            self._reload(loaded)

    def _reload(self, loaded: Loaded) -> None:
        assert self.editor is not None
        self._loaded = loaded
        self.editor.set_read_only(False)
        state = self.editor.state()
        self.editor.replace_text(loaded.text)
        self.editor.mark_saved()
        self.editor.restore_state(state)
        self.message.say(self.tr("Another program changed the file; this is how it is now."), Tone.WORKING)
        self._settle(loaded.script)

    def _tell_changed(self, loaded: Loaded) -> None:
        assert self.editor is not None
        mine = self.editor.text()
        self._in_trouble = True
        self.message.say(
            self.tr("Another program changed the file, and there are unsaved changes here."),
            Tone.WARNING,
            [(self.tr("Compare and choose…"), lambda: self.conflict_found.emit(loaded.text, mine))],
            closable=False,
        )

    def _tell_problem(self, loaded: Loaded) -> None:
        editor = self.editor
        assert editor is not None
        self._background.ask(
            partial(self._workspace.store.scripts.revisions, loaded.script.id),
            lambda revisions: self._offer_restoring(loaded, revisions[0].sha256 if revisions else None),
            owner=self,
        )
        if not editor.text():
            editor.set_read_only(True)

    def _offer_restoring(self, loaded: Loaded, last: str | None) -> None:
        if self.script is None or self.script.id != loaded.script.id or self.editor is None:
            return
        actions = []
        if last is not None:
            actions.append((self.tr("Restore last revision"), partial(self.restore, last)))
        if self.editor.text():
            actions.append((self.tr("Save what is shown here"), partial(self.save, over=True)))
        self._in_trouble = True
        self.message.say(loaded.problem, Tone.BAD, actions, closable=False)

    # Revisions ------------------------------------------------------------------------------------------------------

    def show_revision(self, sha256: str) -> None:
        """Show how a revision differs from the present text."""
        self.tabs.setCurrentWidget(self.revisions)
        self.revisions.select(sha256)
        self._compare(sha256)

    def restore(self, sha256: str) -> None:
        """Make a revision the script's text again."""
        script = self.script
        if script is not None:
            self._asked += 1
            self._background.ask(
                partial(writing.restore, self._workspace, script.id, sha256),
                partial(self._finish_restoring, self._asked),
                self._fail_saving,
                self,
            )

    def _finish_restoring(self, number: int, loaded: Loaded) -> None:
        self._drafting.drop(loaded.script.id)
        self._take(number, None, loaded)
        self.saved.emit(loaded.script)

    def _compare(self, sha256: str) -> None:
        self._background.ask(
            partial(self._workspace.store.scripts.revision_content, sha256), self._tell_comparison, owner=self
        )

    def _tell_comparison(self, content: bytes) -> None:
        now = self.editor.text() if self.editor is not None else ""
        old = content.decode("utf-8", "replace")
        self.comparison_asked.emit(old, now, self.tr("Revision"), self.tr("Present text"))

    # Drafts and tests -----------------------------------------------------------------------------------------------

    def _draft(self) -> Draft | None:
        if self.editor is None or not (self.editor.is_modified or self._is_new) or self._saving:
            return None
        edited = self.edited()
        if edited.text == STARTING_TEXT:
            return None
        return Draft(edited.script_id, edited.name, edited.text, edited.base, datetime.now(UTC))

    def _ask_test(self) -> None:
        if self.is_modified:
            self._test_waits = True
            self.save()
        else:
            self.test.begin()

    # Inside ---------------------------------------------------------------------------------------------------------

    def _take_change(self) -> None:
        if self.is_modified:
            self._drafting.touch()

    def _connect(self) -> None:
        self.save_button.clicked.connect(lambda _checked: self.save())
        self.discard_button.clicked.connect(self.discard)
        self.details.edited.connect(self._adapt)
        self.text_changed.connect(self._take_change)
        self.text_modified.connect(self._adapt)
        self.save_wanted.connect(self.save)
        self.parameters.addition_asked.connect(self.parameter_asked)
        self.test.start_asked.connect(self._ask_test)
        self.test.ended.connect(self.reload_usage)
        self.revisions.comparison_asked.connect(self._compare)
        self.revisions.restoration_asked.connect(self.restore)
        self.usage.place_asked.connect(self.place_asked)
        self.usage.execution_asked.connect(self.execution_asked)

    def _adapt(self) -> None:
        modified = self.is_modified
        name = self.details.name.text() or words.NOTHING
        self.title.setText(self.tr("{name} (not saved)").format(name=name) if modified else name)
        self.save_button.setEnabled(modified and not self._saving)
        self.discard_button.setEnabled(modified and not self._saving)
        if modified != self._was_modified:
            self._was_modified = modified
            self.modified_changed.emit(modified)
