"""The lanes of one repository as a whole: their contents, their problems, and where a card that is moved ends up.

A rearrangement is a function from one tuple of assignments to the next and is stored in one transaction, so an editor
can undo it by storing the previous tuple. Secret values outlive a removal until :func:`forget_removed`.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.decisions import Decision, LaneState, decide
from borgdesk.domain.errors import BorgDeskError, SecretsUnavailable
from borgdesk.domain.holds import BY_CONTENT, SHARED_LANES, Part, partner
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.parameters import Header
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, LANES, Hook, OnFailure, Outcome, RunKind
from borgdesk.domain.script import Script, shebang
from borgdesk.engine.lanes.assignment_secrets import with_secrets_in_keyring
from borgdesk.engine.lanes.assignments import header_of_script
from borgdesk.engine.processes.process import StartFailed
from borgdesk.engine.scripts.interpreters import interpreter
from borgdesk.engine.secrets import secret_lifetime
from borgdesk.engine.secrets.secret_lifetime import before_removal, secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

Arrangement = tuple[Assignment, ...]
"""By lane and position."""


@dataclass(frozen=True, slots=True)
class RepositoryLanes:
    """The lanes of a repository, with the library."""

    repository: Repository
    assignments: Arrangement
    headers: Mapping[ScriptId, Header]
    """By script id; empty for a script whose block cannot be read."""
    warnings: Mapping[AssignmentId, tuple[str, ...]]
    """By assignment id: sentences about what will keep it from working."""
    library: tuple[Script, ...]
    made: Arrangement = ()
    """Assignments created by the arrangement just stored, in its order."""


def read_lanes(workspace: Workspace, repository_id: RepositoryId) -> RepositoryLanes:
    """Load the stored lanes, after moving values that scripts declare secret to the keyring.

    Raises:
        NotFound: there is no such repository.
    """
    repository = workspace.store.repositories.get(repository_id)
    stored = workspace.store.assignments.list(repository_id)
    headers, problems = _headers(workspace, {one.script_id for one in stored})
    assignments: list[Assignment] = []
    warnings: dict[AssignmentId, tuple[str, ...]] = {}
    for assignment in stored:
        header, problem = headers[assignment.script_id], problems.get(assignment.script_id)
        try:
            assignments.append(with_secrets_in_keyring(workspace, assignment, header))
        except SecretsUnavailable as error:
            assignments.append(assignment)
            problem = str(error)
        if problem is None and assignment.hook.is_post:
            problem = _obstacle(workspace, assignment.script_id)
        warnings[assignment.id] = _warnings(assignments[-1], header, problem)
    return RepositoryLanes(repository, tuple(assignments), headers, warnings, tuple(workspace.store.scripts.list()))


def arrange(
    workspace: Workspace, repository_id: RepositoryId, seen: Sequence[Assignment], wanted: Sequence[Assignment]
) -> RepositoryLanes:
    """Apply the changes from the arrangement that was *seen* to the one *wanted*, and return the new lanes.

    Concurrent additions, removals and changes of other assignments are kept.

    Raises:
        InvalidInput: a value is invalid; nothing was changed.
        NotFound: the repository or a script was removed meanwhile.
        Changed: somebody else moved, changed or removed the same assignment; nothing was changed.
    """
    staying = {one.id for one in wanted}
    for gone in (one for one in seen if one.id not in staying):
        before_removal(workspace, secret_owner(gone.id), gone.secrets)
    made = workspace.store.assignments.rearrange(repository_id, seen, wanted)
    return replace(read_lanes(workspace, repository_id), made=tuple(made))


def forget_removed(workspace: Workspace, assignments: Sequence[Assignment]) -> None:
    """Delete the secret values of those *assignments* that are no longer stored.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    for assignment in assignments:
        if assignment.secrets and assignment.id not in _ids(workspace, assignment.repository_id):
            secret_lifetime.forget_removed(workspace, secret_owner(assignment.id), assignment.secrets)


def _ids(workspace: Workspace, repository_id: RepositoryId) -> set[AssignmentId]:
    return {assignment.id for assignment in workspace.store.assignments.list(repository_id)}


