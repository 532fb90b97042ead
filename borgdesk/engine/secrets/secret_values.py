"""Reads passphrases and secret script values from a keyring that may not respond."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from borgdesk.domain.errors import SecretsUnavailable, Stopped
from borgdesk.domain.ids import AssignmentId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, within
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner, secret_owner, value_for_run
from borgdesk.engine.workspace import Workspace
from borgdesk.store.secrets import Secrets
from borgdesk.translation import _

T = TypeVar("T")

_KEYRING_LIMIT = 60.0
"""Seconds for one answer of the keyring: enough to type its password. Nothing has been stopped yet."""


class Keyring(Secrets):
    """The keyring while a run is armed, with a time limit: it may wait for ever to be unlocked.

    Every method raises :class:`SecretsUnavailable` if there is no keyring, it is locked, or it does not answer. After a
    timeout it is not called again.
    """

    def __init__(self, workspace: Workspace, cancel: Cancel | None = None) -> None:
        super().__init__(workspace.paths, workspace.environment)
        self._secrets = workspace.secrets
        self._cancel = cancel
        self._silent = False

    def get(self, owner: str, name: str) -> str | None:
        """Return a secret, or None if there is none of that name."""
        return self._ask(lambda: self._secrets.get(owner, name))

    def set(self, owner: str, name: str, value: str) -> None:
        """Set a value, replacing an older one."""
        self._ask(lambda: self._secrets.set(owner, name, value))

    def delete(self, owner: str, name: str) -> None:
        """Delete a value; it is no error if there is none."""
        self._ask(lambda: self._secrets.delete(owner, name))

    def _ask(self, question: Callable[[], T]) -> T:
        late = _("The keyring did not respond within {seconds:.0f} seconds. Unlock it and try again.").format(
            seconds=_KEYRING_LIMIT
        )
        if self._silent:
            raise SecretsUnavailable(late)
        try:
            return within(_KEYRING_LIMIT, question, late, self._cancel)
        except (NoAnswer, Stopped) as error:
            self._silent = True
            raise SecretsUnavailable(str(error)) from None


def secret_values(
    workspace: Workspace,
    assignment_id: AssignmentId,
    names: frozenset[str],
    keyring: Keyring | None = None,
    *,
    run_id: RunId | None = None,
) -> dict[str, str]:
    """Return the secret values of an assignment from the keyring: the current ones, or those a run was armed with.

    Raises:
        SecretsUnavailable: there is no keyring, it is locked, or it lacks a value.
    """
    values: dict[str, str] = {}
    for name in sorted(names):
        owner = secret_owner(assignment_id)
        if run_id is None:
            value = (keyring or Keyring(workspace)).get(owner, name)
        else:
            value = value_for_run(workspace, run_id, owner, name)
        if value is None:
            raise SecretsUnavailable(
                _("The secret value of {name} is no longer in the keyring. Enter it again.").format(name=name)
            )
        values[name] = value
    return values


def passphrase_of(workspace: Workspace, repository: Repository, keyring: Keyring | None = None) -> str | None:
    """Return the passphrase for *repository* from the keyring; None if it uses a command or needs no passphrase.

    Raises:
        SecretsUnavailable: the keyring lacks the passphrase, or is unavailable.
    """
    if not repository.has_passphrase:
        return None
    value = (keyring or Keyring(workspace)).get(passphrase_owner(repository.id), PASSPHRASE)
    if value is None:
        raise SecretsUnavailable(
            _("The passphrase of {repository} is no longer in the keyring. Enter it again.").format(
                repository=repository.name
            )
        )
    return value
