"""The page of repositories: which there are, and one of them in full."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
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
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.engine.enrolling import remove_repository
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, repository_words
from borgdesk.gui.background import Background
from borgdesk.gui.columns import Column
from borgdesk.gui.dialogs.add_repository import AddRepositoryDialog
from borgdesk.gui.dialogs.assignment import AssignmentDialog
from borgdesk.gui.dialogs.unsaved import Choice, ask_unsaved
from borgdesk.gui.table import TableModel
from borgdesk.gui.widgets.page_header import PageHeader
from borgdesk.gui.widgets.repository_view import RepositoryView
from borgdesk.gui.widgets.table_view import TableView
from borgdesk.gui.widgets.waiting import wait_for


class RepositoriesPage(QWidget):
    """List at the left, details at the right."""

    backup_asked = Signal(int)
    """A repository shall be backed up now."""
    history_asked = Signal(int)
    """The runs of a repository shall be shown."""
    script_asked = Signal(int)
    """A script shall be shown in the library."""
    changed = Signal()
    """A repository was added, changed or removed."""

    def __init__(self, workspace: Workspace, background: Background, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._wanted: int | None = None
        self._tab_wanted: QWidget | None = None
        self._model = TableModel[Repository](self._columns(), lambda one: one.id, self)
        self.table = TableView(self._model, self.tr("Repositories"), self.tr("No repositories yet"))
        self.table.horizontalHeader().hide()
        self.view = RepositoryView(workspace, background)
        self._lay_out()
        self._connect()

    # What is shown --------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is stored now: the main window asks for it."""
        self.reload()

    def focus_search(self) -> None:
        """Put the keyboard into the search field of the library, where it is in view."""
        self.view.tabs.setCurrentIndex(1)
        self.view.board.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def reload(self) -> None:
        """Show what is stored now."""
        self._background.ask(self._workspace.store.repositories.list, self._show, owner=self)

    def show_repository(self, repository_id: int) -> None:
        """Show one repository."""
        self._wanted = repository_id
        self.reload()

    def show_scripts_of(self, repository_id: int) -> None:
        """Show the lanes of one repository."""
        self._tab_wanted = self.view.board
        self.show_repository(repository_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def can_leave(self) -> bool:
        """Whether the page may be left; asks about changes that are not saved."""
        if not self.view.is_modified() or self.view.repository is None:
            return True
        choice = ask_unsaved(self, self.view.repository.name)
        if choice is Choice.DISCARD:
            self.view.discard()
            return True
        return choice is Choice.SAVE and wait_for(self.view.save, self.view.saved, self.view.save_failed)

    def _show(self, repositories: list[Repository]) -> None:
        self._model.set_rows(repositories)
        self._stack.setCurrentIndex(1 if repositories else 0)
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None
        elif self.table.current_row() is None:
            self.table.select_first()
        current = self.table.current_row()
        if current is not None:
            self.view.refresh(current)
        if self._tab_wanted is not None:
            self.view.tabs.setCurrentIndex(1)
            self._tab_wanted = None

    def _select(self, repository: Repository | None) -> None:
        shown = self.view.repository
        if repository is None or (shown is not None and shown.id == repository.id):
            return
        if not self.can_leave():
            assert shown is not None
            self.table.select_key(shown.id)
            return
        self.view.show_repository(repository)

    # Actions --------------------------------------------------------------------------------------------------------

    def ask_for_new(self) -> None:
        """Open the form for another repository."""
        dialog = AddRepositoryDialog(self._workspace, self._background, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.added.connect(self._take_added)
        dialog.open()

    def _take_added(self, repository: Repository) -> None:
        self.changed.emit()
        self.show_repository(repository.id)

    def _ask_removal(self, repository: Repository) -> None:
        count = len(self.view.board.assignments)
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Remove repository"))
        box.setText(self.tr("Remove “{name}” from BorgDesk?").format(name=repository.name))
        box.setInformativeText(repository_words.removal(repository, count))
        remove = box.addButton(self.tr("&Remove"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        remove.clicked.connect(partial(self._remove, repository))
        box.open()

    def _remove(self, repository: Repository) -> None:
        self._background.ask(
            partial(remove_repository, self._workspace, repository), lambda _: self._removed(), owner=self
        )

    def _removed(self) -> None:
        self.changed.emit()
        self.reload()

    def _open_options(self, assignment: Assignment, header: Header) -> None:
        dialog = AssignmentDialog(self._workspace, self._background, assignment, header, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(partial(self.view.board.take_edited, assignment))
        dialog.open()

    # Inside ---------------------------------------------------------------------------------------------------------

    def _columns(self) -> list[Column[Repository]]:
        return [
            Column(
                self.tr("Name"),
                lambda one: one.name,
                icon=lambda one: icons.status_icon(one.last_status) if one.last_status else None,
                tooltip=lambda one: f"{one.name}\n{one.location}\n{repository_words.last_backup(one)}",
                stretch=True,
            ),
        ]

    def _lay_out(self) -> None:
        header = PageHeader(self.tr("Repositories"))
        self.add = header.add_button(self.tr("&Add repository…"), "list-add", self.ask_for_new)
        splitter = QSplitter()
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
            self.tr(
                "A repository is the place where Borg keeps backups: a folder on another disk, or on another machine.\n"
                "Add one that you have, or let Borg make a new one."
            )
        )
        about.setWordWrap(True)
        about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QPushButton(icons.icon("list-add"), self.tr("Add the first repository…"))
        button.clicked.connect(self.ask_for_new)
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        layout.addWidget(about)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(2)
        return page

    def _connect(self) -> None:
        self.table.row_selected.connect(self._select)
        self.table.delete_pressed.connect(self._ask_removal)
        self.view.backup_asked.connect(self.backup_asked)
        self.view.history_asked.connect(self.history_asked)
        self.view.removal_asked.connect(self._ask_removal)
        self.view.saved.connect(self._take_added)
        self.view.board.script_asked.connect(self.script_asked)
        self.view.board.options_asked.connect(self._open_options)
        new = QShortcut(QKeySequence.StandardKey.New, self, self.ask_for_new)
        new.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
