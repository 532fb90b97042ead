"""The assignment board: the library at the left, the lanes of one repository at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.run import LANES, Hook, Outcome
from borgdesk.engine import arranging, library
from borgdesk.engine.arranging import Arrangement, Board
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.assignment_board.arranger import Arranger, Operation
from borgdesk.gui.widgets.assignment_board.cards import Card, facts_of
from borgdesk.gui.widgets.assignment_board.history import Change
from borgdesk.gui.widgets.assignment_board.lane import Lane
from borgdesk.gui.widgets.assignment_board.library import LibraryList
from borgdesk.gui.widgets.assignment_board.outcome_bar import OutcomeBar
from borgdesk.gui.widgets.message import Message


class AssignmentBoard(QWidget):
    """Shows and changes what stands in the lanes of a repository. Every change is stored at once and can be undone."""

    options_asked = Signal(object, object)
    """The options of an Assignment shall be shown; its script's Header comes along. :meth:`take_edited` answers."""
    script_asked = Signal(int)
    """A script shall be shown on its own page."""
    changed = Signal()
    """Something was stored."""
    shown = Signal()
    """The lanes show what is stored."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._arranger = Arranger(workspace, background, self)
        self._outcome: Outcome | None = None
        self._selected: int | None = None
        self._asked = 0
        self.library = LibraryList()
        self.outcomes = OutcomeBar()
        self.notice = Message()
        self.lanes = {hook: Lane(hook) for hook in LANES}
        self._make_actions()
        self._lay_out()
        self._connect()
        self._adapt()

    # What is shown ------------------------------------------------------------------------------------------------

    def show_repository(self, repository_id: int) -> None:
        """Show the lanes of a repository."""
        if self._arranger.board is None or self._arranger.board.repository.id != repository_id:
            self._arranger.leave()
            self._selected = None
        self._asked += 1
        question = partial(arranging.board, self._workspace, repository_id)
        self._background.ask(question, partial(self._take, self._asked), owner=self)

    def reload(self) -> None:
        """Show what is stored now; somebody else may have changed it."""
        if self._arranger.board is not None and not self._arranger.is_busy:
            self.show_repository(self._arranger.board.repository.id)

    @property
    def assignments(self) -> Arrangement:
        """What stands in the lanes."""
        return self._arranger.assignments

    def selected(self) -> Assignment | None:
        """The assignment that is selected."""
        return next((one for one in self.assignments if one.id == self._selected), None)

    def select(self, assignment_id: int) -> None:
        """Select a card."""
        for lane in self.lanes.values():
            if lane.view.select(assignment_id):
                return

    def _take(self, number: int, board: Board) -> None:
        """An answer that was overtaken by a change, or by another question, is out of date."""
        if number == self._asked:
            self._show(board)

    def _show(self, board: Board) -> None:
        self._arranger.board = board
        self.library.set_scripts(board.library)
        for hook, lane in self.lanes.items():
            lane.cards.show([self._card(one) for one in arranging.lane(board.assignments, hook)])
            lane.set_extra(self._inline_row(hook))
        if self._selected is not None:
            self.select(self._selected)
        self._adapt()
        self.shown.emit()

    def _card(self, assignment: Assignment) -> Card:
        decision = None if self._outcome is None else arranging.expected(assignment, self._outcome)
        warnings = self._arranger.board.warnings.get(assignment.id, ()) if self._arranger.board else ()
        return Card(assignment, facts_of(assignment), warnings, decision)

    def _inline_row(self, hook: Hook) -> QWidget | None:
        """What stands in a lane for a repository that still has its script in itself."""
        repository = self._arranger.board.repository if self._arranger.board else None
        text = {Hook.PRE_BACKUP: "pre_script", Hook.POST_BACKUP: "post_script"}.get(hook)
        if repository is None or text is None or not getattr(repository, text):
            return None
        idle = bool(arranging.lane(self.assignments, hook))
        said = self.tr("The repository's own script is not used while scripts are assigned here.")
        label = QLabel(said if idle else self.tr("The repository's own script runs here."))
        label.setWordWrap(True)
        button = QPushButton(self.tr("Move to library"))
        button.setVisible(not idle)
        button.clicked.connect(partial(self._move_inline, hook))
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(button)
        return row

    # Changes --------------------------------------------------------------------------------------------------------

    def add_script(self, script_id: int, hook: Hook, place: int | None = None) -> None:
        """Put a script of the library into a lane, at its end unless a place (from 0) is given."""
        board = self._arranger.board
        script = next((one for one in board.library if one.id == script_id), None) if board else None
        if board is None or script is None:
            return
        text = self.tr("Add {script}").format(script=script.name)
        at = len(board.assignments) if place is None else place
        self._selected = None
        self._arranger.do(text, lambda now: arranging.added(now, script, board.repository, hook, at))

    def put(self, assignment_id: int, hook: Hook, place: int) -> None:
        """Put a card to a place (from 0) of a lane."""
        self._do_with(
            assignment_id, self.tr("Move {script}"), lambda now: arranging.moved(now, assignment_id, hook, place)
        )

    def step(self, assignment_id: int, step: int) -> None:
        """Put a card one place up (-1) or down (1)."""
        self._do_with(assignment_id, self.tr("Move {script}"), lambda now: arranging.stepped(now, assignment_id, step))

    def remove(self, assignment_id: int) -> None:
        """Take a card out of its lane; the script stays in the library."""
        self._do_with(assignment_id, self.tr("Remove {script}"), lambda now: arranging.without(now, assignment_id))

    def switch(self, assignment_id: int, enabled: bool) -> None:
        """Switch a card on or off."""
        text = self.tr("Switch on {script}") if enabled else self.tr("Switch off {script}")
        self._do_with(assignment_id, text, lambda now: arranging.switched(now, assignment_id, enabled=enabled))

    def _do_with(self, assignment_id: int, text: str, operation: Operation) -> None:
        assignment = next((one for one in self.assignments if one.id == assignment_id), None)
        if assignment is not None:
            self._selected = assignment_id
            self._arranger.do(text.format(script=assignment.script), operation)

    def _take_arranged(self, board: Board) -> None:
        new = {one.id for one in board.assignments} - {one.id for one in self.assignments}
        if len(new) == 1:
            self._selected = new.pop()
        self._asked += 1
        self.notice.hide()
        self._show(board)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, BorgDeskError):
            raise error
        self.notice.say(error.sentence, Tone.BAD)
        self.reload()

    # Overrides ------------------------------------------------------------------------------------------------------

    def _ask_options(self, assignment_id: int) -> None:
        assignment = next((one for one in self.assignments if one.id == assignment_id), None)
        if self._arranger.board is not None and assignment is not None:
            self.options_asked.emit(assignment, self._arranger.board.headers[assignment.script_id])

    def take_edited(self, before: Assignment, after: Assignment) -> None:
        """An assignment was changed elsewhere and is stored.

        The keyring forgot what a secret was before: such a change cannot be undone, nor those before it.
        """
        lanes = self.assignments
        if before.secrets or after.secrets:
            self._arranger.forget_changes()
        else:
            changed = tuple(after if one.id == after.id else one for one in lanes)
            self._arranger.note(Change(self.tr("Change {script}").format(script=after.script), lanes, changed))
        self._selected = after.id
        self._reload_changed()

    def _move_inline(self, hook: Hook) -> None:
        board = self._arranger.board
        if board is not None:
            self._background.ask(
                partial(library.move_inline_to_library, self._workspace, board.repository.id, hook),
                lambda _: self._reload_changed(),
                self._failed,
                self,
            )

    def _reload_changed(self) -> None:
        self.changed.emit()
        self.reload()

    # What happens if ------------------------------------------------------------------------------------------------

    def _pretend(self, outcome: Outcome | None) -> None:
        self._outcome = outcome
        if self._arranger.board is not None:
            self._show(self._arranger.board)

    # Inside ---------------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        make = self._action
        self._add_menu = QMenu(self)
        for hook in LANES:
            self._add_menu.addAction(words.hook(hook), partial(self._add_selected, hook))
        self._add = QToolButton()
        self._add.setText(self.tr("Add to"))
        self._add.setIcon(icons.icon("list-add"))
        self._add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._add.setMenu(self._add_menu)
        self._open = make(self.tr("&Options…"), "document-edit", lambda: self._on_selected(self._ask_options))
        self._up = make(self.tr("Move &up"), "go-up", lambda: self._on_selected(lambda one: self.step(one, -1)))
        self._down = make(self.tr("Move &down"), "go-down", lambda: self._on_selected(lambda one: self.step(one, 1)))
        self._remove = make(self.tr("&Remove"), "list-remove", lambda: self._on_selected(self.remove))
        self._undo = make(self.tr("Undo"), "edit-undo", self._arranger.undo)
        self._redo = make(self.tr("Redo"), "edit-redo", self._arranger.redo)
        self._undo.setShortcut(QKeySequence.StandardKey.Undo)
        self._redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        for action in (self._undo, self._redo):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)

    def _action(self, text: str, icon: str, run: Callable[[], object]) -> QAction:
        action = QAction(icons.icon(icon), text, self)
        action.triggered.connect(lambda _checked: run())
        return action

    def _tools(self) -> QHBoxLayout:
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for action in (self._open, self._up, self._down, self._remove, self._undo, self._redo):
            button = QToolButton()
            button.setDefaultAction(action)
            beside = action in (self._open, self._remove)
            style = Qt.ToolButtonStyle
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if beside else style.ToolButtonIconOnly)
            button.setAutoRaise(True)
            button.setAccessibleName(action.text().replace("&", ""))
            tools.addWidget(button)
        tools.addStretch(1)
        return tools

    def _lay_out(self) -> None:
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.library, 1)
        box.addWidget(self._add)
        lanes = QWidget()
        column = QVBoxLayout(lanes)
        column.setContentsMargins(0, 0, 4, 0)
        for lane in self.lanes.values():
            column.addWidget(lane)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(lanes)
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._tools())
        box.addWidget(self._scroll, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.outcomes)
        layout.addWidget(self.notice)
        layout.addWidget(splitter, 1)

    def _connect(self) -> None:
        self._arranger.arranged.connect(self._take_arranged)
        self._arranger.failed.connect(self._failed)
        self.outcomes.picked.connect(self._pretend)
        self.library.card_dropped.connect(self.remove)
        self.library.script_chosen.connect(self._ask_lane)
        self.library.selection_changed.connect(self._adapt)
        for hook, lane in self.lanes.items():
            view = lane.view
            lane.cards.switched.connect(self.switch)
            lane.cards.card_dropped.connect(lambda one, place, to=hook: self.put(one, to, place))
            lane.cards.script_dropped.connect(lambda one, place, to=hook: self.add_script(one, to, place))
            view.removal_asked.connect(self.remove)
            view.step_asked.connect(self.step)
            view.opened.connect(self._ask_options)
            view.menu_asked.connect(self._open_menu)
            view.card_selected.connect(partial(self._take_selection, hook))

    def _take_selection(self, hook: Hook, assignment_id: int) -> None:
        self._selected = assignment_id
        for other, lane in self.lanes.items():
            if other is not hook:
                lane.view.deselect()
        self._adapt()

    def _on_selected(self, run: Callable[[int], object]) -> None:
        if self._selected is not None:
            run(self._selected)

    def _add_selected(self, hook: Hook) -> None:
        script = self.library.selected()
        if script is not None:
            self.add_script(script.id, hook)

    def _ask_lane(self, script_id: int) -> None:
        self.library.select(script_id)
        self._add.showMenu()

    def _open_menu(self, assignment_id: int, point: QPoint) -> None:
        assignment = next(one for one in self.assignments if one.id == assignment_id)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._open)
        on = menu.addAction(self.tr("&Switched on"))
        on.setCheckable(True)
        on.setChecked(assignment.enabled)
        on.triggered.connect(lambda: self.switch(assignment_id, not assignment.enabled))
        menu.addSeparator()
        menu.addActions([self._up, self._down])
        move = menu.addMenu(self.tr("Move &to"))
        for hook in LANES:
            if hook is not assignment.hook:
                move.addAction(words.hook(hook), partial(self.put, assignment_id, hook, len(self.assignments)))
        menu.addSeparator()
        menu.addAction(self.tr("Show &script"), lambda: self.script_asked.emit(assignment.script_id))
        menu.addAction(self._remove)
        menu.popup(point)

    def _adapt(self) -> None:
        """Enable what can be done now."""
        selected = self.selected()
        if selected is None:
            self._selected = None
        for action in (self._open, self._remove):
            action.setEnabled(selected is not None)
        for action, step in ((self._up, -1), (self._down, 1)):
            possible = (
                selected is not None and arranging.stepped(self.assignments, selected.id, step) != self.assignments
            )
            action.setEnabled(possible)
        self._add.setEnabled(self.library.selected() is not None)
        for action, change, text in (
            (self._undo, self._arranger.to_undo, self.tr("Undo: {change}")),
            (self._redo, self._arranger.to_redo, self.tr("Redo: {change}")),
        ):
            action.setEnabled(change is not None)
            action.setToolTip(text.format(change=change.text) if change else action.text())
