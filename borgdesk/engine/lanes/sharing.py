"""Shares a pair of scripts between repositories: what one of them stops stays down until the last run is done with it.

Both scripts of a pair are shared, or neither is. Which belongs to which is told by their names, or by the name of the
share.
"""

from __future__ import annotations

from dataclasses import replace

from borgdesk.domain.assignment import Assignment
from borgdesk.engine.lanes.arrangement import counterpart
from borgdesk.engine.lanes.assignments import SHARED, Changes, edit_assignment
from borgdesk.engine.workspace import Workspace


def share(workspace: Workspace, assignment: Assignment, name: str) -> Assignment | None:
    """Share a script and the one that belongs to it; return the latter, or None if there is none yet.

    Raises:
        InvalidInput: the lane, the condition of the script after the backup, or the name does not fit.
        NotFound: the assignment was removed meanwhile.
    """
    return _with_partner(workspace, assignment, Changes(shared=name))


def unshare(workspace: Workspace, assignment: Assignment) -> Assignment | None:
    """Share neither the script nor the one that belongs to it; return the latter.

    Raises:
        NotFound: the assignment was removed meanwhile.
    """
    return _with_partner(workspace, assignment, Changes(clear=[SHARED]))


def _with_partner(workspace: Workspace, assignment: Assignment, changes: Changes) -> Assignment | None:
    with workspace.store.database.together():
        other = partner_of(workspace, assignment, changes.shared or assignment.shared)
        edit_assignment(workspace, assignment, changes)
        return None if other is None else edit_assignment(workspace, other, changes)


def partner_of(workspace: Workspace, assignment: Assignment, shared: str | None = None) -> Assignment | None:
    """Return the assignment that belongs to this one, which is *shared* by that name, or is to be."""
    others = workspace.store.assignments.list(assignment.repository_id)
    return counterpart(tuple(others), replace(assignment, shared=shared))
