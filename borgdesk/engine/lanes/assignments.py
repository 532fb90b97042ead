"""Assigns scripts to lanes, with plain and secret values, for the window and the CLI."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from borgdesk.domain.assignment import Assignment, check_on_failure, split_secrets
from borgdesk.domain.errors import InvalidInput, SecretsUnavailable
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.parameters import Header, check_name, check_value, parse_header
from borgdesk.domain.rearranging import SECRET, facts_of, with_facts
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.domain.script import check_timeout
from borgdesk.engine.lanes.assignment_secrets import keeping
from borgdesk.engine.secrets.secret_lifetime import before_removal, forget, forget_removed, secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

OVERRIDES = frozenset({"timeout", "run_on", "on_failure"})
"""Values that can be reset to those of the script or the repository."""
SHARED = "shared"
"""What :attr:`Changes.clear` names to share a script no longer."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes to an assignment; None and missing names leave values unchanged."""

    enabled: bool | None = None
    timeout: int | None = None
    run_on: RunOn | None = None
    on_failure: OnFailure | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Plain values to set."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secret values to set; others keep their value."""
    shared: str | None = None
    """The name of the shared pair, "" for one without a name; see :mod:`borgdesk.engine.lanes.sharing`."""
    clear: Collection[str] = ()
    """What to reset: ``timeout``, ``run_on``, ``on_failure``, ``shared``, or the name of a parameter."""


def header_of_script(workspace: Workspace, script_id: ScriptId) -> Header:
    """Parse the parameter block in a script's current file.

    Raises:
        ScriptUnreadable: the file is missing or cannot be read.
        InvalidInput: the block is malformed.
    """
    return parse_header(workspace.store.scripts.content(script_id).decode("utf-8", "replace"))


def assign(
    workspace: Workspace,
    repository_id: RepositoryId,
    script_id: ScriptId,
    hook: Hook,
    changes: Changes,
    order: int | None = None,
) -> Assignment:
    """Assign a script to a lane, at its end if *order* is None.

    Raises:
        InvalidInput: a value is invalid.
        SecretsUnavailable: a secret value cannot be stored; nothing was assigned.
    """
    parameters, secrets = _sorted_out(workspace, script_id, changes)
    if changes.shared is not None:
        _check_always(hook, changes.run_on or workspace.store.scripts.get(script_id).run_on)
    store = workspace.store.assignments
    added = store.add(
        repository_id,
        script_id,
        hook,
        order=order,
        enabled=changes.enabled is not False,
        timeout=changes.timeout,
        run_on=changes.run_on,
        on_failure=changes.on_failure,
        parameters=parameters,
        secrets=frozenset(secrets),
        shared=changes.shared,
    )
    try:
        with keeping(workspace, added.id, secrets):
            return added
    except SecretsUnavailable:
        store.remove(added.id)
        raise


def edit_assignment(
    workspace: Workspace, assignment: Assignment, changes: Changes, *, seen: Assignment | None = None
) -> Assignment:
    """Apply changes to an assignment and keep everything else, including other secret values.

    *seen* is the assignment as a form loaded it: with it, concurrent changes of the same value are detected.

    Raises:
        InvalidInput: a value is invalid; nothing was changed.
        Changed: somebody else changed the same value since it was *seen*; nothing was changed.
        SecretsUnavailable: a secret value cannot be stored; nothing was changed.
    """
    parameters, secrets = _sorted_out(workspace, assignment.script_id, changes)
    cleared = set(changes.clear) - OVERRIDES - {SHARED}
    unknown = cleared - set(assignment.parameters) - assignment.secrets
    if unknown:
        raise InvalidInput(_("“{name}” has nothing to clear.").format(name=min(unknown)))
    if changes.timeout is not None:
        check_timeout(changes.timeout)
    check_on_failure(assignment.hook, changes.on_failure)
    before = seen or assignment
    wanted = _changed(before, changes, parameters, secrets.keys())
    if wanted.shared is not None:
        _check_always(wanted.hook, wanted.effective.run_on)
    with keeping(workspace, assignment.id, secrets):
        # Without a form, there is no user who could be asked about a conflict.
        edited = workspace.store.assignments.edit(wanted, seen=before, over=seen is None)
    forget(workspace, secret_owner(assignment.id), (cleared | set(parameters)) & assignment.secrets)
    return edited


def _changed(
    assignment: Assignment, changes: Changes, parameters: Mapping[str, str], secrets: Collection[str]
) -> Assignment:
    overrides = {name: getattr(changes, name) for name in ("enabled", SHARED, *OVERRIDES)}
    given = {name: value for name, value in overrides.items() if value is not None}
    facts = {**facts_of(assignment), **dict.fromkeys(changes.clear), **given}
    return with_facts(assignment, {**facts, **parameters, **dict.fromkeys(secrets, SECRET)})


def _check_always(hook: Hook, run_on: RunOn) -> None:
    """Refuse to share a script after the backup that does not always run: other runs rely on it.

    Raises:
        InvalidInput: it has another condition.
    """
    if hook.is_post and not run_on.always:
        raise InvalidInput(
            _(
                "A shared script must always run: what it starts again was stopped for other runs, too. Set its "
                "condition to “always” first."
            )
        )


def unassign(workspace: Workspace, assignment: Assignment) -> None:
    """Remove an assignment and delete its secret values."""
    owner = secret_owner(assignment.id)
    before_removal(workspace, owner, assignment.secrets)
    workspace.store.assignments.remove(assignment.id)
    forget_removed(workspace, owner, assignment.secrets)


def _sorted_out(workspace: Workspace, script_id: ScriptId, changes: Changes) -> tuple[dict[str, str], dict[str, str]]:
    """Split the values to set into plain and secret ones: the script's declaration decides, however they were given."""
    if not changes.parameters and not changes.secrets:
        return {}, {}
    header = header_of_script(workspace, script_id)
    plain, secret = split_secrets(header, {**changes.parameters, **changes.secrets}, changes.secrets.keys())
    for name, value in (plain | secret).items():
        check_name(name)
        check_value(name, value)
        if (declared := header.parameter(name)) is not None:
            declared.check(value)
    return plain, secret
