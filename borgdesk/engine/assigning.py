"""Placing scripts in lanes with their values, plain and secret: what the window and the command line share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from borgdesk.domain.assignment import Assignment, check_on_failure
from borgdesk.domain.errors import InvalidInput, SecretsUnavailable
from borgdesk.domain.parameters import Header, check_name, check_value, parse_header
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.domain.script import check_timeout
from borgdesk.engine.confiding import keeping, secret_owner
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different about an assignment; None and absent names leave things as they are."""

    enabled: bool | None = None
    timeout: int | None = None
    run_on: RunOn | None = None
    on_failure: OnFailure | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Plain values to set."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secret values to set; one that is not named keeps its value."""
    clear: Collection[str] = ()
    """Overrides to take back: ``timeout``, ``run_on``, ``on_failure``, or the name of a parameter."""


def header_of_script(workspace: Workspace, script_id: int) -> Header:
    """The parameter block of a script as its file stands.

    Raises:
        ScriptUnreadable: the file is missing or cannot be read.
        InvalidInput: the block is malformed.
    """
    return parse_header(workspace.store.scripts.content(script_id).decode("utf-8", "replace"))


def assign(
    workspace: Workspace,
    repository_id: int,
    script_id: int,
    hook: Hook,
    changes: Changes,
    order: int | None = None,
) -> Assignment:
    """Place a script in a lane, at its end where *order* is None.

    Raises:
        InvalidInput: a value cannot be accepted.
        SecretsUnavailable: a secret value cannot be kept anywhere; nothing was assigned then.
    """
    parameters, secrets = _sorted_out(workspace, script_id, changes)
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
    )
    try:
        with keeping(workspace, added.id, secrets):
            return added
    except SecretsUnavailable:
        store.remove(added.id)
        raise


def edit_assignment(workspace: Workspace, assignment: Assignment, changes: Changes) -> Assignment:
    """Change what is given and keep the rest, secret values that are not touched included.

    Raises:
        InvalidInput: a value cannot be accepted; nothing was changed.
        SecretsUnavailable: a secret value cannot be kept anywhere; nothing was changed then.
    """
    parameters, secrets = _sorted_out(workspace, assignment.script_id, changes)
    cleared = set(changes.clear) - {"timeout", "run_on", "on_failure"}
    unknown = cleared - set(assignment.parameters) - assignment.secrets
    if unknown:
        raise InvalidInput(f"There is nothing to clear in “{min(unknown)}”.")
    if changes.timeout is not None:
        check_timeout(changes.timeout)
    check_on_failure(assignment.hook, changes.on_failure)
    gone = (cleared | set(parameters)) & assignment.secrets
    kept = {name: value for name, value in assignment.parameters.items() if name not in cleared | set(secrets)}
    with keeping(workspace, assignment.id, secrets):
        edited = workspace.store.assignments.edit(
            assignment.id,
            enabled=changes.enabled,
            timeout=changes.timeout,
            run_on=changes.run_on,
            on_failure=changes.on_failure,
            parameters=kept | parameters,
            secrets=(assignment.secrets | set(secrets)) - gone,
            clear=set(changes.clear) - cleared,
        )
    workspace.secrets.delete_all(secret_owner(assignment.id), gone)
    return edited


def unassign(workspace: Workspace, assignment: Assignment) -> None:
    """Take a script out of its lane and forget its secret values."""
    workspace.store.assignments.remove(assignment.id)
    workspace.secrets.delete_all(secret_owner(assignment.id), assignment.secrets)


def _sorted_out(workspace: Workspace, script_id: int, changes: Changes) -> tuple[dict[str, str], dict[str, str]]:
    """The values to set, plain and secret: what the script declares secret is secret however it was given."""
    if not changes.parameters and not changes.secrets:
        return {}, {}
    header = header_of_script(workspace, script_id)
    plain: dict[str, str] = {}
    secret: dict[str, str] = dict(changes.secrets)
    for name, value in changes.parameters.items():
        (secret if name in header.secrets else plain)[name] = value
    for name, value in (plain | secret).items():
        check_name(name)
        check_value(name, value)
        if (declared := header.parameter(name)) is not None:
            declared.check(value)
    return plain, secret
