"""Secret values of assignments: kept all or none, and taken out of the database once a script declares them secret."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import InvalidInput, SecretsUnavailable
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.engine.workspace import Workspace


def secret_owner(assignment_id: int) -> str:
    """Under which name the keyring keeps an assignment's secret values."""
    return f"assignment:{assignment_id}"


@contextlib.contextmanager
def keeping(workspace: Workspace, assignment_id: int, values: Mapping[str, str]) -> Iterator[None]:
    """Keep secret values for what is to be done with them; an error, here or there, brings back what was kept before.

    Raises:
        SecretsUnavailable: one of them cannot be kept.
    """
    owner = secret_owner(assignment_id)
    before: dict[str, str | None] = {}
    try:
        for name, value in values.items():
            before[name] = workspace.secrets.get(owner, name)
            workspace.secrets.set(owner, name, value)
        yield
    except BaseException:
        for name, old in before.items():
            # As far as the keyring lets us: it is what may have failed.
            with contextlib.suppress(SecretsUnavailable):
                if old is None:
                    workspace.secrets.delete(owner, name)
                else:
                    workspace.secrets.set(owner, name, old)
        raise


def confided(workspace: Workspace, assignment: Assignment, header: Header) -> Assignment:
    """*assignment*, once those of its plain values are in the keyring that the script has been declaring secret since.

    They are taken out of the database, history included.

    Raises:
        SecretsUnavailable: they cannot be kept; nothing was changed.
    """
    exposed = {name: value for name, value in assignment.parameters.items() if name in header.secrets}
    if not exposed:
        return assignment
    try:
        with keeping(workspace, assignment.id, exposed):
            return workspace.store.assignments.conceal(assignment.id, exposed)
    except SecretsUnavailable as error:
        raise SecretsUnavailable(
            f"The script “{assignment.script}” declares {', '.join(exposed)} secret now, but what was given for it "
            f"cannot be kept secret. {error}"
        ) from error


def confide_everywhere(workspace: Workspace, script_id: int, text: str) -> frozenset[str]:
    """Keep secret, wherever a script is assigned, what its new *text* declares secret; the names that moved for it.

    A malformed block declares nothing.

    Raises:
        SecretsUnavailable: something cannot be kept; it is tried again whenever its lanes are shown or run.
    """
    try:
        header = parse_header(text)
    except InvalidInput:
        return frozenset()
    before = workspace.store.assignments.for_script(script_id)
    return frozenset().union(*(confided(workspace, one, header).secrets - one.secrets for one in before))
