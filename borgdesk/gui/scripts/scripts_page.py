"""Scripts page: the library as a table, with the open script below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMessageBox, QPushButton, QSplitter, QVBoxLayout, QWidget

from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.script import Script
from borgdesk.engine.git.library import Kind
from borgdesk.engine.lanes.template_assignment import AddedTemplates
from borgdesk.engine.script_tests.script_test import PastTest, past_test
from borgdesk.engine.scripts.drafts import Draft, Drafts
from borgdesk.engine.scripts.library_scan import LibraryScan
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import widget_rules
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.look.signal_wait import wait_for
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.look.unsaved_backup_dialog import ask_before_backup
from borgdesk.gui.look.unsaved_dialog import Choice, ask_unsaved
from borgdesk.gui.scripts.conflict_dialog import ComparisonDialog, ConflictDialog
from borgdesk.gui.scripts.draft_offers import DraftOffers
from borgdesk.gui.scripts.git_line import GitLine
from borgdesk.gui.scripts.library_actions import LibraryActions
from borgdesk.gui.scripts.library_menu import LibraryMenu
from borgdesk.gui.scripts.library_table import LibraryTable
from borgdesk.gui.scripts.library_watcher import LibraryWatcher
from borgdesk.gui.scripts.new_files import NewFiles
from borgdesk.gui.scripts.parameter_dialog import ParameterDialog
from borgdesk.gui.scripts.past_test_dialog import PastTestDialog
from borgdesk.gui.scripts.script_view import ScriptView
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_run import KEPT_LINES
from borgdesk.gui.workers.store_watcher import StoreWatcher
from borgdesk.translation import _


class ScriptsPage(Page):
    """Library above, script below."""

    open_repository_requested = Signal(int)
    """Id of a repository whose lanes are to be shown."""
    open_run_requested = Signal(int)
    """Id of a run that is to be shown in the history."""
    loaded = Signal()
    """The table shows the stored state."""
    changed = Signal()
    """The library was changed on this page."""

    def __init__(self, workspace: Workspace, background: Background, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._drafts = Drafts(workspace.paths.state)
        self._wanted: ScriptId | None = None
        self._wanted_revision: str | None = None
        self._started = False
        self.table = LibraryTable()
        self.view = ScriptView(workspace, background, self._drafts)
        self.message = Banner()
        self.drafts = DraftOffers(self._drafts, background)
        self.new_files = NewFiles(workspace.store.key_values, background, self)
        self.library_actions = LibraryActions(workspace, background, self)
        self.git = GitLine(workspace, background, self.message, lambda: self.view.script)
        self.watcher = LibraryWatcher(workspace, background, self)
        self._commits = StoreWatcher(workspace.store.database, background, self)
        self._question: QMessageBox | None = None
        self._lay_out()
        self._connect()

    # Page -----------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._commits.start()
        if not self._started:
            self._started = True
            self._background.ask(self._ask_beginnings, self._begin, owner=self)
            # A new script needs the editor at once.
            self.view.once_made(lambda: None)
        else:
            self.reload()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._commits.stop()

    def refresh(self) -> None:
        """Reload for the main window."""
        self.reload()

    def focus_search(self) -> None:
        """Focus the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def focus_content(self) -> None:
        """Focus the main content."""
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def reload(self) -> None:
        """Reload the stored state."""
        self.watcher.scan()
        self._background.ask(self._workspace.store.repositories.list, self.view.set_repositories, owner=self)

    def show_script(self, script_id: ScriptId) -> None:
        """Show a script, after asking about unsaved changes."""
        if self.view.wanted_id == script_id:
            self.table.select_key(script_id)
            return
        if self.can_leave():
            self._wanted = script_id
            self._open(script_id)
            self.reload()

    def show_revision(self, script_id: ScriptId, sha256: str) -> None:
        """Show a script with one of its revisions compared to the present text."""
        if self.view.script is not None and self.view.script.id == script_id:
            self.view.show_revision(sha256)
            return
        self._wanted_revision = sha256
        self.show_script(script_id)

    def has_unsaved(self) -> bool:
        """Return whether there are unsaved changes."""
        return self.view.unsaved() is not None

    def can_leave(self) -> bool:
        """Return whether the script may be closed; asks whether to save or discard changes, or to stay."""
        if self.view.unsaved() is None:
            return True
        choice = ask_unsaved(self, self.view.details.name.text())
        if choice is Choice.DISCARD:
            self.view.close_script()
            return True
        return choice is Choice.SAVE and wait_for(
            self.view.save, lambda: self.view.is_saving, self.view.saved, self.view.save_failed
        )

    def asks_before_backup(
        self, repository_id: RepositoryId, start: Callable[[], object], come_forward: Callable[[], object]
    ) -> bool:
        """Return whether a script has unsaved changes; if the backup would run it, ask the user whether to *start*.

        Whether it would is looked up first; *come_forward* shows the window to a user who started the backup elsewhere.
        """
        script = self.view.script
        if script is None or self.view.unsaved() is None:
            return False
        assignments = self._workspace.store.assignments

        def runs_it() -> bool:
            return any(one.script_id == script.id and one.enabled for one in assignments.list(repository_id))

        def on_known(asks: bool) -> None:
            if not asks:
                start()
            elif self._question is None:
                come_forward()
                self._question = ask_before_backup(self, script.name, partial(self._save_and, start), start)
                self._question.destroyed.connect(self._on_question_destroyed)

        self._background.ask(runs_it, on_known, owner=self)
        return True

    def _on_question_destroyed(self) -> None:
        self._question = None

    def _save_and(self, start: Callable[[], object]) -> None:
        if wait_for(self.view.save, lambda: self.view.is_saving, self.view.saved, self.view.save_failed):
            start()

    def shut_down(self) -> None:
        """Stop all activity before the window closes."""
        self.watcher.stop()
        self.view.shut_down()

    def _ask_beginnings(self) -> list[Draft]:
        self.new_files.recall()
        return self._drafts.list()

    def _begin(self, drafts: list[Draft]) -> None:
        self.drafts.offer(drafts)
        self.watcher.start()
        self._background.ask(self._workspace.store.repositories.list, self.view.set_repositories, owner=self)

    def _open(self, script_id: ScriptId) -> None:
        draft = self.drafts.draft_of(script_id)
        if draft is not None:
            self.drafts.withdraw(draft)
        self.view.open_script(script_id, draft)

    def _on_draft_requested(self, draft: Draft) -> None:
        if self.can_leave():
            self._wanted = draft.edited.script_id
            self.drafts.withdraw(draft)
            self.view.open_draft(draft)
            self.watcher.scan()

    # Library --------------------------------------------------------------------------------------------------------

    def _on_scanned(self, scan: LibraryScan) -> None:
        on_desk = self.view.script
        was_listed = on_desk is not None and self.table.rows.place_of(on_desk.id) is not None
        self.table.show_scripts(scan.scripts, scan.missing)
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None
        if on_desk is not None and was_listed and self.table.rows.place_of(on_desk.id) is None:
            self.view.lose_script()
        elif on_desk is not None:
            stored = next((one for one in scan.scripts if one.id == on_desk.id), on_desk)
            self.view.show_stored(stored)
        self.view.outside.check_file()
        self.new_files.offer(scan)
        self.loaded.emit()

    # Open script ------------------------------------------------------------------------------------------------------

    def _on_row_selected(self, script: Script | None) -> None:
        if script is None or script.id == self.view.wanted_id:
            return
        on_desk = self.view.script
        self._wanted = None
        if self.can_leave():
            self._open(script.id)
        elif on_desk is not None:
            self.table.select_key(on_desk.id)
        else:
            self.table.clearSelection()

    def _on_script_shown(self, script: Script | None) -> None:
        self.watcher.watch_file(script.file_path if script is not None else "")
        if script is None:
            self.table.clearSelection()
            return
        self.table.select_key(script.id)
        if self._wanted_revision is not None:
            self.view.show_revision(self._wanted_revision)
            self._wanted_revision = None

    def _on_script_saved(self, script: Script) -> None:
        if is_new := self.table.rows.place_of(script.id) is None:
            self._wanted = script.id
        self.git.commit_saved([script], Kind.ADDED if is_new else Kind.MODIFIED)
        self.changed.emit()
        self.watcher.scan()

    def _on_conflict_found(self, theirs: str, mine: str) -> None:
        dialog = ConflictDialog(self.view.details.name.text(), theirs, mine, self)
        dialog.mine_chosen.connect(lambda: self.view.save(over=True))
        dialog.theirs_chosen.connect(self.view.discard)
        _open(dialog)

    def _on_comparison_requested(self, old: str, new: str, old_title: str, new_title: str) -> None:
        title = _("Revision of “{name}”").format(name=self.view.details.name.text())
        _open(ComparisonDialog(title, old, new, old_title, new_title, self))

    def _on_parameter_requested(self) -> None:
        dialog = ParameterDialog(self)
        dialog.declared.connect(self.view.add_parameter)
        _open(dialog)

    # Creating, importing and exporting --------------------------------------------------------------------------------

    def new_script(self) -> None:
        """Begin a new script."""
        if self.can_leave():
            self.view.open_new(_("New script"))

    def open_templates(self) -> None:
        """Open the dialog that creates a script from a template."""
        dialog = widget_rules.built(lambda: TemplateDialog(self._workspace, self._background, self))
        dialog.made.connect(self._on_template_made)
        _open(dialog)

    def _on_template_made(self, made: AddedTemplates) -> None:
        self.changed.emit()
        self.git.commit_saved(made.scripts, Kind.ADDED)
        names = listed(quoted(script.name) for script in made.scripts)
        if made.assignments:
            where = made.assignments[0]
            said = _("Added {names} and assigned them in “{repository}”.")
            show = BannerButton(_("Show"), partial(self.open_repository_requested.emit, where.repository_id))
            self.message.show_message(said.format(names=names, repository=where.repository), Tone.GOOD, [show])
        else:
            self.message.show_message(_("Added {names}.").format(names=names), Tone.GOOD)
        self.show_script(made.scripts[0].id)

    def show_usage(self) -> None:
        """Show where the selected script is used."""
        self.view.tabs.setCurrentWidget(self.view.usage)

    def _on_script_deleted(self, script_id: ScriptId) -> None:
        if self.view.script is not None and self.view.script.id == script_id:
            self.view.close_script()
        self.changed.emit()
        self.watcher.scan()

    def _on_script_added(self, script_id: ScriptId) -> None:
        self.changed.emit()
        self.show_script(script_id)

    # Implementation -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        header = PageHeader(_("Scripts"))
        self.search = self.table.search_field(_("Search scripts"), self)
        self.search.setMaximumWidth(self.fontMetrics().averageCharWidth() * 32)
        header.row.addWidget(self.search)
        header.add_button(_("From &template…"), "document-new", self.open_templates)
        header.add_button(_("&New script"), "list-add", self.new_script, _("Ctrl+N"))
        self.more = QPushButton(_("More"))
        self.menu = LibraryMenu(self.table, self.library_actions, str(self._workspace.paths.library), self)
        self.menu.usage_requested.connect(self.show_usage)
        self.more.setMenu(self.menu)
        header.row.addWidget(self.more)
        self.table.setMinimumHeight(self.fontMetrics().height() * 5)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.view)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([160, 400])
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(header)
        layout.addWidget(self.git)
        layout.addWidget(CalmPlace(splitter, self.drafts, self.message))
        layout.addWidget(splitter, 1)

    def _connect(self) -> None:
        self.table.row_selected.connect(self._on_row_selected)
        self.table.delete_pressed.connect(self.library_actions.delete)
        self.table.row_activated.connect(lambda _: self.view.focus_text())
        self.table.customContextMenuRequested.connect(
            lambda point: self.more.menu().popup(self.table.viewport().mapToGlobal(point))
        )
        actions = self.library_actions
        actions.message_requested.connect(self.message.show_message)
        actions.added.connect(self._on_script_added)
        actions.deleted.connect(self._on_script_deleted)
        actions.place_requested.connect(self.open_repository_requested)
        actions.stored.connect(self.git.commit_saved)
        self.git.pulled.connect(self.watcher.scan)
        self.watcher.scanned.connect(self._on_scanned)
        self.watcher.scanned.connect(lambda _: self.git.refresh())
        self._commits.changed.connect(self.reload)
        self._commits.changed.connect(self.view.past.reload)
        self.drafts.opening_requested.connect(self._on_draft_requested)
        self.new_files.message_requested.connect(self.message.show_message)
        self.new_files.registration_requested.connect(actions.import_files)
        self.view.shown.connect(self._on_script_shown)
        self.view.saved.connect(self._on_script_saved)
        self.view.conflict_found.connect(self._on_conflict_found)
        self.view.comparison_requested.connect(self._on_comparison_requested)
        self.view.parameter_requested.connect(self._on_parameter_requested)
        self.view.place_requested.connect(self.open_repository_requested)
        self.view.execution_requested.connect(self._on_execution_requested)
        self.view.test.ended.connect(self.watcher.scan)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        keys = QKeySequence.StandardKey
        for key, run in ((keys.New, self.new_script), (keys.Save, self.view.save)):
            QShortcut(key, self, run, context=context)
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.shut_down)

    def _on_execution_requested(self, execution: Execution) -> None:
        if execution.run_id is not None:
            self.open_run_requested.emit(execution.run_id)
            return
        read = partial(past_test, self._workspace, execution.id, KEPT_LINES)
        self._background.ask(read, self._show_test, owner=self)

    def _show_test(self, test: PastTest) -> None:
        dialog = PastTestDialog(test, self)
        dialog.revision_requested.connect(self.view.show_revision)
        _open(dialog)


def _open(dialog: Dialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
