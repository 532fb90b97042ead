"""Decides which card to select after a change of the lanes: the changed one, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import LANES
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import Arrangement


def selected_after(
    before: Arrangement, after: Arrangement, selected: tuple[AssignmentId, ...]
) -> tuple[AssignmentId, ...]:
    """Return the ids of the assignments to select: several only if they were selected and are still there.

    If two neighbours changed places, either may have moved: prefer the *selected* one. After a removal, select the next
    card of the lane, or else the previous one.
    """
    if len(selected) > 1 and {*selected} <= {now.id for now in after}:
        return selected
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
