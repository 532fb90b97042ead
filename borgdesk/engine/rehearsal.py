"""Do, undo, undo again: what stops something and what starts it again, tested together as a run would call them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Tell
from borgdesk.domain.history import Execution
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome
from borgdesk.domain.script import Script
from borgdesk.engine.arming import secret_values
from borgdesk.engine.assigning import header_of_script
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.trial import Pretence, run_test
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Context:
    """What a repository gives to the test of a script."""

    repository: Repository
    assignments: tuple[Assignment, ...]
    """Where the script stands in it."""
    undoing: tuple[Assignment, ...]
    """What stands in the lanes after the backup, the likeliest other side first; empty where the script itself does
    not stand before the backup."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The two sides."""

    repository: Repository
    doing: Assignment
    undoing: Assignment


def context(workspace: Workspace, repository_id: int, script: Script) -> Context:
    """What a repository knows of a script.

    Raises:
        NotFound: the repository was removed meanwhile.
    """
    repository = workspace.store.repositories.get(repository_id)
    every = workspace.store.assignments.list(repository_id)
    own = tuple(one for one in every if one.script_id == script.id)
    does = any(one.hook is Hook.PRE_BACKUP for one in own)
    after = [one for one in every if one.hook.is_post] if does else []
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
    """All values of an assignment, secret ones too.

    Raises:
        SecretsUnavailable: the keyring cannot be asked, or lost a value.
    """
    return {**assignment.parameters, **secret_values(workspace, assignment.id, assignment.secrets)}


def kept_secrets(workspace: Workspace, assignment: Assignment, given: Mapping[str, str]) -> dict[str, str]:
    """The secret values of an assignment that were not given anew.

    Raises:
        SecretsUnavailable: the keyring cannot be asked, or lost a value.
    """
    return secret_values(workspace, assignment.id, assignment.secrets - given.keys())


def rehearse(
    workspace: Workspace, rehearsal: Rehearsal, began: Callable[[str], None], tell: Tell, cancel: Cancel
) -> list[Execution]:
    """Run the one side, then the other twice, all with the same notes, and give what history has of each.

    The second side runs whatever became of the first, as in a run; a cancel ends the rehearsal after the first undo.
    *began* is told which part begins.

    Raises:
        ScriptUnreadable: a script's file cannot be read.
        InvalidInput: a required value is missing.
        SecretsUnavailable: a secret value cannot be had.
    """
    done: list[Execution] = []
    with tempfile.TemporaryDirectory(prefix="borgdesk-rehearsal-") as notes:
        for part, assignment in (("do", rehearsal.doing), ("undo", rehearsal.undoing), ("again", rehearsal.undoing)):
            if part == "again" and cancel.asked:
                break
            began(part)
            outcome = Outcome.SUCCESS if assignment.hook.is_post else None
            pretence = Pretence(
                rehearsal.repository,
                assignment.hook,
                outcome,
                values_of(workspace, assignment),
                assignment.secrets,
                assignment.effective.timeout,
                Path(notes),
            )
            script = workspace.store.scripts.get(assignment.script_id)
            # What stopped something was cancelled: what starts it again must not be.
            done.append(run_test(workspace, script, pretence, tell, cancel if part == "do" else Cancel()))
    return done
