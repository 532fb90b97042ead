"""Tests the two scripts of a pair together as a run would call them: do, undo, undo again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Tell
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.assignments import header_of_script
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.event_delivery import delivered
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.secrets.secret_values import secret_values
from borgdesk.engine.workspace import Workspace

_AFTER_BACKUP = (Hook.POST_BACKUP, Hook.POST_RUN)


@dataclass(frozen=True, slots=True)
class Context:
    """The data that a repository provides for the test of a script."""

    repository: Repository
    assignments: tuple[Assignment, ...]
    """Assignments of the script in it."""
    undoing: tuple[Assignment, ...]
    """Assignments in the lanes after the backup, the most likely other side first; empty if the script is not assigned
    before the backup."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """The two sides."""

    repository: Repository
    doing: Assignment
    undoing: Assignment


def context(workspace: Workspace, repository_id: RepositoryId, script: Script) -> Context:
    """Return a repository's data for the test of a script.

    Raises:
        NotFound: the repository was removed meanwhile.
    """
    repository = workspace.store.repositories.get(repository_id)
    every = workspace.store.assignments.list(repository_id)
    own = tuple(one for one in every if one.script_id == script.id)
    does = any(one.hook is Hook.PRE_BACKUP for one in own)
    after = [one for one in every if one.hook in _AFTER_BACKUP] if does else []
    companion = _companion(workspace, script)
    files = {one.script_id: Path(workspace.store.scripts.get(one.script_id).file_path).name for one in after}

    def unlikely(one: Assignment) -> tuple[bool, bool]:
        return one.script_id != script.id, files[one.script_id] != companion

    return Context(repository, own, tuple(sorted(after, key=unlikely)))


def _companion(workspace: Workspace, script: Script) -> str | None:
    try:
        return header_of_script(workspace, script.id).companion
    except BorgDeskError:
        return None


def values_of(workspace: Workspace, assignment: Assignment) -> dict[str, str]:
    """Return all values of an assignment, including secret ones.

    Raises:
        SecretsUnavailable: the keyring is unavailable, or lacks a value.
    """
    return {**assignment.parameters, **secret_values(workspace, assignment.id, assignment.secrets)}


def kept_secrets(workspace: Workspace, assignment: Assignment, given: Mapping[str, str]) -> dict[str, str]:
    """Return the secret values of an assignment that were not entered again.

    Raises:
        SecretsUnavailable: the keyring is unavailable, or lacks a value.
    """
    return secret_values(workspace, assignment.id, assignment.secrets - given.keys())


def run_pair_test(
    workspace: Workspace, rehearsal: PairTest, began: Callable[[str], None], tell: Tell, cancel: Cancel
) -> list[Execution]:
    """Run the first side once and the second side twice, with the same notes; return the three executions.

    The second side runs whatever the result of the first, as in a run; a cancel ends the test after the first undo.
    *began* is called with the name of each part.

    Raises:
        ScriptUnreadable: a script's file cannot be read.
        InvalidInput: a required value is missing.
        SecretsUnavailable: a secret value is unavailable.
    """
    with delivered(tell) as backlog:
        return _run_pair_test(workspace, rehearsal, began, backlog, cancel)


def _run_pair_test(
    workspace: Workspace, rehearsal: PairTest, began: Callable[[str], None], tell: Tell, cancel: Cancel
) -> list[Execution]:
    done: list[Execution] = []
    with private.temporary_folder("borgdesk-rehearsal-") as notes:
        for part, assignment in (("do", rehearsal.doing), ("undo", rehearsal.undoing), ("again", rehearsal.undoing)):
            if part == "again" and cancel.asked:
                break
            began(part)
            outcome = Outcome.SUCCESS if assignment.hook.is_post else None
            setup = ScriptTestSetup(
                rehearsal.repository,
                assignment.hook,
                outcome,
                values_of(workspace, assignment),
                assignment.secrets,
                assignment.effective.timeout,
                notes,
            )
            script = workspace.store.scripts.get(assignment.script_id)
            # A cancel applies to the script that stops something, never to the one that starts it again.
            done.append(run_test(workspace, script, setup, tell, cancel if part == "do" else Cancel()))
    return done
