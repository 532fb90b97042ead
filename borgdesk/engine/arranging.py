"""The lanes of one repository as a whole: what stands in them, what is wrong with it, and rearranging it.

A rearrangement is a function from one tuple of assignments to the next, and storing it is one transaction, so an
editor can undo by storing what was there before. Secret values outlive a removal until :func:`forget_removed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.errors import BorgDeskError, SecretsUnavailable
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, Decision, Hook, LaneState, OnFailure, Outcome, decide
from borgdesk.domain.script import Script
from borgdesk.engine.assigning import header_of_script
from borgdesk.engine.confiding import confided, secret_owner
from borgdesk.engine.workspace import Workspace

Arrangement = tuple[Assignment, ...]
"""By lane and place."""


@dataclass(frozen=True, slots=True)
class Board:
    """The lanes of a repository, with the library beside them."""

    repository: Repository
    assignments: Arrangement
    headers: Mapping[int, Header]
    """By script id; a script whose block cannot be read has an empty one."""
    warnings: Mapping[int, tuple[str, ...]]
    """By assignment id: sentences about what will keep it from working."""
    library: tuple[Script, ...]


def board(workspace: Workspace, repository_id: int) -> Board:
    """The lanes as they are stored, once what their scripts declare secret is kept so.

    Raises:
        NotFound: there is no such repository.
    """
    repository = workspace.store.repositories.get(repository_id)
    stored = workspace.store.assignments.list(repository_id)
    headers, problems = _headers(workspace, {one.script_id for one in stored})
    assignments: list[Assignment] = []
    warnings: dict[int, tuple[str, ...]] = {}
    for assignment in stored:
        header, problem = headers[assignment.script_id], problems.get(assignment.script_id)
        try:
            assignments.append(confided(workspace, assignment, header))
        except SecretsUnavailable as error:
            assignments.append(assignment)
            problem = str(error)
        warnings[assignment.id] = _warnings(assignments[-1], header, problem)
    return Board(repository, tuple(assignments), headers, warnings, tuple(workspace.store.scripts.list()))


def arrange(workspace: Workspace, repository_id: int, arrangement: Sequence[Assignment]) -> Board:
    """Store an arrangement, and give the board as it is then.

    Raises:
        InvalidInput: a value is not possible; nothing was changed.
        NotFound: the repository or a script was removed meanwhile.
    """
    workspace.store.assignments.replace_all(repository_id, arrangement)
    return board(workspace, repository_id)


def forget_removed(workspace: Workspace, assignments: Sequence[Assignment]) -> None:
    """Forget the secret values of those of *assignments* that are not stored any more.

    Raises:
        SecretsUnavailable: the keyring cannot be asked.
    """
    for assignment in assignments:
        if assignment.secrets and assignment.id not in _ids(workspace, assignment.repository_id):
            workspace.secrets.delete_all(secret_owner(assignment.id), assignment.secrets)


def _ids(workspace: Workspace, repository_id: int) -> set[int]:
    return {assignment.id for assignment in workspace.store.assignments.list(repository_id)}


def _headers(workspace: Workspace, script_ids: set[int]) -> tuple[dict[int, Header], dict[int, str]]:
    headers: dict[int, Header] = {}
    problems: dict[int, str] = {}
    for script_id in script_ids:
        headers[script_id] = Header()
        try:
            headers[script_id] = header_of_script(workspace, script_id)
        except BorgDeskError as error:
            problems[script_id] = str(error)
    return headers, problems


def _warnings(assignment: Assignment, header: Header, problem: str | None) -> tuple[str, ...]:
    if problem:
        return (problem,)
    given = {**assignment.parameters, **dict.fromkeys(assignment.secrets, "kept")}
    _, missing = resolve_values(header, given)
    return tuple(f"{name} needs a value: without it no backup is started." for name in missing)


def added(arrangement: Arrangement, script: Script, repository: Repository, hook: Hook, place: int) -> Arrangement:
    """With *script* newly at *place* (from 0) of a lane; it gets its id when it is stored."""
    new = Assignment(
        id=0,
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


def moved(arrangement: Arrangement, assignment_id: int, hook: Hook, place: int) -> Arrangement:
    """With an assignment at *place* (from 0, counted before it is taken out) of a lane.

    The policy *skip* is left behind where the lane does not know it.
    """
    one = _find(arrangement, assignment_id)
    if one is None:
        return arrangement
    if one.hook is hook and one.order - 1 < place:
        place -= 1
    if hook is not Hook.PRE_BACKUP and one.on_failure is OnFailure.SKIP:
        one = replace(one, on_failure=None)
    return _with(without(arrangement, assignment_id), replace(one, hook=hook), hook, place)


def stepped(arrangement: Arrangement, assignment_id: int, step: int) -> Arrangement:
    """With an assignment one place further up (-1) or down (1), over the end of its lane into the next one."""
    one = _find(arrangement, assignment_id)
    if one is None:
        return arrangement
    place = one.order - 1 + step
    if 0 <= place < len(lane(arrangement, one.hook)):
        return moved(arrangement, assignment_id, one.hook, place if step < 0 else place + 1)
    index = LANES.index(one.hook) + step
    if not 0 <= index < len(LANES):
        return arrangement
    target = LANES[index]
    return moved(arrangement, assignment_id, target, 0 if step > 0 else len(lane(arrangement, target)))


def without(arrangement: Arrangement, assignment_id: int) -> Arrangement:
    """With that assignment taken out."""
    return _numbered([one for one in arrangement if one.id != assignment_id])


def switched(arrangement: Arrangement, assignment_id: int, *, enabled: bool) -> Arrangement:
    """With that assignment switched on or off."""
    return tuple(replace(one, enabled=enabled) if one.id == assignment_id else one for one in arrangement)


def lane(arrangement: Sequence[Assignment], hook: Hook) -> list[Assignment]:
    """What stands in a lane, in order."""
    return [one for one in arrangement if one.hook is hook]


def expected(assignment: Assignment, outcome: Outcome) -> Decision:
    """Whether a script would run after *outcome*, if no script before it failed."""
    if not assignment.enabled:
        return Decision(run=False, reason="switched off")
    return decide(assignment.hook, assignment.effective, LaneState(), outcome)


def _find(arrangement: Arrangement, assignment_id: int) -> Assignment | None:
    return next((one for one in arrangement if one.id == assignment_id), None)


def _with(arrangement: Arrangement, new: Assignment, hook: Hook, place: int) -> Arrangement:
    target = lane(arrangement, hook)
    target.insert(min(max(place, 0), len(target)), new)
    return _numbered([*(one for one in arrangement if one.hook is not hook), *target])


def _numbered(assignments: Sequence[Assignment]) -> Arrangement:
    return tuple(replace(one, order=order) for hook in LANES for order, one in enumerate(lane(assignments, hook), 1))
