"""Merges concurrent changes to the lanes of one repository.

From what an editor loaded, what it wants and what is stored now, it computes what is to be stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import Changed
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.merging import Facts, merged
from borgdesk.domain.run import LANES, Hook
from borgdesk.translation import N_, _

FIELDS = (N_("hook"), N_("enabled"), N_("timeout"), N_("run_on"), N_("on_failure"), N_("shared"))
"""The facts of an assignment other than parameters."""

SECRET = True
"""The value of the fact for a secret parameter, of which only the name is known."""


def facts_of(assignment: Assignment) -> Facts:
    """Return what is editable in an assignment: its lane, its overrides by field, its parameters by name."""
    return {
        **{name: getattr(assignment, name) for name in FIELDS},
        **assignment.parameters,
        **dict.fromkeys(assignment.secrets, SECRET),
    }


def with_facts(assignment: Assignment, facts: Facts) -> Assignment:
    """Return *assignment* with the given facts."""
    values = {name: value for name, value in facts.items() if name not in FIELDS and value is not None}
    return replace(
        assignment,
        **{name: facts[name] for name in FIELDS},
        parameters={name: value for name, value in values.items() if value is not SECRET},
        secrets=frozenset(name for name, value in values.items() if value is SECRET),
    )


def title(assignment: Assignment) -> str:
    """Return the name of an assignment for messages."""
    # Translators: begins a sentence: “Stop” in “Documents” was changed …
    return _("“{script}” in “{repository}”").format(script=assignment.script, repository=assignment.repository)


def rearranged(
    seen: Sequence[Assignment], wanted: Sequence[Assignment], stored: Sequence[Assignment]
) -> list[Assignment]:
    """Return all assignments to be stored, with each lane in order; those with id 0 are new.

    Raises:
        Changed: the same assignment was moved, changed or removed both here and elsewhere.
    """
    before, now = _by_id(seen), _by_id(stored)
    _check_removed(before, now, {one.id for one in wanted})
    kept = [one for new in wanted if (one := _kept(new, before, now)) is not None]
    ours = {one.id for one in kept}
    foreign = [one for one in stored if one.id not in ours and one.id not in before]
    final = [*kept, *foreign]
    return [one for hook in LANES for one in _lane(hook, seen, wanted, stored, final)]


def _by_id(assignments: Sequence[Assignment]) -> Mapping[AssignmentId, Assignment]:
    return {one.id: one for one in assignments}


def _check_removed(
    before: Mapping[AssignmentId, Assignment], now: Mapping[AssignmentId, Assignment], wanted: set[AssignmentId]
) -> None:
    """Refuse to remove an assignment that was changed since it was loaded."""
    for gone in before.keys() - wanted:
        if gone in now and facts_of(now[gone]) != facts_of(before[gone]):
            raise Changed(title(now[gone]))


def _kept(
    new: Assignment, before: Mapping[AssignmentId, Assignment], now: Mapping[AssignmentId, Assignment]
) -> Assignment | None:
    """Return an assignment with the changes of both sides; None if it was removed elsewhere and not touched here."""
    if new.id not in before:
        # New, or restored by an undo.
        return now.get(new.id, new)
    if new.id not in now:
        if facts_of(new) != facts_of(before[new.id]):
            raise Changed(title(new))
        return None
    return with_facts(new, merged(facts_of(before[new.id]), facts_of(new), facts_of(now[new.id]), title(new)))


def _lane(
    hook: Hook,
    seen: Sequence[Assignment],
    wanted: Sequence[Assignment],
    stored: Sequence[Assignment],
    final: Sequence[Assignment],
) -> list[Assignment]:
    ids_seen, ids_wanted, ids_stored = (_ids(lanes, hook) for lanes in (seen, wanted, stored))
    members = [one for one in final if one.hook is hook]
    if ids_wanted == [one for one in ids_seen if one in ids_wanted]:
        return sorted(members, key=lambda one: _place(ids_stored, one.id))
    theirs = [one for one in ids_stored if one in ids_seen]
    if theirs not in ([one for one in ids_seen if one in ids_stored], [one for one in ids_wanted if one in theirs]):
        raise Changed(_("The order of the scripts in “{lane}”").format(lane=lane_title(hook)))
    in_order = sorted((one for one in members if _was_wanted(one, wanted)), key=lambda one: one.order)
    for other in members:
        if not _was_wanted(other, wanted):
            in_order.insert(_after_predecessor(other.id, ids_stored, [one.id for one in in_order]), other)
    return in_order


def _ids(assignments: Sequence[Assignment], hook: Hook) -> list[AssignmentId]:
    return [one.id for one in sorted(assignments, key=lambda one: one.order) if one.hook is hook]


def _place(ids: Sequence[AssignmentId], one: AssignmentId) -> int:
    return ids.index(one) if one in ids else len(ids)


def _was_wanted(one: Assignment, wanted: Sequence[Assignment]) -> bool:
    """Return whether this side, rather than the other, put the assignment into its lane."""
    return any(other.id == one.id and other.hook is one.hook for other in wanted)


def _after_predecessor(one: AssignmentId, stored: Sequence[AssignmentId], lane: Sequence[AssignmentId]) -> int:
    """Return the index for an assignment of the other side: after its predecessor in *stored*."""
    for neighbour in reversed(stored[: _place(stored, one)]):
        if neighbour in lane:
            return lane.index(neighbour) + 1
    return 0