def _headers(workspace: Workspace, script_ids: set[ScriptId]) -> tuple[dict[ScriptId, Header], dict[ScriptId, str]]:
    headers: dict[ScriptId, Header] = {}
    problems: dict[ScriptId, str] = {}
    for script_id in script_ids:
        headers[script_id] = Header()
        try:
            headers[script_id] = header_of_script(workspace, script_id)
            if (found := workspace.store.scripts.exposure(script_id)) is not None:
                problems[script_id] = _("{why}: it is not run until you protect the file on the Scripts page.").format(
                    why=found.why
                )
        except BorgDeskError as error:
            problems[script_id] = str(error)
    return headers, problems


def _obstacle(workspace: Workspace, script_id: ScriptId) -> str | None:
    """Return what prevents a script from starting; if it would be owed, it prevents the whole run."""
    try:
        words = shebang(workspace.store.scripts.content(script_id))
        interpreter(words, partial(shutil.which, path=workspace.environment.get("PATH")))
    except StartFailed as error:
        return _("{error} No backup starts without it.").format(error=error)
    return None


def _warnings(assignment: Assignment, header: Header, problem: str | None) -> tuple[str, ...]:
    if problem:
        return (problem,)
    given = {**assignment.parameters, **dict.fromkeys(assignment.secrets, "kept")}
    _values, missing = resolve_values(header, given)
    return tuple(_("{name} needs a value: no backup starts without it.").format(name=name) for name in missing)


def added(arrangement: Arrangement, script: Script, repository: Repository, hook: Hook, place: int) -> Arrangement:
    """Return the arrangement with *script* added at *place* (from 0) of a lane; its id is assigned when stored."""
    new = Assignment(
        id=AssignmentId(0),
        repository_id=repository.id,
        repository=repository.name,
        script_id=script.id,
        script=script.name,
        hook=hook,
        order=0,
        script_timeout=script.timeout,
        script_run_on=script.run_on,
        repository_on_failure=repository.on_failure,
    )
    return _with(arrangement, new, hook, place)


def all_added(
    arrangement: Arrangement, scripts: Sequence[Script], repository: Repository, hook: Hook, place: int
) -> Arrangement:
    """Return the arrangement with *scripts* added at *place* of a lane, as :func:`added`, in their order."""
    place = min(max(place, 0), len(lane(arrangement, hook)))
    for number, script in enumerate(scripts):
        arrangement = added(arrangement, script, repository, hook, place + number)
    return arrangement


def appended(arrangement: Arrangement, assignment: Assignment) -> Arrangement:
    """Return the arrangement with a stored assignment at the end of its lane."""
    return _with(arrangement, assignment, assignment.hook, len(arrangement))


def moved(arrangement: Arrangement, assignment_id: AssignmentId, hook: Hook, place: int) -> Arrangement:
    """Return the arrangement with an assignment moved to *place* (from 0, counted before its removal) of a lane.

    The policy *skip* is dropped if the lane does not support it.
    """
    return all_moved(arrangement, [assignment_id], hook, place)


def all_moved(
    arrangement: Arrangement, assignment_ids: Collection[AssignmentId], hook: Hook, place: int
) -> Arrangement:
    """Return the arrangement with assignments moved to *place* of a lane, as :func:`moved`, in their present order."""
    moving = [_suited(one, hook) for one in arrangement if one.id in assignment_ids]
    left = all_without(arrangement, assignment_ids)
    place -= sum(one.id in assignment_ids for one in lane(arrangement, hook)[: max(place, 0)])
    for number, one in enumerate(moving):
        left = _with(left, one, hook, max(place, 0) + number)
    return left


def _suited(one: Assignment, hook: Hook) -> Assignment:
    skips = one.on_failure is OnFailure.SKIP and not hook.is_pre
    shared = one.shared if hook in SHARED_LANES else None
    return replace(one, hook=hook, on_failure=None if skips else one.on_failure, shared=shared)


def stepped(arrangement: Arrangement, assignment_id: AssignmentId, step: int) -> Arrangement:
    """Return the arrangement with an assignment moved up (-1) or down (1) by one, if necessary into the next lane.

    It stays in the lanes of the same kind of run: what starts containers after a backup has no place before a restore.
    """
    one = _find(arrangement, assignment_id)
    if one is None:
        return arrangement
    place = one.order - 1 + step
    if 0 <= place < len(lane(arrangement, one.hook)):
        return moved(arrangement, assignment_id, one.hook, place if step < 0 else place + 1)
    (lanes,) = (kind.lanes for kind in RunKind if one.hook in kind.lanes)
    index = lanes.index(one.hook) + step
    if not 0 <= index < len(lanes):
        return arrangement
    target = lanes[index]
    return moved(arrangement, assignment_id, target, 0 if step > 0 else len(lane(arrangement, target)))


