"""View of one script: text, properties, findings, test and history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.errors import BorgDeskError, Changed
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Details, Script
from borgdesk.engine.lanes.assignment_secrets import move_secrets_to_keyring
from borgdesk.engine.scripts import script_editing
from borgdesk.engine.scripts.drafts import Draft, Drafts, key_of
from borgdesk.engine.scripts.script_editing import ChangedOutside, Edited, Loaded
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts import script_messages
from borgdesk.gui.scripts.details_tab import ScriptForm
from borgdesk.gui.scripts.draft_writer import DraftWriter
from borgdesk.gui.scripts.outside_changes import OutsideChanges
from borgdesk.gui.scripts.script_past import ScriptPast
from borgdesk.gui.scripts.script_text import STARTING_TEXT, ScriptText
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ScriptView(ScriptText):
    """Nothing is stored before *Save*, except a draft in case of a crash."""

    shown = Signal(object)
    """The Script that is shown, or None for a new one."""
    saved = Signal(object)
    """The stored Script."""
    save_failed = Signal()
    conflict_found = Signal(str, str)
    """The file's text and the edited one: both were changed. Answer with :meth:`save` or :meth:`discard`."""
    comparison_requested = Signal(str, str, str, str)
    """Two texts, and their titles."""
    parameter_requested = Signal()
    """The user wants to declare a parameter; answer with :meth:`add_parameter`."""
    place_requested = Signal(int)
    execution_requested = Signal(object)

    def __init__(
        self, workspace: Workspace, background: Background, drafts: Drafts, parent: QWidget | None = None
    ) -> None:
        super().__init__(workspace, background, parent)
        self._workspace = workspace
        self._loaded: Loaded | None = None
        self._repositories: list[Repository] = []
        self._is_new = False
        self._seen: Details | None = None
        """The initial values of the form."""
        self._wanted: ScriptId | None = None
        self._saving = False
        self._untouched: Edited | None = None
        """A new script before any edit."""
        self._test_waits = False
        self._draft_writer = DraftWriter(drafts, self.unsaved, self)
        self.past = ScriptPast(workspace, background, self.revisions, self.usage, lambda: self._loaded)
        self.outside = OutsideChanges(workspace, background, self)
        self._connect()
        self._adapt()

    # Content --------------------------------------------------------------------------------------------------

    @property
    def script(self) -> Script | None:
        """The stored script; None for a new one, or if nothing is shown."""
        return self._loaded.script if self._loaded is not None else None

    @property
    def wanted_id(self) -> int | None:
        """The script that is shown or being loaded."""
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
        """Return what would be lost; None without edits."""
        if self.editor is None or not self.is_modified:
            return None
        edited = self.edited()
        return None if edited == self._untouched else edited

    def open_script(self, script_id: ScriptId, draft: Draft | None = None) -> None:
        """Show a script, discarding unsaved edits of the one shown so far, and continue its *draft* if given."""
        self._asked += 1
        self._wanted = script_id
        how = script_editing.load if draft is None else script_editing.load_if_there
        load = partial(how, self._workspace, script_id)
        show = partial(self._on_loaded, self._asked, draft)
        self._background.ask(load, lambda loaded: self.once_made(partial(show, loaded)), owner=self)

    def open_new(self, name: str) -> None:
        """Begin a new script."""
        self._asked += 1
        self.once_made(partial(self._begin_new, name))

    def _begin_new(self, name: str) -> None:
        self._show_new(Edited(None, name, STARTING_TEXT), key_of(None))
        self._untouched = self.edited() if self.editor is not None else None

    def open_draft(self, draft: Draft) -> None:
        """Continue with a draft saved before a crash."""
        if draft.edited.script_id is not None:
            self.open_script(draft.edited.script_id, draft)
        else:
            self._asked += 1
            self.once_made(partial(self._go_on_with, draft))

    def _go_on_with(self, draft: Draft) -> None:
        self._show_new(draft.edited, draft.key, kept=True)
        script_messages.show_restored(self.message, draft)

    def lose_script(self) -> None:
        """Handle that the open script was removed from the library: its edits become a new script."""
        edited = self.unsaved()
        self.close_script()
        if edited is not None:
            self._show_new(edited, key_of(None))
            script_messages.show_lost(self.message)

    def close_script(self) -> None:
        """Show no script; unsaved edits are lost."""
        self._draft_writer.drop()
        self._asked += 1
        self._wanted = None
        self._put(None)
        self.show_work(visible=False)
        self.message.hide()
        self._adapt()

    def set_repositories(self, repositories: list[Repository]) -> None:
        """Set the repositories for which a test can be run."""
        self._repositories = repositories
        self.test.show_script(self.script, repositories)

    def _put(self, loaded: Loaded | None, *, new: bool = False, base: str | None = None) -> None:
        self._loaded, self._is_new, self._untouched = loaded, new, None
        self.outside.watch(loaded, base)

    def _on_loaded(self, number: int, draft: Draft | None, loaded: Loaded | None) -> None:
        if number != self._asked:
            return
        if loaded is None:
            assert draft is not None
            self._show_new(draft.edited, draft.key, kept=True)
            script_messages.show_lost(self.message)
            return
        if self.script is None or self.script.id != loaded.script.id:
            self.parameters.show_header(Header())
        self.show_text(loaded.text, loaded.script.file_path)
        self._fill(loaded.script)
        self._draft_writer.begin(key_of(loaded.script.id), kept=draft is not None)
        if draft is not None:
            script_messages.show_restored(self.message, draft)
            self._show_draft(draft, loaded.script)
        if loaded.exposed:
            script_messages.show_exposed(self.message, loaded.exposed, partial(self._protect, loaded.script.id))
        self._put(loaded, base=draft.edited.base if draft is not None else None)
        self._settle(loaded.script)

    def _show_draft(self, draft: Draft, script: Script) -> None:
        form = ScriptForm.of(draft.edited if draft.whole else script)._replace(name=draft.edited.name)
        self.details.show_form(form, script.file_path)
        self._seen = draft.edited.seen or self._seen
        if self.editor is not None:
            self.editor.replace_text(draft.edited.text)

    def _show_new(self, edited: Edited, key: str, *, kept: bool = False) -> None:
        self._asked += 1
        self._wanted = None
        self.parameters.show_header(Header())
        self.show_text(edited.text, "")
        self.details.show_form(ScriptForm.of(edited), "")
        self._seen = None
        self._draft_writer.begin(key, kept=kept)
        self._put(None, new=True)
        self.past.clear()
        self.tabs.setCurrentWidget(self.details)
        self.details.name.setFocus()
        self.details.name.selectAll()
        self._settle(None)

    def _protect(self, script_id: ScriptId) -> None:
        protect = partial(script_editing.protect, self._workspace, script_id)
        self._background.ask(protect, self._on_reloaded, self._on_save_failed, self)

    def _settle(self, script: Script | None) -> None:
        self.test.show_script(script, self._repositories)
        self.past.reload()
        self._adapt()
        self.shown.emit(script)

    # Saving ---------------------------------------------------------------------------------------------------------

    def edited(self) -> Edited:
        """Return what is shown now."""
        assert self.editor is not None
        return Edited(
            script_id=self.script.id if self.script is not None else None,
            text=self.editor.text(),
            base=self._loaded.base if self._loaded is not None else None,
            seen=self._seen,
            **self.details.form()._asdict(),
        )

    @property
    def is_saving(self) -> bool:
        """Whether :meth:`save` is in progress."""
        return self._saving

    def save(self, *, over: bool = False, over_details: bool = False) -> None:
        """Store the script; :attr:`saved` or :attr:`save_failed` follows.

        *over* overwrites any text that another program wrote meanwhile; *over_details* does so for properties.
        """
        if self._saving or self.editor is None or not (self._is_new or self._loaded):
            return
        if self.editor.read_only:
            self.save_failed.emit()
            return
        edited, revision = self.edited(), self.editor.revision
        self._saving = self.outside.paused = True
        self._adapt()
        self._background.ask(
            lambda: script_editing.save(self._workspace, edited, over=over, over_details=over_details),
            partial(self._on_saved, edited, revision),
            partial(self._on_save_failed, over=over),
            self,
        )

    def discard(self) -> None:
        """Restore the stored state."""
        if self.script is not None:
            self._draft_writer.drop()
            self.open_script(self.script.id)
        else:
            self.close_script()

    def _on_saved(self, edited: Edited, revision: int, loaded: Loaded) -> None:
        self._saving = self.outside.paused = False
        self._draft_writer.drop()
        self._draft_writer.begin(key_of(loaded.script.id))
        assert self.editor is not None
        self._wanted = loaded.script.id
        if self.editor.revision == revision:
            self.editor.mark_saved()
        if self.details.form() == ScriptForm.of(edited):
            self._fill(loaded.script)
        else:
            self._seen = loaded.script.details
        self.message.hide()
        self._put(loaded)
        self._settle(loaded.script)
        self._draft_writer.touch()
        self._keep_secrets(loaded)
        self.saved.emit(loaded.script)
        if self._test_waits:
            self._test_waits = False
            self.test.begin()

    def _keep_secrets(self, loaded: Loaded) -> None:
        keep = partial(move_secrets_to_keyring, self._workspace, loaded.script.id, loaded.text)
        self._background.ask(keep, partial(self._on_secrets_kept, loaded.script.id), owner=self)

    def _on_secrets_kept(self, script_id: ScriptId, names: frozenset[str]) -> None:
        if names and self._wanted == script_id:
            script_messages.show_moved_secrets(self.message, names)

    def _on_save_failed(self, error: BorgDeskError, *, over: bool = False) -> None:
        self._saving = self.outside.paused = self._test_waits = False
        self._adapt()
        if isinstance(error, ChangedOutside):
            self._on_conflict_found(error.theirs)
        elif isinstance(error, Changed):
            keep = partial(self.save, over=over, over_details=True)
            script_messages.show_changed(self.message, error, self.discard, keep)
        else:
            self.message.show_message(error.sentence, Tone.BAD)
        self.save_failed.emit()

    # External changes -----------------------------------------------------------------------------------------------

    def _on_conflict_found(self, theirs: str) -> None:
        self.conflict_found.emit(theirs, self.edited().text)

    def show_stored(self, script: Script) -> None:
        """Show the stored state of the open script, keeping edits in its form."""
        before = self.script
        if self._loaded is None or before is None or before.id != script.id or self._saving:
            return
        edited = self.details.differs_from(before)
        self._loaded = replace(self._loaded, script=script)
        if not edited and script.details != before.details:
            self._fill(script)
        self._adapt()

    def _fill(self, script: Script) -> None:
        self.details.show_script(script)
        self._seen = script.details

    def _on_reloaded(self, loaded: Loaded) -> None:
        self.show_stored(loaded.script)
        self._loaded = loaded
        self._settle(loaded.script)

    def _on_relocated(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.details.show_file(loaded.script.file_path)

    # Revisions ------------------------------------------------------------------------------------------------------

    def show_revision(self, sha256: str) -> None:
        """Show the differences between a revision and the present text."""
        self.tabs.setCurrentWidget(self.revisions)
        self.past.select_revision(sha256)

    def restore(self, sha256: str) -> None:
        """Make a revision the script's text again."""
        script = self.script
        if script is not None:
            self._asked += 1
            self._background.ask(
                partial(script_editing.restore, self._workspace, script.id, sha256),
                partial(self._on_restored, self._asked),
                self._on_save_failed,
                self,
            )

    def _on_restored(self, number: int, loaded: Loaded) -> None:
        self._draft_writer.drop()
        self._on_loaded(number, None, loaded)
        self._keep_secrets(loaded)
        self.saved.emit(loaded.script)

    def _on_revision_read(self, old: str) -> None:
        now = self.editor.text() if self.editor is not None else ""
        self.comparison_requested.emit(old, now, _("Revision"), _("Current text"))

    # Implementation -------------------------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """Stop all activity before the window closes."""
        self.test.shut_down()
        self._draft_writer.wait()

    def _on_test_requested(self) -> None:
        if self.is_modified:
            self._test_waits = True
            self.save()
        else:
            self.test.begin()

    def _on_details_edited(self) -> None:
        self._draft_writer.touch()
        self._adapt()

    def _connect(self) -> None:
        self.save_button.clicked.connect(lambda _checked: self.save())
        self.discard_button.clicked.connect(self.discard)
        self.details.edited.connect(self._on_details_edited)
        self.text_changed.connect(self._draft_writer.touch)
        self.text_modified.connect(self._adapt)
        self.save_requested.connect(self.save)
        self.parameters.addition_requested.connect(self.parameter_requested)
        self.test.start_requested.connect(self._on_test_requested)
        self.test.ended.connect(self.past.reload)
        self.past.revision_read.connect(self._on_revision_read)
        self.revisions.restoration_requested.connect(self.restore)
        self.usage.place_requested.connect(self.place_requested)
        self.usage.execution_requested.connect(self.execution_requested)
        self.outside.reloaded.connect(self._on_reloaded)
        self.outside.relocated.connect(self._on_relocated)
        self.outside.conflict_found.connect(self._on_conflict_found)
        self.outside.restoration_requested.connect(self.restore)
        self.outside.overwriting_requested.connect(partial(self.save, over=True))

    def _adapt(self) -> None:
        modified = self.is_modified
        name = self.details.name.text() or words.NOTHING
        self.title.setText(_("{name} (not saved)").format(name=name) if modified else name)
        self.save_button.setEnabled(modified and not self._saving)
        self.discard_button.setEnabled(modified and not self._saving)
