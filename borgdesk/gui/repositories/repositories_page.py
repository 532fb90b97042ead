"""Repositories page: a list of all repositories, and the details of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QIcon, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.key_reminder import remind_of_key
from borgdesk.engine.schedule.installation import remove_with_schedule
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.look import icons, widget_rules, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.look.signal_wait import wait_for
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.look.unsaved_backup_dialog import ask_before_backup
from borgdesk.gui.look.unsaved_dialog import Choice, ask_unsaved
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.gui.workers.store_watcher import StoreWatcher
from borgdesk.translation import _

_LEAST_NAME = 11
"""Average characters of a name that stay visible in a narrow window, with its icon."""


class RepositoriesPage(Page):
    """List on the left, details on the right."""

    backup_requested = Signal(int)
    """Id of a repository that is to be backed up."""
    history_requested = Signal(int)
    """Id of a repository whose runs are to be shown."""
    script_requested = Signal(int)
    """Id of a script that is to be shown in the library."""
    task_requested = Signal(object, object)
    """A Repository, and the Task to run on it."""
    import_requested = Signal()
    """The set-up of another program is to be taken over."""
    changed = Signal()
    """A repository was added, changed or removed."""
    repository_chosen = Signal(int)
    """Id of a repository that the user looks at now."""

    def __init__(self, workspace: Workspace, background: Background, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._wanted: RepositoryId | None = None
        self._running: frozenset[RepositoryId] = frozenset()
        self._tab_wanted: QWidget | None = None
        self._question: QMessageBox | None = None
        self._question_wanted: RepositoryId | None = None
        """The repository whose passphrase the user is to be asked for."""
        self._new_key_of: RepositoryId | None = None
        """The repository just created with a key, which the user should save."""
        self._units_problem: tuple[RepositoryId, str] | None = None
        """The repository just added, and why it is not backed up while the program is closed."""
        self._model = TableModel[Repository](self._columns(), lambda one: one.id, self)
        self.table = TableView(self._model, _("Repositories"), _("No repositories yet"))
        self.table.horizontalHeader().hide()
        self.view = RepositoryView(workspace, background)
        self._watcher = StoreWatcher(workspace.store.database, background, self)
        self._lay_out()
        self._connect()

    # Page -----------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reload for the main window."""
        self.reload()

    def focus_search(self) -> None:
        """Focus the search field of the library, if it is visible."""
        self.view.tabs.setCurrentIndex(1)
        self.view.board.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_content(self) -> None:
        """Focus the main content."""
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def reload(self) -> None:
        """Reload the stored state."""
        self._background.ask(self._read, self._show, owner=self)

    def show_repository(self, repository_id: RepositoryId) -> None:
        """Show one repository."""
        self._wanted = repository_id
        self.reload()

    def prefer(self, repository_id: RepositoryId) -> None:
        """Show this repository when the page is opened: the user has looked at it on another page."""
        self._wanted = repository_id

    def show_scripts_of(self, repository_id: RepositoryId) -> None:
        """Show the lanes of one repository."""
        self._tab_wanted = self.view.board
        self.show_repository(repository_id)

    def ask_whether_known(self, repository_id: RepositoryId) -> None:
        """Show one repository, and ask whether the user still knows its passphrase."""
        self._question_wanted = repository_id
        self.show_repository(repository_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()
        self._watcher.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watcher.stop()

    def has_unsaved(self) -> bool:
        """Return whether the repository shown has unsaved changes."""
        return self.view.repository is not None and self.view.is_modified()

    def lost_at_end(self) -> str:
        """Return the name of the repository with unsaved changes."""
        return self.view.repository.name if self.view.repository is not None and self.view.is_modified() else ""

    def can_leave(self) -> bool:
        """Return whether the page may be left; asks about unsaved changes."""
        if not self.view.is_modified() or self.view.repository is None:
            return True
        choice = ask_unsaved(self, self.view.repository.name)
        if choice is Choice.DISCARD:
            self.view.discard()
            return True
        return choice is Choice.SAVE and wait_for(
            self.view.save, lambda: self.view.work.is_busy, self.view.saved, self.view.save_failed
        )

    def asks_before_backup(self, repository_id: RepositoryId, start: Callable[[], object]) -> bool:
        """Return whether a backup would use settings other than those shown; if so, ask whether to *start*."""
        shown = self.view.repository
        if shown is None or shown.id != repository_id or not self.view.is_modified():
            return False
        if self._question is None:
            self._question = ask_before_backup(self, shown.name, partial(self._save_and, start), start)
            self._question.destroyed.connect(self._on_question_destroyed)
        return True

    def _on_question_destroyed(self) -> None:
        self._question = None

    def _save_and(self, start: Callable[[], object]) -> None:
        """Save, and start if that worked; otherwise the reason is shown above the form."""

        def forget() -> None:
            self.view.saved.disconnect(go_on)
            self.view.save_failed.disconnect(forget)

        def go_on(_: object) -> None:
            forget()
            start()

        self.view.saved.connect(go_on)
        self.view.save_failed.connect(forget)
        self.view.save()

    def _read(self) -> tuple[list[Repository], frozenset[RepositoryId]]:
        """Read the repositories, and the ids of those with an active backup in any process."""
        self._watcher.begin()
        store = self._workspace.store
        runs = store.runs.unfinished()
        alive = [run.repository_id for run in runs if run.owner is not None and procfs.is_alive(run.owner)]
        return store.repositories.list(), frozenset(one for one in alive if one is not None)

    def _show(self, read: tuple[list[Repository], frozenset[RepositoryId]]) -> None:
        repositories, self._running = read
        self._model.set_rows(repositories)
        self._stack.setCurrentIndex(1 if repositories else 0)
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None
        elif self.table.current_row() is None:
            self.table.select_first()
        current = self.table.current_row()
        if current is not None:
            self.view.refresh(current)
            self.view.show_running(current.id in self._running)
            if current.id == self._new_key_of:
                self._new_key_of = None
                self.view.keys.advise_to_save()
            if self._units_problem is not None and current.id == self._units_problem[0]:
                self.view.tell_units_problem(self._units_problem[1])
                self._units_problem = None
            if current.id == self._question_wanted:
                self._question_wanted = None
                self.view.keys.ask_whether_known()
        if self._tab_wanted is not None:
            self.view.tabs.setCurrentIndex(1)
            self._tab_wanted = None

    def _on_row_selected(self, repository: Repository | None) -> None:
        shown = self.view.repository
        if repository is None or (shown is not None and shown.id == repository.id):
            return
        if not self.can_leave():
            assert shown is not None
            self.table.select_key(shown.id)
            return
        self.view.show_repository(repository)
        self.view.header.show_running(repository.id in self._running)
        self.repository_chosen.emit(repository.id)

    # Actions --------------------------------------------------------------------------------------------------------

    def ask_for_new(self) -> None:
        """Open the dialog that adds a repository."""
        dialog = widget_rules.built(lambda: AddRepositoryDialog(self._workspace, self._background, self))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.added.connect(partial(self._on_repository_added, dialog))
        dialog.backup_requested.connect(self.backup_requested)
        dialog.ready.keys.reminder_settled.connect(self._on_reminder_settled)
        dialog.open()

    def _save(self) -> None:
        """Store the changes, as the button does."""
        if self.view.can_save:
            self.view.save()

    def _on_repository_added(self, dialog: AddRepositoryDialog, repository: Repository) -> None:
        init = dialog.init()
        if init is not None and init.needs_passphrase:
            self._new_key_of = repository.id
            self._background.ask(
                partial(remind_of_key, self._workspace, repository.id), lambda _: None, leave_untold, owner=self
            )
        if dialog.units_problem:
            self._units_problem = repository.id, dialog.units_problem
        self._show_added(repository)

    def _on_reminder_settled(self) -> None:
        """Say no more that the key should be saved."""
        self._new_key_of = None
        self.view.notice.hide()

    def _show_added(self, repository: Repository) -> None:
        self.changed.emit()
        self.show_repository(repository.id)

    def _on_removal_requested(self, repository: Repository) -> None:
        ask_to_confirm(
            self,
            _("Remove repository"),
            _("Remove “{name}” from BorgDesk?").format(name=repository.name),
            repository_words.removal(repository, len(self.view.board.assignments)),
            yes=_("&Remove"),
            on_yes=partial(self._remove, repository),
        )

    def _remove(self, repository: Repository) -> None:
        self._background.ask(
            partial(remove_with_schedule, self._workspace, repository), lambda _: self._removed(), owner=self
        )

    def _removed(self) -> None:
        self.changed.emit()
        self.reload()

    def _on_options_requested(self, assignment: Assignment, header: Header) -> None:
        dialog = AssignmentDialog(self._workspace, self._background, assignment, header, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(partial(self.view.board.record_edit, assignment))
        dialog.reload_requested.connect(partial(self.view.board.reopen_options, assignment.id))
        dialog.open()

    # Implementation -------------------------------------------------------------------------------------------------

    def _columns(self) -> list[Column[Repository]]:
        return [
            Column(
                _("Name"),
                lambda one: one.name,
                spoken=_spoken,
                icon=_icon,
                tooltip=lambda one: f"{one.name}\n{one.location}\n{repository_words.last_backup(one)}",
                stretch=True,
            ),
        ]

    def _lay_out(self) -> None:
        header = PageHeader(_("Repositories"))
        tip = _("Take over the set-up of Vorta, borgmatic or borg-ui")
        header.add_button(_("Import…"), "document-import", self.import_requested.emit, tip)
        self.add = header.add_button(_("&Add repository…"), "list-add", self.ask_for_new)
        splitter = QSplitter()
        self.table.setMinimumWidth(self.fontMetrics().averageCharWidth() * _LEAST_NAME)
        splitter.addWidget(self.table)
        splitter.addWidget(self.view)
        splitter.setStretchFactor(0, 0)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([220, 560])
        splitter.setChildrenCollapsible(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(splitter)
        layout = QVBoxLayout(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        about = QLabel(
            _(
                "A repository is where Borg keeps your backups: a folder on another disk, or on another machine.\n"
                "Add one you already have, or create a new one."
            )
        )
        about.setWordWrap(True)
        about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QPushButton(icons.icon("list-add"), _("Add a repository…"))
        button.clicked.connect(self.ask_for_new)
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        layout.addWidget(about)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(2)
        return page

    def _connect(self) -> None:
        self._watcher.changed.connect(self.reload)
        self.table.row_selected.connect(self._on_row_selected)
        self.table.delete_pressed.connect(self._on_removal_requested)
        self.view.backup_requested.connect(self.backup_requested)
        self.view.history_requested.connect(self.history_requested)
        self.view.task_requested.connect(self.task_requested)
        self.view.removal_requested.connect(self._on_removal_requested)
        self.view.saved.connect(self._show_added)
        self.view.board.script_requested.connect(self.script_requested)
        self.view.board.options_requested.connect(self._on_options_requested)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        keys = QKeySequence.StandardKey
        for key, run in ((keys.New, self.ask_for_new), (keys.Save, self._save)):
            QShortcut(key, self, run, context=context)


def _spoken(one: Repository) -> str:
    """Return the name with what the icon says."""
    status = words.run_status(one.last_status) if one.last_status else ""
    return ". ".join(filter(None, (one.name, status, repository_words.last_backup(one))))


def _icon(one: Repository) -> QIcon:
    """Return the icon of its last run, or of none: without an icon, its name would begin further left."""
    return icons.status_icon(one.last_status) if one.last_status else icons.toned("status-waiting", Tone.MUTED)