def all_stepped(arrangement: Arrangement, assignment_ids: Collection[AssignmentId], step: int) -> Arrangement:
    """Return the arrangement with assignments moved as by :func:`stepped`, without passing each other.

    One that cannot move stays, and so do those beside it.
    """
    moving = [one.id for one in arrangement if one.id in assignment_ids]
    stuck: set[AssignmentId] = set()
    for one_id in moving if step < 0 else reversed(moving):
        one = _find(arrangement, one_id)
        assert one is not None
        place, at_one = one.order - 1 + step, lane(arrangement, one.hook)
        after = stepped(arrangement, one_id, step)
        if after == arrangement or (0 <= place < len(at_one) and at_one[place].id in stuck):
            stuck.add(one_id)
        else:
            arrangement = after
    return arrangement


def without(arrangement: Arrangement, assignment_id: AssignmentId) -> Arrangement:
    """Return the arrangement without that assignment."""
    return all_without(arrangement, [assignment_id])


def all_without(arrangement: Arrangement, assignment_ids: Collection[AssignmentId]) -> Arrangement:
    """Return the arrangement without those assignments."""
    return _numbered([one for one in arrangement if one.id not in assignment_ids])


def switched(arrangement: Arrangement, assignment_ids: Collection[AssignmentId], *, enabled: bool) -> Arrangement:
    """Return the arrangement with those assignments enabled or disabled."""
    return tuple(replace(one, enabled=enabled) if one.id in assignment_ids else one for one in arrangement)


def counterpart(arrangement: Arrangement, assignment: Assignment) -> Assignment | None:
    """Return the assignment that a pair to be shared consists of together with this one; None if there is none."""
    parts = [(Part(one.script, one.hook, one.shared), one) for one in arrangement if one.id != assignment.id]
    own = Part(assignment.script, assignment.hook, assignment.shared)
    found = partner([part for part, _ in parts], own) if assignment.hook in SHARED_LANES else None
    return next((one for part, one in parts if part == found), None)


def with_shared_pair(arrangement: Arrangement, assignment_id: AssignmentId, *, shared: bool) -> Arrangement:
    """Return the arrangement with an assignment and its counterpart shared, or no longer.

    A shared script after the backup has to run always.
    """
    one = _find(arrangement, assignment_id)
    other = None if one is None else counterpart(arrangement, one)
    if one is None or other is None:
        return arrangement
    pair = {one.id, other.id}
    return tuple(_shared(each, shared=shared) if each.id in pair else each for each in arrangement)


def _shared(one: Assignment, *, shared: bool) -> Assignment:
    run_on = ALWAYS if shared and one.hook.is_post and not one.effective.run_on.always else one.run_on
    return replace(one, shared=(one.shared or BY_CONTENT) if shared else None, run_on=run_on)


def lane(arrangement: Sequence[Assignment], hook: Hook) -> list[Assignment]:
    """Return the assignments of a lane, in order."""
    return [one for one in arrangement if one.hook is hook]


def expected(assignment: Assignment, outcome: Outcome) -> Decision:
    """Return whether a script would run after *outcome*, if no script before it failed."""
    if not assignment.enabled:
        return Decision(run=False, reason=Reason(Code.SWITCHED_OFF))
    return decide(assignment.hook, assignment.effective, LaneState(), outcome)


def _find(arrangement: Arrangement, assignment_id: AssignmentId) -> Assignment | None:
    return next((one for one in arrangement if one.id == assignment_id), None)


def _with(arrangement: Arrangement, new: Assignment, hook: Hook, place: int) -> Arrangement:
    target = lane(arrangement, hook)
    target.insert(min(max(place, 0), len(target)), new)
    return _numbered([*(one for one in arrangement if one.hook is not hook), *target])


def _numbered(assignments: Sequence[Assignment]) -> Arrangement:
    return tuple(replace(one, order=order) for hook in LANES for order, one in enumerate(lane(assignments, hook), 1))
