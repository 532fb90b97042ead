"""The page of scripts: the library as a table, and one script on the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from borgdesk.domain.history import Execution
from borgdesk.domain.script import Script
from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.engine.outside import Survey
from borgdesk.engine.templates import Made
from borgdesk.engine.trial import PastTest, past_test
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, words
from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.conflict import ComparisonDialog, ConflictDialog
from borgdesk.gui.dialogs.parameter import ParameterDialog
from borgdesk.gui.dialogs.past_test import PastTestDialog
from borgdesk.gui.dialogs.template import TemplateDialog
from borgdesk.gui.dialogs.unsaved import Choice, ask_unsaved
from borgdesk.gui.library_actions import LibraryActions
from borgdesk.gui.library_watcher import LibraryWatcher
from borgdesk.gui.live_run import KEPT_LINES
from borgdesk.gui.new_files import NewFiles
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.draft_offers import DraftOffers
from borgdesk.gui.widgets.library_table import LibraryTable
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.page_header import PageHeader
from borgdesk.gui.widgets.script_desk.desk import ScriptDesk
from borgdesk.gui.widgets.waiting import wait_for


class ScriptsPage(QWidget):
    """Table above, desk below."""

    open_repository_asked = Signal(int)
    """The lanes of a repository shall be shown."""
    open_run_asked = Signal(int)
    """A run shall be shown in history."""
    loaded = Signal()
    """The table shows what is stored."""
    changed = Signal()
    """The library was changed here."""

    def __init__(self, workspace: Workspace, background: Background, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._drafts = Drafts(workspace.paths.state)
        self._wanted: int | None = None
        self._wanted_revision: str | None = None
        self._started = False
        self.table = LibraryTable()
        self.desk = ScriptDesk(workspace, background)
        self.message = Message()
        self.drafts = DraftOffers(self._drafts, background)
        self.new_files = NewFiles(workspace, background, self)
        self.actions_on_scripts = LibraryActions(workspace, background, self)
        self.watcher = LibraryWatcher(workspace, background, self)
        self._lay_out()
        self._connect()

    # Shown and left -------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._started:
            self._started = True
            self._background.ask(self._ask_beginnings, self._begin, owner=self)
        else:
            self.reload()

    def refresh(self) -> None:
        """Show what is stored now: the main window asks for it."""
        self.reload()

    def focus_search(self) -> None:
        """Put the keyboard into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def reload(self) -> None:
        """Show what is stored now."""
        self.watcher.survey()
        self._background.ask(self._workspace.store.repositories.list, self.desk.set_repositories, owner=self)

    def show_script(self, script_id: int) -> None:
        """Put a script on the desk, after a question if something there is not saved."""
        if self.desk.wanted_id == script_id:
            self.table.select_key(script_id)
            return
        if self.can_leave():
            self._wanted = script_id
            self._open(script_id)
            self.reload()

    def show_revision(self, script_id: int, sha256: str) -> None:
        """Show a script with one of its revisions compared to the present text."""
        if self.desk.script is not None and self.desk.script.id == script_id:
            self.desk.show_revision(sha256)
            return
        self._wanted_revision = sha256
        self.show_script(script_id)

    def can_leave(self) -> bool:
        """Whether the desk may be cleared; asks about what is not saved: save, discard or stay."""
        if self.desk.unsaved() is None:
            return True
        choice = ask_unsaved(self, self.desk.details.name.text())
        if choice is Choice.DISCARD:
            self.desk.close_script()
            return True
        return choice is Choice.SAVE and wait_for(self.desk.save, self.desk.saved, self.desk.save_failed)

    def shut_down(self) -> None:
        """Stop what runs here: the window is about to close."""
        self.watcher.stop()
        self.desk.shut_down()

    def _ask_beginnings(self) -> list[Draft]:
        self.new_files.recall()
        return self._drafts.list()

    def _begin(self, drafts: list[Draft]) -> None:
        self.drafts.offer(drafts)
        self.watcher.start()
        self._background.ask(self._workspace.store.repositories.list, self.desk.set_repositories, owner=self)

    def _open(self, script_id: int) -> None:
        draft = self.drafts.draft_of(script_id)
        if draft is not None:
            self.drafts.take(draft)
        self.desk.open_script(script_id, draft)

    def _open_draft(self, draft: Draft) -> None:
        if self.can_leave():
            self._wanted = draft.edited.script_id
            self.drafts.take(draft)
            self.desk.open_draft(draft)
            self.watcher.survey()

    # The library as it is -------------------------------------------------------------------------------------------

    def _take_survey(self, survey: Survey) -> None:
        on_desk = self.desk.script
        was_listed = on_desk is not None and self.table.rows.place_of(on_desk.id) is not None
        self.table.show_scripts(survey.scripts, survey.missing)
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None
        if on_desk is not None and was_listed and self.table.rows.place_of(on_desk.id) is None:
            self.desk.lose_script()
        self.desk.outside.look()
        self.new_files.offer(survey)
        self.loaded.emit()

    # The desk -------------------------------------------------------------------------------------------------------

    def _select(self, script: Script | None) -> None:
        if script is None or script.id == self.desk.wanted_id:
            return
        on_desk = self.desk.script
        self._wanted = None
        if self.can_leave():
            self._open(script.id)
        elif on_desk is not None:
            self.table.select_key(on_desk.id)
        else:
            self.table.clearSelection()

    def _take_shown(self, script: Script | None) -> None:
        self.watcher.watch_file(script.file_path if script is not None else "")
        if script is None:
            self.table.clearSelection()
            return
        self.table.select_key(script.id)
        if self._wanted_revision is not None:
            self.desk.show_revision(self._wanted_revision)
            self._wanted_revision = None

    def _take_saved(self, script: Script) -> None:
        if self.table.rows.place_of(script.id) is None:
            self._wanted = script.id
        self.changed.emit()
        self.watcher.survey()

    def _show_conflict(self, theirs: str, mine: str) -> None:
        dialog = ConflictDialog(self.desk.details.name.text(), theirs, mine, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.mine_chosen.connect(lambda: self.desk.save(over=True))
        dialog.theirs_chosen.connect(self.desk.discard)
        dialog.open()

    def _show_comparison(self, old: str, new: str, old_title: str, new_title: str) -> None:
        title = self.tr("Revision of “{name}”").format(name=self.desk.details.name.text())
        dialog = ComparisonDialog(title, old, new, old_title, new_title, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_parameter(self) -> None:
        dialog = ParameterDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.declared.connect(self.desk.add_parameter)
        dialog.open()

    # Making, copying, bringing in and out -----------------------------------------------------------------------------

    def new_script(self) -> None:
        """Begin a new script."""
        if self.can_leave():
            self.desk.open_new(self.tr("New script"))

    def open_templates(self) -> None:
        """Make a script from a template."""
        dialog = TemplateDialog(self._workspace, self._background, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self._take_made)
        dialog.open()

    def _take_made(self, made: Made) -> None:
        self.changed.emit()
        names = words.listed(f"“{script.name}”" for script in made.scripts)
        if made.assignments:
            where = made.assignments[0]
            self.message.say(
                self.tr("Added {names} and assigned in “{repository}”.").format(
                    names=names, repository=where.repository
                ),
                Tone.GOOD,
                [(self.tr("Show there"), partial(self.open_repository_asked.emit, where.repository_id))],
            )
        else:
            self.message.say(self.tr("Added {names}.").format(names=names), Tone.GOOD)
        self.show_script(made.scripts[0].id)

    def open_folder(self) -> None:
        """Show the library folder in the file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._workspace.paths.library)))

    def show_usage(self) -> None:
        """Show where the selected script is used."""
        self.desk.tabs.setCurrentWidget(self.desk.usage)

    def _on_selected(self, run: Callable[[Script], None]) -> None:
        script = self.table.current_row()
        if script is not None:
            run(script)

    def _take_deleted(self, script_id: int) -> None:
        if self.desk.script is not None and self.desk.script.id == script_id:
            self.desk.close_script()
        self.changed.emit()
        self.watcher.survey()

    def _show_new(self, script_id: int) -> None:
        self.changed.emit()
        self.show_script(script_id)

    # Inside ---------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        header = PageHeader(self.tr("Scripts"))
        self.search = self.table.search_field(self.tr("Search scripts"), self)
        self.search.setMaximumWidth(self.fontMetrics().averageCharWidth() * 32)
        header.row.addWidget(self.search)
        header.add_button(self.tr("From &template…"), "document-new", self.open_templates)
        header.add_button(self.tr("&New script"), "list-add", self.new_script, self.tr("Ctrl+N"))
        self.more = QToolButton()
        self.more.setText(self.tr("More"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._make_menu())
        header.row.addWidget(self.more)
        self.table.setMinimumHeight(self.fontMetrics().height() * 5)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.desk)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([160, 400])
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(header)
        layout.addWidget(self.drafts)
        layout.addWidget(self.message)
        layout.addWidget(splitter, 1)

    def _make_menu(self) -> QMenu:
        menu, actions, on = QMenu(self), self.actions_on_scripts, self._on_selected
        self.on_selected = [
            menu.addAction(icons.icon("edit-copy"), self.tr("&Duplicate"), partial(on, actions.duplicate)),
            menu.addAction(icons.icon("repositories"), self.tr("&Where used"), self.show_usage),
            menu.addAction(icons.icon("document-export"), self.tr("&Export…"), partial(on, actions.export)),
            menu.addAction(icons.icon("edit-delete"), self.tr("De&lete…"), partial(on, actions.delete)),
        ]
        menu.addSeparator()
        menu.addAction(icons.icon("document-import"), self.tr("&Import files…"), actions.choose_import)
        everything = lambda: actions.export_all(self.table.rows.rows())  # noqa: E731 - asked when it is wanted
        menu.addAction(icons.icon("document-export"), self.tr("Export &all…"), everything)
        menu.addAction(icons.icon("folder"), self.tr("Open library &folder"), self.open_folder)
        menu.aboutToShow.connect(self._adapt_menu)
        return menu

    def _adapt_menu(self) -> None:
        for action in self.on_selected:
            action.setEnabled(self.table.current_row() is not None)

    def _connect(self) -> None:
        self.table.row_selected.connect(self._select)
        self.table.delete_pressed.connect(self.actions_on_scripts.delete)
        self.table.row_activated.connect(lambda _: self.desk.focus_text())
        self.table.customContextMenuRequested.connect(
            lambda point: self.more.menu().popup(self.table.viewport().mapToGlobal(point))
        )
        actions = self.actions_on_scripts
        actions.told.connect(self.message.say)
        actions.added.connect(self._show_new)
        actions.deleted.connect(self._take_deleted)
        actions.place_asked.connect(self.open_repository_asked)
        self.watcher.surveyed.connect(self._take_survey)
        self.drafts.opening_asked.connect(self._open_draft)
        self.new_files.told.connect(self.message.say)
        self.new_files.registration_asked.connect(actions.import_files)
        self.desk.shown.connect(self._take_shown)
        self.desk.saved.connect(self._take_saved)
        self.desk.conflict_found.connect(self._show_conflict)
        self.desk.comparison_asked.connect(self._show_comparison)
        self.desk.parameter_asked.connect(self._ask_parameter)
        self.desk.place_asked.connect(self.open_repository_asked)
        self.desk.execution_asked.connect(self._show_execution)
        self.desk.test.ended.connect(self.watcher.survey)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        keys = QKeySequence.StandardKey
        for key, run in ((keys.New, self.new_script), (keys.Save, self.desk.save)):
            QShortcut(key, self, run, context=context)
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.shut_down)

    def _show_execution(self, execution: Execution) -> None:
        if execution.run_id is not None:
            self.open_run_asked.emit(execution.run_id)
            return
        read = partial(past_test, self._workspace, execution.id, KEPT_LINES)
        self._background.ask(read, self._show_test, owner=self)

    def _show_test(self, test: PastTest) -> None:
        dialog = PastTestDialog(test, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.revision_asked.connect(self.desk.show_revision)
        dialog.open()
