"""What stands below the cards of the lanes: advice, and inline scripts that a repository still has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.run import Hook
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.advice import Advice, advice
from borgdesk.engine.lanes.arrangement import RepositoryLanes
from borgdesk.engine.lanes.foresight import Foresight
from borgdesk.engine.lanes.inline_scripts import INLINE_IDS, inline_text
from borgdesk.gui.lanes.advice_row import AdviceRow
from borgdesk.gui.lanes.inline_card import InlineCard, what_becomes
from borgdesk.gui.lanes.lane import Lane


class LaneExtras(QObject):
    """Rows stay as long as they say the same: one of their buttons may have the focus."""

    move_requested = Signal(object)
    """The inline script of the lane of this Hook is to be moved to the library."""
    edit_requested = Signal(object)
    """The inline script of the lane of this Hook is to be edited."""
    removal_requested = Signal(object)
    """The inline script of the lane of this Hook is to be removed."""
    followed = Signal(object)
    """The Advice that the user follows."""

    def __init__(self, lanes: Mapping[Hook, Lane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._shown: dict[Hook, tuple[object, ...]] = {}
        self._cards: dict[Hook, InlineCard] = {}

    def show(self, board: RepositoryLanes, foresight: Foresight | None = None) -> None:
        """Show what there is to say about these lanes, or would be if a run went as foreseen."""
        given, has_library = advice(board), bool(board.library)
        for hook, lane in self._lanes.items():
            idle = bool(arrangement.lane(board.assignments, hook))
            inline = inline_text(board.repository, hook)
            mine = tuple(one for one in given if one.about.hook is hook)
            if self._shown.get(hook) != (inline, idle, has_library, mine):
                self._shown[hook] = (inline, idle, has_library, mine)
                self._cards.pop(hook, None)
                rows: list[QWidget] = [self._inline_card(hook, inline, idle)] if inline.strip() else []
                lane.set_extras([*rows, *map(self._advice_row, mine)])
                lane.view.say_when_empty(has_inline=bool(inline.strip()), has_library=has_library)
            if hook in self._cards and not idle:
                self._cards[hook].show_becoming(*what_becomes(INLINE_IDS[hook], foresight))

    def _inline_card(self, hook: Hook, text: str, idle: bool) -> QWidget:
        card = self._cards[hook] = InlineCard(text, idle=idle)
        card.move_requested.connect(partial(self.move_requested.emit, hook))
        card.edit_requested.connect(partial(self.edit_requested.emit, hook))
        card.removal_requested.connect(partial(self.removal_requested.emit, hook))
        return card

    def _advice_row(self, given: Advice) -> QWidget:
        row = AdviceRow(given)
        row.followed.connect(self.followed)
        return row
