"""Carries out the plan of an import of a set-up: all of it or nothing, also if the process is killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from borgdesk.domain.errors import InvalidInput, Stopped
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.engine.configuration.document import AssignmentPart, RepositoryPart
from borgdesk.engine.configuration.importing import Plan
from borgdesk.engine.configuration.sealing import unseal
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.shared_locations import check_series_against
from borgdesk.engine.schedule.installation import try_to_follow_schedules
from borgdesk.engine.secrets.added_secrets import AddedSecrets, adding_secrets
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner, secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.store.script_additions import Additions


def carry_out(
    workspace: Workspace, wanted: Plan, passphrase: str | None = None, cancel: Cancel | None = None
) -> list[str]:
    """Make what is planned, all of it or nothing; return what the user still has to do, in sentences.

    *passphrase* opens the secrets of the file; without it, they are left out. Everything in the database is one
    transaction. If a process is killed, the next start or import completes the files of scripts whose rows were
    committed, and removes the files and secrets of those that were not.

    Raises:
        InvalidInput: the passphrase is wrong, or a value is not possible.
        SecretsUnavailable: the secrets cannot be stored here.
        Stopped: by *cancel*.
        StoreUnusable: the database or the library cannot be written. After any error nothing was imported.
    """
    secrets: dict[str, Any] = {}
    if passphrase is not None and wanted.document.sealed is not None:
        secrets = _checked_secrets(unseal(wanted.document.sealed, passphrase, wanted.document.digest()))
    store = workspace.store
    store.scripts.repair()
    with (
        adding_secrets(workspace, may_be_any=bool(secrets and wanted.repositories)) as added_secrets,
        store.scripts.additions() as additions,
    ):
        work = _Work(workspace, wanted, additions, added_secrets, secrets, cancel or Cancel())
        work.do()
    store.settings.read()
    try_to_follow_schedules(workspace)
    return work.todo


class _Work:
    """Writes within a transaction, which other connections do not see: nothing written here is read again."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        additions: Additions,
        added_secrets: AddedSecrets,
        values: Mapping[str, Any],
        cancel: Cancel,
    ) -> None:
        self._store, self._plan, self._additions = workspace.store, plan, additions
        self._workspace, self._secrets, self._values, self._cancel = workspace, added_secrets, values, cancel
        self._repositories = workspace.store.repositories.list()
        self.todo: list[str] = []
        """What the user still has to do."""

    def do(self) -> None:
        scripts = self._scripts()
        for part in self._plan.repositories:
            self._go_on()
            added = self._repository(part)
            values = self._values.get(added.name, {}).get("scripts", [])
            for number, one in enumerate(part.assignments):
                given = values[number] if number < len(values) else {}
                self._assignment(added, scripts[self._plan.names[one.script]], one, given)
            if part.schedule is not None:
                self._store.schedules.put(replace(part.schedule, repository_id=added.id))
        if self._plan.settings:
            self._store.settings.set_all(self._plan.settings)
        self._go_on()

    def _go_on(self) -> None:
        if self._cancel.asked:
            raise Stopped(_("Stopped; nothing was imported."))

    def _scripts(self) -> dict[str, ScriptId]:
        """Add the new scripts; return the ids of all by name."""
        ids = {one.name: one.id for one in self._store.scripts.list()}
        for one in self._plan.scripts:
            self._go_on()
            ids[one.name] = self._additions.add(one)
        return ids

    def _repository(self, part: RepositoryPart) -> Repository:
        # Again: one that is imported with it may be at the same location.
        check_series_against(self._workspace, part.repository, self._repositories)
        passphrase = self._values.get(part.repository.name, {}).get("passphrase")
        added = self._store.repositories.add(replace(part.repository, has_passphrase=passphrase is not None))
        self._repositories.append(added)
        if passphrase is not None:
            self._secrets.set(passphrase_owner(added.id), PASSPHRASE, passphrase)
        self.todo += _left_to_do(added)
        return added

    def _assignment(
        self, repository: Repository, script_id: ScriptId, part: AssignmentPart, given: Mapping[str, str | None]
    ) -> None:
        known = {name: value for name in part.secrets if (value := given.get(name)) is not None}
        added = self._store.assignments.add(
            repository.id,
            script_id,
            part.hook,
            enabled=part.enabled,
            timeout=part.timeout,
            run_on=part.run_on,
            on_failure=part.on_failure,
            parameters=part.parameters,
            secrets=frozenset(known),
            shared=part.shared,
        )
        for name, value in known.items():
            self._secrets.set(secret_owner(added.id), name, value)
        self.todo += [
            _("Enter the value {name} of the script “{script}” in “{repository}”.").format(
                name=name, script=part.script, repository=repository.name
            )
            for name in sorted(set(part.secrets) - set(known))
        ]


def _left_to_do(added: Repository) -> list[str]:
    """Return what a repository needs that is not in the file."""
    todo = []
    if added.has_passphrase or added.passcommand is not None:
        pass
    elif added.encryption is None:
        # Borg was never asked, so nobody knows whether there is one.
        todo.append(_("If “{name}” is encrypted, enter its passphrase on its Connection tab.").format(name=added.name))
    elif added.encryption != "none":
        todo.append(_("Enter the passphrase of “{name}” on its Connection tab.").format(name=added.name))
    if (added.encryption or "").startswith("keyfile"):
        todo.append(_("Import the key of “{name}”: it is not in the file.").format(name=added.name))
    return todo


def _checked_secrets(found: Any) -> dict[str, Any]:
    def is_value(one: Any) -> bool:
        return one is None or isinstance(one, str)

    def is_script(one: Any) -> bool:
        return isinstance(one, dict) and all(map(is_value, one.values()))

    if not isinstance(found, dict) or not all(
        isinstance(each, dict)
        and is_value(each.get("passphrase"))
        and isinstance(each.get("scripts"), list)
        and all(map(is_script, each["scripts"]))
        for each in found.values()
    ):
        raise InvalidInput(_("The encrypted secrets in the file are damaged, or of a newer version of BorgDesk."))
    return found
