"""Carries out the plan of an import: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from borgdesk.domain.assignment import Assignment, split_secrets
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.engine.imports.planning import Plan, PlannedRepository, PlannedUse, chosen_scripts
from borgdesk.engine.scripts.library import header_or_empty
from borgdesk.engine.secrets.added_secrets import AddedSecrets, adding_secrets
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner, secret_owner
from borgdesk.engine.workspace import Workspace

if TYPE_CHECKING:
    from borgdesk.store.script_additions import Additions


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has added."""

    repositories: tuple[Repository, ...] = ()
    scripts: tuple[ScriptId, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    schedules: int = 0


def carry_out(
    workspace: Workspace,
    plan: Plan,
    repositories: Collection[int] | None = None,
    scripts: Collection[str] | None = None,
) -> Imported:
    """Add what was planned; *repositories* (by place) and *scripts* (unused ones, by key) limit that.

    What is here already, or cannot be added, is left out. Scripts of chosen repositories are always added.

    Raises:
        InvalidInput: somebody else has added something of the same name meanwhile.
        SecretsUnavailable: a passphrase or a secret value cannot be stored.
        StoreUnusable: a file or the database cannot be written. After any error, nothing was added.
    """
    places = [
        place
        for place, planned in enumerate(plan.repositories)
        if planned.is_new and (repositories is None or place in repositories)
    ]
    keys = chosen_scripts(plan, places, [key for key in plan.unused if scripts is None or key in scripts])
    workspace.store.scripts.repair()
    with (
        adding_secrets(workspace, may_be_any=_may_have_secrets(plan, places)) as secrets,
        workspace.store.scripts.additions() as additions,
    ):
        return _Work(workspace, plan, additions, secrets).do(places, keys)


def _may_have_secrets(plan: Plan, places: Collection[int]) -> bool:
    passphrases = any(plan.repositories[place].passphrase is not None for place in places)
    return passphrases or any(use.use.parameters for place in places for use in plan.repositories[place].uses)


class _Work:
    def __init__(self, workspace: Workspace, plan: Plan, additions: Additions, secrets: AddedSecrets) -> None:
        self._workspace, self._plan, self._additions, self._secrets = workspace, plan, additions, secrets
        self._scripts: dict[str, ScriptId] = {}
        self._assignments: list[Assignment] = []
        self._schedules = 0

    def do(self, places: Collection[int], keys: Collection[str]) -> Imported:
        added = [script for key in keys if (script := self._script(key)) is not None]
        repositories = [self._repository(self._plan.repositories[place]) for place in places]
        return Imported(tuple(repositories), tuple(added), tuple(self._assignments), self._schedules)

    def _script(self, key: str) -> ScriptId | None:
        """Add a script; return None if it is in the library already."""
        planned = self._plan.scripts[key]
        if planned.present is not None:
            self._scripts[key] = planned.present
            return None
        self._scripts[key] = self._additions.add(replace(planned.found, name=planned.name))
        return self._scripts[key]

    def _repository(self, planned: PlannedRepository) -> Repository:
        store = self._workspace.store
        added = store.repositories.add(replace(planned.repository, has_passphrase=planned.passphrase is not None))
        if planned.passphrase is not None:
            self._secrets.set(passphrase_owner(added.id), PASSPHRASE, planned.passphrase)
        for use in planned.uses:
            self._assignments.append(self._use(added.id, use))
        if planned.schedule is not None:
            store.schedules.put(replace(planned.schedule, repository_id=added.id))
            self._schedules += 1
        return added

    def _use(self, repository_id: RepositoryId, planned: PlannedUse) -> Assignment:
        use = planned.use
        header = header_or_empty(self._plan.scripts[planned.key].found.content)
        plain, secret = split_secrets(header, use.parameters)
        added = self._workspace.store.assignments.add(
            repository_id,
            self._scripts[planned.key],
            use.hook,
            enabled=use.enabled,
            timeout=use.timeout,
            run_on=use.run_on,
            on_failure=use.on_failure,
            parameters=plain,
            secrets=frozenset(secret),
        )
        for name, value in secret.items():
            self._secrets.set(secret_owner(added.id), name, value)
        return added
