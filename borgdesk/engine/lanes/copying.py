"""Assigns scripts to lanes of several repositories at once: copies of assignments, or scripts of the library."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError, Changed, NotFound, SecretsUnavailable
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import Arrangement
from borgdesk.engine.lanes.assignments import Changes, assign, unassign
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A script that is to be at the end of a lane, with its options."""

    script_id: ScriptId
    hook: Hook
    changes: Changes = Changes()  # noqa: RUF009 - it is immutable


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What changed in the lanes of one repository."""

    repository_id: RepositoryId
    repository: str
    before: Arrangement
    after: Arrangement

    @property
    def added(self) -> int:
        """The number of scripts that are new there."""
        return len(self.after) - len(self.before)


def copies(workspace: Workspace, assignments: Iterable[Assignment]) -> list[Wanted]:
    """Return what to assign so that it equals these assignments, with their secret values.

    Raises:
        SecretsUnavailable: the keyring is unavailable, or does not have a value.
    """
    return [
        Wanted(
            one.script_id,
            one.hook,
            Changes(
                enabled=one.enabled,
                timeout=one.timeout,
                run_on=one.run_on,
                on_failure=one.on_failure,
                parameters=one.parameters,
                shared=one.shared,
                secrets={name: _value(workspace, one, name) for name in sorted(one.secrets)},
            ),
        )
        for one in assignments
    ]


def _value(workspace: Workspace, one: Assignment, name: str) -> str:
    value = workspace.secrets.get(secret_owner(one.id), name)
    if value is None:
        raise SecretsUnavailable(
            _("The value of {name} of “{script}” is not in the keyring.").format(name=name, script=one.script)
        )
    return value


def assign_in(workspace: Workspace, wanted: Sequence[Wanted], targets: Sequence[RepositoryId]) -> list[Elsewhere]:
    """Assign scripts in several repositories: all of them, or nothing is changed.

    A script that is in that lane of a repository already is not assigned again.

    Raises:
        NotFound: a repository or script was removed.
        SecretsUnavailable: a secret value cannot be stored.
    """
    done: list[Elsewhere] = []
    made: list[Assignment] = []
    try:
        for target in targets:
            before = after = _lanes(workspace, target)
            name = _name(workspace, target)
            there = {(one.script_id, one.hook) for one in before}
            for one in wanted:
                if (one.script_id, one.hook) not in there:
                    made.append(assign(workspace, target, one.script_id, one.hook, one.changes))
                    # Not read from the store: what others changed meanwhile is not ours to undo.
                    after = arrangement.appended(after, made[-1])
            done.append(Elsewhere(target, name, before, after))
    except BaseException:
        _take_back(workspace, made)
        raise
    return done


def _take_back(workspace: Workspace, made: Sequence[Assignment]) -> None:
    """Remove assignments with their secret values, as many as possible."""
    for one in made:
        try:
            with suppress(NotFound):
                unassign(workspace, one)
            # Also if it vanished with its repository.
            arrangement.forget_removed(workspace, [one])
        except BorgDeskError as error:
            _log.warning("%s: an assignment was not taken back: %s", one.repository, error)


def _name(workspace: Workspace, repository_id: RepositoryId) -> str:
    return workspace.store.repositories.get(repository_id).name


def _lanes(workspace: Workspace, repository_id: RepositoryId) -> Arrangement:
    return tuple(workspace.store.assignments.list(repository_id))


def undo(workspace: Workspace, changes: Sequence[Elsewhere]) -> list[str]:
    """Undo changes, keeping what else was changed meanwhile; return a sentence for each repository left as it is.

    Undoing again what is undone already changes nothing.
    """
    return _each(workspace, [(one, one.after, one.before) for one in changes])


def redo(workspace: Workspace, changes: Sequence[Elsewhere]) -> list[str]:
    """Do undone changes again, as :func:`undo`."""
    return _each(workspace, [(one, one.before, one.after) for one in changes])


def _each(workspace: Workspace, steps: Iterable[tuple[Elsewhere, Arrangement, Arrangement]]) -> list[str]:
    left = []
    for one, seen, wanted in steps:
        try:
            arrangement.arrange(workspace, one.repository_id, seen, wanted)
        except Changed:
            text = _("“{repository}” was left as it is: another program changed these scripts in the meantime.")
            left.append(text.format(repository=one.repository))
        except BorgDeskError as error:
            text = _("“{repository}” was left as it is: {error}")
            left.append(text.format(repository=one.repository, error=error))
    return left
