"""Secret values of assignments: stores all or none, and moves those that a script declares secret to the keyring."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from borgdesk.domain.assignment import Assignment, split_secrets
from borgdesk.domain.errors import InvalidInput, SecretsUnavailable
from borgdesk.domain.ids import AssignmentId, ScriptId
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.engine.secrets.secret_lifetime import copy_for_runs, secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


@contextlib.contextmanager
def keeping(workspace: Workspace, assignment_id: AssignmentId, values: Mapping[str, str]) -> Iterator[None]:
    """Store secret values for the duration of a block; after an error in it, restore the previous ones.

    Runs that were armed with other values keep those.

    Raises:
        SecretsUnavailable: one of them cannot be stored.
    """
    owner = secret_owner(assignment_id)
    copy_for_runs(workspace, owner, values.keys())
    before: dict[str, str | None] = {}
    try:
        for name, value in values.items():
            before[name] = workspace.secrets.get(owner, name)
            workspace.secrets.set(owner, name, value)
        yield
    except BaseException:
        for name, old in before.items():
            # As far as the keyring allows: it may be what failed.
            with contextlib.suppress(SecretsUnavailable):
                if old is None:
                    workspace.secrets.delete(owner, name)
                else:
                    workspace.secrets.set(owner, name, old)
        raise


def with_secrets_in_keyring(workspace: Workspace, assignment: Assignment, header: Header) -> Assignment:
    """Return *assignment* after moving to the keyring those plain values that its script now declares secret.

    They are removed from the database, including the history.

    Raises:
        SecretsUnavailable: they cannot be stored; nothing was changed.
    """
    _plain, exposed = split_secrets(header, assignment.parameters)
    if not exposed:
        return assignment
    try:
        with keeping(workspace, assignment.id, exposed):
            return workspace.store.assignments.conceal(assignment.id, exposed)
    except SecretsUnavailable as error:
        raise SecretsUnavailable(
            _(
                "The script “{script}” now declares {names} as secret, but the value cannot be stored "
                "as a secret. {error}"
            ).format(script=assignment.script, names=", ".join(exposed), error=error)
        ) from error


def move_secrets_to_keyring(workspace: Workspace, script_id: ScriptId, text: str) -> frozenset[str]:
    """Move to the keyring, in all assignments of a script, what its new *text* declares secret; return the names.

    A malformed block declares nothing.

    Raises:
        SecretsUnavailable: a value cannot be stored; it is retried whenever its lanes are shown or run.
    """
    try:
        header = parse_header(text)
    except InvalidInput:
        return frozenset()
    before = workspace.store.assignments.for_script(script_id)
    return frozenset().union(*(with_secrets_in_keyring(workspace, one, header).secrets - one.secrets for one in before))
