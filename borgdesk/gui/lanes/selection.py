"""The selected cards, in all lanes; and which card to select after a change: the changed one, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import LANES, Hook
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import Arrangement
from borgdesk.gui.lanes.lane import Lane


class CardSelection(QObject):
    """Joins the selections of the lanes: Ctrl and Shift keep what is selected in other lanes, a plain click ends it."""

    changed = Signal()
    """The user has selected other cards, or none."""

    def __init__(self, lanes: Mapping[Hook, Lane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._is_showing = False
        self.ids: tuple[AssignmentId, ...] = ()
        """The card that keys last moved to comes first."""
        for hook, lane in lanes.items():
            lane.view.chosen = self._cards
            lane.view.cards_selected.connect(partial(self._on_selected, hook))
            lane.view.range_requested.connect(self._select_range)
            lane.view.extension_requested.connect(partial(self._extend, hook))

    def show(self, *, focus: bool = False) -> None:
        """Show in the lanes what is selected, and nothing else; optionally focus the first card."""
        first = self.ids[:1]
        with self._showing():
            for lane in self._lanes.values():
                view = lane.view
                if first and view.select(first[0]):
                    if focus:
                        view.setFocus(Qt.FocusReason.OtherFocusReason)
                elif view.selected_ids():
                    view.deselect()
                for one in self.ids[1:]:
                    view.select_too(one)

    def keep(self, there: Arrangement) -> None:
        """Forget cards that are not there."""
        known = {one.id for one in there}
        self.ids = tuple(one for one in self.ids if one in known)

    def _cards(self) -> list[Assignment]:
        """Return what is selected, from top to bottom."""
        return [one for one in self._all() if one.id in self.ids]

    def _all(self) -> list[Assignment]:
        models = [lane.cards for lane in self._lanes.values()]
        return [model.card(row).assignment for model in models for row in range(model.rowCount())]

    @contextmanager
    def _showing(self) -> Iterator[None]:
        """What changes in the block is not a choice of the user."""
        before, self._is_showing = self._is_showing, True
        try:
            yield
        finally:
            self._is_showing = before

    def _on_selected(self, hook: Hook, extends: bool) -> None:
        if self._is_showing:
            return
        views = {other: lane.view for other, lane in self._lanes.items()}
        with self._showing():
            for other, view in views.items():
                if other is not hook and not extends:
                    view.deselect()
        first = views[hook].selected_id()
        chosen = [one for view in views.values() for one in view.selected_ids()]
        self.ids = tuple(sorted(chosen, key=lambda one: one != first))
        self.changed.emit()

    def _select_range(self, last: AssignmentId) -> None:
        """Select all cards from the first that is selected to one in another lane."""
        ids = [one.id for one in self._all()]
        start = ids.index(self.ids[0]) if self.ids and self.ids[0] in ids else ids.index(last)
        low, high = sorted((start, ids.index(last)))
        self.ids = (ids[start], *(one for one in ids[low : high + 1] if one != ids[start]))
        self.show()
        self.changed.emit()

    def _extend(self, hook: Hook, step: int) -> None:
        """Select the next card too, which is in another lane, and let keys go on there."""
        hooks = [*self._lanes]
        beyond = hooks[hooks.index(hook) + 1 :] if step > 0 else hooks[: hooks.index(hook)][::-1]
        for other in beyond:
            view = self._lanes[other].view
            if view.lane.rowCount():
                view.go_on(0 if step > 0 else view.lane.rowCount() - 1)
                return


def selected_after(
    before: Arrangement, after: Arrangement, selected: tuple[AssignmentId, ...]
) -> tuple[AssignmentId, ...]:
    """Return the ids of the assignments to select: several only if they are new, or were selected and are still there.

    If two neighbours changed places, either may have moved: prefer the *selected* one. After a removal, select the next
    card of the lane, or else the previous one.
    """
    if len(selected) > 1 and {*selected} <= {now.id for now in after}:
        return selected
    known = {was.id for was in before}
    new = tuple(now.id for now in after if now.id not in known)
    if before and len(new) > 1:
        return new
    one = _one_after(before, after, selected[0] if selected else None)
    return () if one is None else (one,)


def _one_after(before: Arrangement, after: Arrangement, selected: AssignmentId | None) -> AssignmentId | None:
    changed = _changed(before, after)
    one = selected if selected in changed or not changed else changed[0]
    if any(now.id == one for now in after):
        return one
    gone = next((was for was in before if was.id == one), None)
    if gone is None:
        return None
    place = [was.id for was in arrangement.lane(before, gone.hook)].index(gone.id)
    left = arrangement.lane(after, gone.hook)
    return left[min(place, len(left) - 1)].id if left else None


def _changed(before: Arrangement, after: Arrangement) -> list[AssignmentId]:
    """Return the assignments any one of which alone can explain the change; none if there is no such change."""
    if _order(before) == _order(after):
        different = [one.id for one in after if one not in before]
        return different if len(different) == 1 else []
    ids = dict.fromkeys(one.id for one in (*after, *before))
    return [one for one in ids if _order(before, one) == _order(after, one)]


def _order(assignments: Sequence[Assignment], but: AssignmentId | None = None) -> list[tuple[str, AssignmentId]]:
    return [(hook, one.id) for hook in LANES for one in arrangement.lane(assignments, hook) if one.id != but]
