"""Actions of the board, with its buttons and context menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import LANES, Hook
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import Arrangement
from borgdesk.gui.lanes.undo_history import Change
from borgdesk.gui.look import icons, words
from borgdesk.translation import _


class BoardActions(QObject):
    """All actions apply to the selected cards, except adding, undoing and redoing; some only to one."""

    options_requested = Signal(int)
    """Id of an assignment whose options are to be shown."""
    step_requested = Signal(int, int)
    """An assignment is to move up (-1) or down (1)."""
    removal_requested = Signal(object)
    """Assignments, as a list of ids, are to be removed."""
    switch_requested = Signal(object, bool)
    """Assignments, as a list of ids, are to be enabled or disabled."""
    move_requested = Signal(object, object)
    """Assignments, as a list of ids, are to move to the end of the lane of this Hook."""
    sharing_requested = Signal(int, bool)
    """Id of an assignment of a pair that is to be shared with other backups, or no longer."""
    script_requested = Signal(int)
    """Id of a script that is to be shown on its own page."""
    addition_requested = Signal(object)
    """The script selected in the library is to be added to the lane of this Hook."""
    copy_requested = Signal(object)
    """What is to be copied to other repositories: the Hook of a lane, "cards" for those selected, or "all"."""
    new_requested = Signal(object)
    """A new script is to be written for the lane of this Hook."""
    new_below_requested = Signal(object)
    """A new script is to be written, which comes after this Assignment."""
    comparison_requested = Signal()
    spreading_requested = Signal(object)
    """The scripts selected in the library are to be added to the lane of this Hook in several repositories."""
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._board = parent
        self._selected: list[Assignment] = []
        self._lanes_shown: Arrangement = ()
        self.add = self._make_add()
        self.new = self._make_new()
        self._options = self._action(_("&Options…"), "document-edit", self.options_requested.emit)
        self._up = self._action(_("Move &up"), "go-up", lambda one: self.step_requested.emit(one, -1))
        self._down = self._action(_("Move &down"), "go-down", lambda one: self.step_requested.emit(one, 1))
        self._remove = self._action(_("&Remove"), "list-remove", lambda _one: self.removal_requested.emit(self._ids()))
        self._copy = self._action(_("Copy to other &repositories…"), "edit-copy", self._copy_cards)
        self.copy = self._make_copy()
        self.undo = QAction(icons.icon("edit-undo"), _("Undo"), self)
        self.undo.triggered.connect(self.undo_requested)
        self.undo.setShortcut(QKeySequence.StandardKey.Undo)
        self.redo = QAction(icons.icon("edit-redo"), _("Redo"), self)
        self.redo.triggered.connect(self.redo_requested)
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        for action in (self.undo, self.redo):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            parent.addAction(action)

    def tools(self) -> QHBoxLayout:
        """Return a row of buttons."""
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for action in (self._options, self._up, self._down, self._remove, self.undo, self.redo):
            button = QToolButton()
            button.setDefaultAction(action)
            beside = action in (self._options, self._remove)
            style = Qt.ToolButtonStyle
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if beside else style.ToolButtonIconOnly)
            button.setAutoRaise(True)
            button.setAccessibleName(action.text().replace("&", ""))
            tools.addWidget(button)
            if action is self._remove:
                tools.addWidget(self.copy)
        return tools

    def open_menu(self, assignment: Assignment, point: QPoint) -> None:
        """Open the context menu of a card, which is selected, at a point in screen coordinates."""
        menu = QMenu(self._board)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._options)
        on = menu.addAction(_("&Enabled"))
        on.setCheckable(True)
        on.setChecked(assignment.enabled)
        on.triggered.connect(lambda: self.switch_requested.emit(self._ids(), not assignment.enabled))
        menu.addSeparator()
        menu.addActions([self._up, self._down])
        move = menu.addMenu(_("Move &to"))
        for hook in LANES:
            if hook is not assignment.hook:
                move.addAction(lane_title(hook), partial(self._move_to, hook))
        menu.addAction(self._copy)
        if arrangement.counterpart(self._lanes_shown, assignment) is not None:
            sharing = menu.addAction(_("S&hare this pair with other backups"))
            sharing.setCheckable(True)
            sharing.setChecked(assignment.shared is not None)
            sharing.triggered.connect(lambda on: self.sharing_requested.emit(assignment.id, on))
        menu.addSeparator()
        menu.addAction(_("&New script here…"), partial(self.new_below_requested.emit, assignment))
        menu.addAction(_("Show &script"), lambda: self.script_requested.emit(assignment.script_id))
        menu.addAction(self._remove)
        menu.popup(point)

    def open_lane_menu(self, hook: Hook, point: QPoint) -> None:
        """Open the context menu of a lane at a point in screen coordinates."""
        menu = QMenu(self._board)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icons.icon("list-add"), _("&New script here…"), partial(self.new_requested.emit, hook))
        text = _("&Copy this lane to other repositories…")
        copying = menu.addAction(icons.icon("edit-copy"), text, partial(self.copy_requested.emit, hook))
        copying.setEnabled(self._lanes[hook].isEnabled())
        menu.popup(point)

    def enable(self, lanes: Arrangement, selected: Sequence[Assignment], *, can_add: bool) -> None:
        """Enable the actions that apply to the selected cards, and adding if a script can be added."""
        self._selected, self._lanes_shown = list(selected), lanes
        one = selected[0] if len(selected) == 1 else None
        self._options.setEnabled(one is not None)
        self._remove.setEnabled(bool(selected))
        self._copy.setEnabled(bool(selected))
        self._all.setEnabled(bool(lanes))
        for hook, copying in self._lanes.items():
            copying.setEnabled(bool(arrangement.lane(lanes, hook)))
        for action, step in ((self._up, -1), (self._down, 1)):
            action.setEnabled(arrangement.all_stepped(lanes, [each.id for each in selected], step) != lanes)
        self.add.setEnabled(can_add)

    def enable_history(self, to_undo: Change | None, to_redo: Change | None) -> None:
        """Enable undo and redo, and show which changes they apply to."""
        for action, change, text in (
            (self.undo, to_undo, _("Undo: {change}")),
            (self.redo, to_redo, _("Redo: {change}")),
        ):
            action.setEnabled(change is not None)
            action.setToolTip(text.format(change=change.text) if change else action.text())

    def _make_copy(self) -> QToolButton:
        menu = QMenu(self._board)
        menu.addAction(self._copy)
        menu.addSeparator()
        self._lanes = {
            hook: menu.addAction(
                _("The lane “{lane}”…").format(lane=words.literal(lane_title(hook))),
                partial(self.copy_requested.emit, hook),
            )
            for hook in LANES
        }
        self._all = menu.addAction(_("&All lanes…"), partial(self.copy_requested.emit, "all"))
        menu.addSeparator()
        menu.addAction(_("&Compare with another repository…"), self.comparison_requested.emit)
        button = QToolButton()
        button.setText(_("Copy"))
        button.setToolTip(_("Copy scripts with their options to other repositories, or compare them"))
        button.setIcon(icons.icon("edit-copy"))
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _copy_cards(self, _one: int) -> None:
        self.copy_requested.emit("cards")

    def _make_add(self) -> QToolButton:
        menu = QMenu(self._board)
        for hook in LANES:
            menu.addAction(lane_title(hook), partial(self._add_to, hook))
        several = menu.addMenu(_("In &several repositories"))
        for hook in LANES:
            several.addAction(lane_title(hook), partial(self.spreading_requested.emit, hook))
        button = QToolButton()
        button.setText(_("Add to"))
        button.setIcon(icons.icon("list-add"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _make_new(self) -> QToolButton:
        menu = QMenu(self._board)
        for hook in LANES:
            menu.addAction(lane_title(hook), partial(self.new_requested.emit, hook))
        button = QToolButton()
        button.setText(_("New script in"))
        button.setToolTip(_("Write a script for this repository (Insert in a lane)"))
        button.setIcon(icons.icon("list-add"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _add_to(self, hook: Hook) -> None:
        self.addition_requested.emit(hook)

    def _move_to(self, hook: Hook) -> None:
        self.move_requested.emit(self._ids(), hook)

    def _ids(self) -> list[AssignmentId]:
        return [one.id for one in self._selected]

    def _action(self, text: str, icon: str, run: Callable[[int], object]) -> QAction:
        action = QAction(icons.icon(icon), text, self)
        action.triggered.connect(lambda _checked: self._on_selected(run))
        return action

    def _on_selected(self, run: Callable[[int], object]) -> None:
        if self._selected:
            run(self._selected[0].id)
