"""Board with the script library on the left and the lanes of one repository on the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.advice import Advice, followed
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes
from borgdesk.engine.lanes.brackets import Recent, brackets, read_recent
from borgdesk.engine.lanes.copying import Elsewhere
from borgdesk.engine.lanes.foresight import Foresight, Scenario, foresee
from borgdesk.engine.lanes.inline_scripts import with_inline
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.arranger import Arranger, Operation
from borgdesk.gui.lanes.board_actions import BoardActions
from borgdesk.gui.lanes.cards import Card, facts_of
from borgdesk.gui.lanes.drag import named
from borgdesk.gui.lanes.gutter import was_down_at_most
from borgdesk.gui.lanes.inline_scripts import InlineScripts
from borgdesk.gui.lanes.lane_extras import LaneExtras
from borgdesk.gui.lanes.library_list import LibraryList
from borgdesk.gui.lanes.outcome_bar import OutcomeBar
from borgdesk.gui.lanes.pipeline import Pipeline
from borgdesk.gui.lanes.selection import CardSelection, selected_after
from borgdesk.gui.lanes.spreading import Spreading, change_of, what_came_of_it
from borgdesk.gui.lanes.undo_history import Change
from borgdesk.gui.lanes.visible import visible
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_LIBRARY = 220
"""Width of the library at first, in pixels."""


class AssignmentBoard(QWidget):
    """Shows and changes the assignments of a repository. Every change is stored at once and can be undone."""

    options_requested = Signal(object, object)
    """An Assignment whose options are to be shown, and the Header of its script. Answer with :meth:`record_edit`."""
    script_requested = Signal(int)
    """Id of a script that is to be shown on its own page."""
    changed = Signal()
    """Something was stored."""
    shown = Signal()
    """The lanes show the stored state."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._arranger = Arranger(workspace, background, self)
        self._scenario: Scenario | None = None
        self._recent: tuple[RepositoryId | None, Recent] = (None, ())
        self._asked = 0
        self.library = LibraryList()
        self.notice = Banner()
        self.pipeline = Pipeline()
        self.lanes = self.pipeline.lanes
        self.selection = CardSelection(self.lanes, self)
        self._extras = LaneExtras(self.lanes, self)
        self.inline = InlineScripts(workspace, background, self._arranger, self)
        self.board_actions = BoardActions(self)
        self._spreading = Spreading(workspace, background, self)
        self.outcomes = OutcomeBar(self.board_actions.tools())
        self._lay_out()
        self._connect()
        self._adapt()

    # Content ------------------------------------------------------------------------------------------------------

    def show_repository(self, repository_id: RepositoryId) -> None:
        """Show the lanes of a repository."""
        if self._arranger.board is None or self._arranger.board.repository.id != repository_id:
            self._arranger.leave()
            self.selection.ids = ()
        self._asked += 1
        question = partial(arrangement.read_lanes, self._workspace, repository_id)
        self._background.ask(question, partial(self._on_board_read, self._asked), owner=self)
        self._read_recent(repository_id)

    def _read_recent(self, repository_id: RepositoryId) -> None:
        """Read how long services were down, which the board can do without: it does not wait for that."""
        question = partial(read_recent, self._workspace, repository_id)
        self._background.ask(question, partial(self._on_recent_read, repository_id), owner=self)

    def _on_recent_read(self, repository_id: RepositoryId, recent: Recent) -> None:
        changed = (repository_id, recent) != self._recent
        self._recent = repository_id, recent
        board = self._arranger.board
        if changed and board is not None and board.repository.id == repository_id and not self._arranger.is_busy:
            self._draw(board)

    def reload(self) -> None:
        """Reload the stored state, which others may have changed."""
        if self._arranger.board is not None and not self._arranger.is_busy:
            self.show_repository(self._arranger.board.repository.id)

    def refresh_if_changed(self) -> None:
        """Reload if the stored state differs from what is shown; otherwise do nothing that could disturb a drag."""
        board = self._arranger.board
        if board is not None and not self._arranger.is_busy:
            stored = partial(arrangement.read_lanes, self._workspace, board.repository.id)
            self._background.ask(stored, partial(self._on_board_compared, board), owner=self)
            self._read_recent(board.repository.id)

    def _on_board_compared(self, board: RepositoryLanes, stored: RepositoryLanes) -> None:
        if board is self._arranger.board and visible(stored) != visible(board):
            self.reload()

    @property
    def assignments(self) -> Arrangement:
        """The assignments in the lanes."""
        return self._arranger.assignments

    def selected(self) -> Assignment | None:
        """Return the selected assignment."""
        return next((one for one in self.assignments if one.id in self.selection.ids[:1]), None)

    def select(self, assignment_id: AssignmentId) -> None:
        """Select a card."""
        self.selection.ids = (assignment_id,)
        self.selection.show()
        self._adapt()

    def _on_board_read(self, number: int, board: RepositoryLanes) -> None:
        """Show the board, unless a change or a later request has made it outdated."""
        if number == self._asked:
            self._show(board)

    def _show(self, board: RepositoryLanes) -> None:
        self._draw(board)
        self.shown.emit()

    def _draw(self, board: RepositoryLanes) -> None:
        self._arranger.board = board
        self._draw_lanes(board)

    def _draw_lanes(self, board: RepositoryLanes) -> None:
        """Draw lanes that are stored, or are about to be."""
        has_keyboard = any(lane.view.hasFocus() for lane in self.lanes.values())
        self.library.set_scripts(board.library)
        scripts = with_inline(board)
        self.outcomes.show_scripts(scripts)
        foresight = None if self._scenario is None else foresee(scripts, self._scenario)
        self.pipeline.show_repository(board.repository, foresight)
        pairs = brackets(board.assignments, self._recent[1] if self._recent[0] == board.repository.id else ())
        down = {one: was_down_at_most(pair) for pair in pairs for one in (pair.stopping, pair.starting)}
        for hook, lane in self.lanes.items():
            lane.cards.show(
                [self._card(one, foresight, down.get(one.id, "")) for one in arrangement.lane(board.assignments, hook)]
            )
        self._extras.show(board, foresight)
        self.pipeline.gutter.show_brackets(pairs)
        self.selection.keep(board.assignments)
        self.selection.show(focus=has_keyboard)
        self._adapt()

    def _card(self, assignment: Assignment, foresight: Foresight | None, down: str) -> Card:
        decision = None if foresight is None else foresight.decisions.get(assignment.id)
        culprit = self._scenario is not None and assignment.id == self._scenario.failing
        warnings = self._arranger.board.warnings.get(assignment.id, ()) if self._arranger.board else ()
        return Card(assignment, facts_of(assignment), warnings, decision, is_culprit=culprit, down=down)

    def _follow(self, given: Advice) -> None:
        board = self._arranger.board
        if board is not None:
            self.lanes[given.about.hook].view.setFocus()
            text = _("Follow the advice about {script}")
            self._do_with([given.about.id], text, lambda now: followed(now, given, board.repository))

    # Changes --------------------------------------------------------------------------------------------------------

    def add_script(self, script_id: ScriptId, hook: Hook, place: int | None = None) -> None:
        """Add a library script to a lane, at its end unless a position (from 0) is given."""
        self.add_scripts([script_id], hook, len(self.assignments) if place is None else place)

    def add_scripts(self, script_ids: Sequence[ScriptId], hook: Hook, place: int) -> None:
        """Add library scripts to a lane at a position (from 0)."""
        board = self._arranger.board
        scripts = [one for one in board.library if one.id in script_ids] if board else []
        if board is None or not scripts:
            return
        self.selection.ids = ()
        self._arranger.do(
            _("Add {script}").format(script=named([script.name for script in scripts])),
            lambda now: arrangement.all_added(now, scripts, board.repository, hook, place),
        )

    def put(self, assignment_id: AssignmentId, hook: Hook, place: int) -> None:
        """Move a card to a position (from 0) in a lane."""
        self.put_all([assignment_id], hook, place)

    def put_all(self, ids: Sequence[AssignmentId], hook: Hook, place: int) -> None:
        """Move cards to a position (from 0) in a lane."""
        self._do_with(ids, _("Move {script}"), lambda now: arrangement.all_moved(now, ids, hook, place))

    def step(self, assignment_id: AssignmentId, step: int) -> None:
        """Move a card up (-1) or down (1) by one position, and with it all that are selected if it is one of them."""
        ids = self.selection.ids if assignment_id in self.selection.ids else (assignment_id,)
        self._do_with(ids, _("Move {script}"), lambda now: arrangement.all_stepped(now, ids, step))

    def remove(self, ids: Sequence[AssignmentId]) -> None:
        """Remove cards from their lane; the scripts stay in the library."""
        self._do_with(ids, _("Remove {script}"), lambda now: arrangement.all_without(now, ids))

    def switch(self, ids: Sequence[AssignmentId], enabled: bool) -> None:
        """Enable or disable cards."""
        text = _("Enable {script}") if enabled else _("Disable {script}")
        self._do_with(ids, text, lambda now: arrangement.switched(now, ids, enabled=enabled))

    def share(self, one: AssignmentId, shared: bool) -> None:
        """Share a script, and the one that belongs to it, with other backups, or no longer."""
        text = _("Share {script}") if shared else _("Do not share {script}")
        self._do_with([one], text, lambda now: arrangement.with_shared_pair(now, one, shared=shared))

    def _do_with(self, ids: Sequence[AssignmentId], text: str, operation: Operation) -> None:
        if names := [one.script for one in self.assignments if one.id in ids]:
            self.selection.ids = tuple(ids)
            self._arranger.do(text.format(script=named(names)), operation)

    def _on_copy_requested(self, what: Hook | str) -> None:
        chosen = {one.id for one in self.assignments if one.hook is what or what == "all"}
        if what == "cards":
            chosen = {*self.selection.ids}
        self._spreading.ask_to_copy([one for one in self.assignments if one.id in chosen])

    def _on_spread(self, text: str, done: Sequence[Elsewhere]) -> None:
        """Record what was assigned in other repositories, or in several, as one change."""
        if (change := change_of(text, done, self._arranger.board, self.assignments)) is not None:
            self._arranger.record(change)
            self._adapt()
        self.notice.show_message(what_came_of_it(done), Tone.GOOD)
        self._reload_changed()

    def _on_expected(self, board: RepositoryLanes) -> None:
        self.selection.ids = selected_after(self.assignments, board.assignments, self.selection.ids)
        self._draw_lanes(board)

    def _on_arranged(self, board: RepositoryLanes) -> None:
        self.selection.ids = selected_after(self.assignments, board.assignments, self.selection.ids)
        self._asked += 1
        self.notice.hide()
        self._show(board)

    def _on_failed(self, error: BorgDeskError) -> None:
        self.notice.show_message(error.sentence, Tone.BAD)
        if self._arranger.board is not None:
            self._draw(self._arranger.board)
        self.reload()

    def show_running(self, running: bool) -> None:
        """Show whether a backup of the repository is running, which changes here do not concern any more."""
        self.outcomes.hint.setText(_("The running backup keeps the scripts it began with.") if running else "")

    # Overrides ------------------------------------------------------------------------------------------------------

    def _on_options_requested(self, assignment_id: AssignmentId) -> None:
        assignment = next((one for one in self.assignments if one.id == assignment_id), None)
        if self._arranger.board is not None and assignment is not None:
            self.options_requested.emit(assignment, self._arranger.board.headers[assignment.script_id])

    def reopen_options(self, assignment_id: AssignmentId) -> None:
        """Show the options of an assignment as they are stored now."""
        self.shown.connect(partial(self._on_options_requested, assignment_id), Qt.ConnectionType.SingleShotConnection)
        self.reload()

    def record_edit(self, before: Assignment, after: Assignment) -> None:
        """Record that an assignment was changed elsewhere and stored.

        The keyring no longer has the previous value of a secret: such a change cannot be undone, nor those before it.
        """
        lanes = self.assignments
        if before.secrets or after.secrets:
            self._arranger.forget_changes()
        else:
            changed = tuple(after if one.id == after.id else one for one in lanes)
            self._arranger.record(Change(_("Change {script}").format(script=after.script), lanes, changed))
        self.selection.ids = (after.id,)
        self._reload_changed()

    def _reload_changed(self) -> None:
        self.changed.emit()
        self.reload()

    # What happens if ------------------------------------------------------------------------------------------------

    def _on_scenario_picked(self, scenario: Scenario | None) -> None:
        self._scenario = scenario
        if self._arranger.board is not None:
            self._draw(self._arranger.board)

    # Implementation -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.library, 1)
        box.addWidget(self.board_actions.add)
        box.addWidget(self.board_actions.new)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self.pipeline)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([_LIBRARY, 3 * _LIBRARY])
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.outcomes)
        layout.addWidget(CalmPlace(splitter, self.notice))
        layout.addWidget(splitter, 1)

    def _connect(self) -> None:
        self._arranger.expected.connect(self._on_expected)
        self._arranger.arranged.connect(self._on_arranged)
        self._arranger.stored.connect(self.changed)
        self._arranger.failed.connect(self._on_failed)
        self._arranger.incomplete.connect(lambda text: self.notice.show_message(text, Tone.BAD))
        self._arranger.changed_elsewhere.connect(lambda text: self.notice.show_message(text, Tone.GOOD))
        self._connect_inline()
        self._extras.followed.connect(self._follow)
        self.outcomes.picked.connect(self._on_scenario_picked)
        self.library.cards_dropped.connect(self.remove)
        self.library.script_chosen.connect(self._on_script_chosen)
        self.library.selection_changed.connect(self._adapt)
        self.selection.changed.connect(self._adapt)
        for hook, lane in self.lanes.items():
            view = lane.view
            lane.cards.switched.connect(lambda one, on: self.switch([one], on))
            lane.cards.cards_dropped.connect(lambda ids, place, to=hook: self.put_all(ids, to, place))
            lane.cards.scripts_dropped.connect(lambda ids, place, to=hook: self.add_scripts(ids, to, place))
            view.removal_requested.connect(lambda _ids: self.remove(self.selection.ids))
            view.switch_requested.connect(lambda _ids, on: self.switch(self.selection.ids, on))
            view.step_requested.connect(self.step)
            view.opened.connect(self._on_options_requested)
            view.menu_requested.connect(self._on_menu_requested)
        self._connect_actions()

    def _connect_inline(self) -> None:
        self._extras.edit_requested.connect(self.inline.edit)
        self._extras.move_requested.connect(self.inline.move)
        self._extras.removal_requested.connect(self.inline.remove)
        self.inline.changed.connect(self._reload_changed)
        self.inline.failed.connect(self._on_failed)
        self.board_actions.new_requested.connect(self.inline.new)
        self.board_actions.new_below_requested.connect(lambda one: self.inline.new(one.hook, one.order))
        for hook, lane in self.lanes.items():
            lane.view.new_requested.connect(partial(self.inline.new, hook))
            lane.view.lane_menu_requested.connect(partial(self.board_actions.open_lane_menu, hook))

    def _connect_actions(self) -> None:
        actions = self.board_actions
        actions.options_requested.connect(self._on_options_requested)
        actions.step_requested.connect(self.step)
        actions.removal_requested.connect(self.remove)
        actions.switch_requested.connect(self.switch)
        actions.sharing_requested.connect(self.share)
        actions.move_requested.connect(lambda ids, hook: self.put_all(ids, hook, len(self.assignments)))
        actions.script_requested.connect(self.script_requested)
        actions.addition_requested.connect(self._on_addition_requested)
        actions.copy_requested.connect(self._on_copy_requested)
        actions.comparison_requested.connect(lambda: self._spreading.show_comparison(self._arranger.board))
        actions.spreading_requested.connect(
            lambda hook: self._spreading.ask_to_assign(self.library.selected_all(), hook, lane_title(hook))
        )
        self._spreading.spread.connect(self._on_spread)
        self._spreading.failed.connect(self._on_failed)
        actions.undo_requested.connect(self._arranger.undo)
        actions.redo_requested.connect(self._arranger.redo)

    def _on_addition_requested(self, hook: Hook) -> None:
        self.add_scripts([one.id for one in self.library.selected_all()], hook, len(self.assignments))

    def _on_script_chosen(self, script_id: ScriptId) -> None:
        self.library.select(script_id)
        self.board_actions.add.showMenu()

    def _on_menu_requested(self, assignment_id: AssignmentId, point: QPoint) -> None:
        if assignment := next((one for one in self.assignments if one.id == assignment_id), None):
            self.board_actions.open_menu(assignment, point)

    def _adapt(self) -> None:
        """Enable the actions that are possible now."""
        chosen = [one for one in self.assignments if one.id in self.selection.ids]
        self.board_actions.enable(self.assignments, chosen, can_add=self.library.selected() is not None)
        self.board_actions.enable_history(self._arranger.to_undo, self._arranger.to_redo)
