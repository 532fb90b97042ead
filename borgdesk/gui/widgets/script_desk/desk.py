"""One script on the desk: its text, its form, what is wrong with it, its test, its past."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Script
from borgdesk.engine import writing
from borgdesk.engine.confiding import confide_everywhere
from borgdesk.engine.drafts import Draft, Drafts, key_of
from borgdesk.engine.usage import Usage, usage
from borgdesk.engine.workspace import Workspace
from borgdesk.engine.writing import ChangedOutside, Edited, Loaded
from borgdesk.gui import words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.script_desk.checked_text import CheckedText
from borgdesk.gui.widgets.script_desk.details import Form
from borgdesk.gui.widgets.script_desk.drafting import Drafting
from borgdesk.gui.widgets.script_desk.outside_changes import OutsideChanges

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
    """The file's text and the one here: both were changed. :meth:`save` or :meth:`discard` answers."""
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
        self._untouched: Edited | None = None
        """A new script before anything was typed."""
        self._was_modified = False
        self._test_waits = False
        self._drafting = Drafting(Drafts(workspace.paths.state), self.unsaved, self)
        self.outside = OutsideChanges(workspace, background, self)
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

    def unsaved(self) -> Edited | None:
        """What would be lost; None where nothing was edited."""
        if self.editor is None or not self.is_modified:
            return None
        edited = self.edited()
        return None if edited == self._untouched else edited

    def open_script(self, script_id: int, draft: Draft | None = None) -> None:
        """Put a script on the desk; what is there and not saved is gone. With its *draft*, that goes on there."""
        self._asked += 1
        self._wanted = script_id
        self._background.ask(partial(self._load, script_id, draft), partial(self._take, self._asked, draft), owner=self)

    def open_new(self, name: str) -> None:
        """Put a new script on the desk."""
        self._show_new(Edited(None, name, STARTING_TEXT), key_of(None))
        self._untouched = self.edited() if self.editor is not None else None

    def open_draft(self, draft: Draft) -> None:
        """Go on with what a crash interrupted."""
        script_id = draft.edited.script_id
        if script_id is None:
            self._show_new(draft.edited, draft.key, kept=True)
            self._tell_restored(draft)
        else:
            self.open_script(script_id, draft)

    def lose_script(self) -> None:
        """Somebody removed the script on the desk from the library; what was edited goes on as a new script."""
        edited = self.unsaved()
        self.close_script()
        if edited is not None:
            self._show_new(edited, key_of(None))
            self._tell_lost()

    def close_script(self) -> None:
        """Clear the desk; what was not saved is lost."""
        self._drafting.drop()
        self._asked += 1
        self._wanted = None
        self._put(None)
        self.show_work(visible=False)
        self.message.hide()
        self._adapt()

    def set_repositories(self, repositories: list[Repository]) -> None:
        """The repositories a test can be run for."""
        self._repositories = repositories
        self.test.show_script(self.script, repositories)

    def _put(self, loaded: Loaded | None, *, new: bool = False, base: str | None = None) -> None:
        self._loaded, self._is_new, self._untouched = loaded, new, None
        self.outside.watch(loaded, base)

    def _load(self, script_id: int, draft: Draft | None) -> Loaded | None:
        """None for a script that was removed since its draft was kept."""
        try:
            return writing.load(self._workspace, script_id)
        except NotFound:
            if draft is None:
                raise
            return None

    def _take(self, number: int, draft: Draft | None, loaded: Loaded | None) -> None:
        if number != self._asked:
            return
        if loaded is None:
            assert draft is not None
            self._show_new(draft.edited, draft.key, kept=True)
            self._tell_lost()
            return
        if self.script is None or self.script.id != loaded.script.id:
            self.parameters.show_header(Header())
        self.show_text(loaded.text, loaded.script.file_path)
        self.details.show_script(loaded.script)
        self._drafting.begin(key_of(loaded.script.id), kept=draft is not None)
        if draft is not None:
            self._tell_restored(draft)
            self._show_draft(draft, loaded.script)
        self._put(loaded, base=draft.edited.base if draft is not None else None)
        self._settle(loaded.script)

    def _show_draft(self, draft: Draft, script: Script) -> None:
        form = Form.of(draft.edited if draft.whole else script)._replace(name=draft.edited.name)
        self.details.show_form(form, script.file_path)
        if self.editor is not None:
            self.editor.replace_text(draft.edited.text)

    def _show_new(self, edited: Edited, key: str, *, kept: bool = False) -> None:
        self._asked += 1
        self._wanted = None
        self.parameters.show_header(Header())
        self.show_text(edited.text, "")
        self.details.show_form(Form.of(edited), "")
        self._drafting.begin(key, kept=kept)
        self._put(None, new=True)
        self.usage.clear()
        self.revisions.show_revisions([], None)
        self.tabs.setCurrentWidget(self.details)
        self.details.name.setFocus()
        self.details.name.selectAll()
        self._settle(None)

    def _tell_restored(self, draft: Draft) -> None:
        said = self.tr("This was edited until {time} and is not saved yet: BorgDesk ended before.")
        self.message.say(said.format(time=words.moment(draft.saved_at)), Tone.WORKING)

    def _tell_lost(self) -> None:
        self.message.say(
            self.tr(
                "This script was removed from the library, but not all of it was saved. Saving makes it a new one."
            ),
            Tone.WARNING,
        )

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
            text=self.editor.text(),
            base=self._loaded.base if self._loaded is not None else None,
            **self.details.form()._asdict(),
        )

    def save(self, *, over: bool = False) -> None:
        """Store it; :attr:`saved` or :attr:`save_failed` follows. *over*: whatever another program wrote meanwhile."""
        if self._saving or self.editor is None or not (self._is_new or self._loaded):
            return
        if self.editor.read_only:
            self.save_failed.emit()
            return
        edited, revision = self.edited(), self.editor.revision
        self._saving = self.outside.paused = True
        self._adapt()
        self._background.ask(
            lambda: writing.save(self._workspace, edited, over=over),
            partial(self._finish_saving, edited, revision),
            self._fail_saving,
            self,
        )

    def discard(self) -> None:
        """Go back to what is stored."""
        if self.script is not None:
            self._drafting.drop()
            self.open_script(self.script.id)
        else:
            self.close_script()

    def _finish_saving(self, edited: Edited, revision: int, loaded: Loaded) -> None:
        self._saving = self.outside.paused = False
        self._drafting.drop()
        self._drafting.begin(key_of(loaded.script.id))
        assert self.editor is not None
        self._wanted = loaded.script.id
        if self.editor.revision == revision:
            self.editor.mark_saved()
        if self.details.form() == Form.of(edited):
            self.details.show_script(loaded.script)
        self.message.hide()
        self._put(loaded)
        self._settle(loaded.script)
        self._drafting.touch()
        self._confide(loaded)
        self.saved.emit(loaded.script)
        if self._test_waits:
            self._test_waits = False
            self.test.begin()

    def _confide(self, loaded: Loaded) -> None:
        keep = partial(confide_everywhere, self._workspace, loaded.script.id, loaded.text)
        self._background.ask(keep, partial(self._tell_confided, loaded.script.id), owner=self)

    def _tell_confided(self, script_id: int, names: frozenset[str]) -> None:
        if names and self._wanted == script_id:
            said = self.tr("What was assigned for {names} is kept with your secrets from now on.")
            self.message.say(said.format(names=words.listed(sorted(names))), Tone.WORKING)

    def _fail_saving(self, error: Exception) -> None:
        self._saving = self.outside.paused = self._test_waits = False
        self._adapt()
        if not isinstance(error, BorgDeskError):
            raise error
        if isinstance(error, ChangedOutside):
            self._ask_choice(error.theirs)
        else:
            self.message.say(error.sentence, Tone.BAD)
        self.save_failed.emit()

    # Others change the file -----------------------------------------------------------------------------------------

    def _ask_choice(self, theirs: str) -> None:
        self.conflict_found.emit(theirs, self.edited().text)

    def _take_reloaded(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._settle(loaded.script)

    def _take_relocated(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.details.show_file(loaded.script.file_path)

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
        self._drafting.drop()
        self._take(number, None, loaded)
        self._confide(loaded)
        self.saved.emit(loaded.script)

    def _compare(self, sha256: str) -> None:
        self._background.ask(
            partial(self._workspace.store.scripts.revision_content, sha256), self._tell_comparison, owner=self
        )

    def _tell_comparison(self, content: bytes) -> None:
        now = self.editor.text() if self.editor is not None else ""
        old = content.decode("utf-8", "replace")
        self.comparison_asked.emit(old, now, self.tr("Revision"), self.tr("Present text"))

    # Inside ---------------------------------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """Stop what runs here: the window is about to close."""
        self.test.shut_down()
        self._drafting.wait()

    def _ask_test(self) -> None:
        if self.is_modified:
            self._test_waits = True
            self.save()
        else:
            self.test.begin()

    def _take_change(self) -> None:
        self._drafting.touch()
        self._adapt()

    def _connect(self) -> None:
        self.save_button.clicked.connect(lambda _checked: self.save())
        self.discard_button.clicked.connect(self.discard)
        self.details.edited.connect(self._take_change)
        self.text_changed.connect(self._drafting.touch)
        self.text_modified.connect(self._adapt)
        self.save_wanted.connect(self.save)
        self.parameters.addition_asked.connect(self.parameter_asked)
        self.test.start_asked.connect(self._ask_test)
        self.test.ended.connect(self.reload_usage)
        self.revisions.comparison_asked.connect(self._compare)
        self.revisions.restoration_asked.connect(self.restore)
        self.usage.place_asked.connect(self.place_asked)
        self.usage.execution_asked.connect(self.execution_asked)
        self.outside.reloaded.connect(self._take_reloaded)
        self.outside.relocated.connect(self._take_relocated)
        self.outside.conflict_found.connect(self._ask_choice)
        self.outside.restoration_asked.connect(self.restore)
        self.outside.overwriting_asked.connect(partial(self.save, over=True))

    def _adapt(self) -> None:
        modified = self.is_modified
        name = self.details.name.text() or words.NOTHING
        self.title.setText(self.tr("{name} (not saved)").format(name=name) if modified else name)
        self.save_button.setEnabled(modified and not self._saving)
        self.discard_button.setEnabled(modified and not self._saving)
        if modified != self._was_modified:
            self._was_modified = modified
            self.modified_changed.emit(modified)
