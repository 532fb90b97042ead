"""Assigns the scripts for services that were found running to a repository that is being added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from borgdesk.domain.assignment import Assignment, split_secrets
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.run import Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.template_assignment import check_values
from borgdesk.engine.repositories.sources import make_source
from borgdesk.engine.scripts.templates import Template, script_for, templates
from borgdesk.engine.secrets.added_secrets import AddedSecrets
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace

if TYPE_CHECKING:
    from borgdesk.store.script_additions import Additions


def prepare(service: Service) -> None:
    """Check whether the scripts for a service can be assigned, and make its folder for dumps.

    Raises:
        InvalidInput: a required value is missing, or a value is invalid.
        BorgDeskError: the folder cannot be made.
    """
    check_values([one for one in templates() if one.file_name in service.templates], service.values)
    if service.output_folder:
        make_source(Path(service.output_folder))


class ServiceScripts:
    """What to add and assign for services that are :func:`prepared <prepare>`.

    The library is looked through when this is made, before the transaction. The first service to be stopped is the last
    to be started again.
    """

    def __init__(self, workspace: Workspace, services: Sequence[Service]) -> None:
        self._store = workspace.store
        self._services = services
        wanted = {name for service in services for name in service.templates}
        self._templates = {one.file_name: one for one in templates() if one.file_name in wanted}
        self._scripts = {name: script_for(workspace, one) for name, one in self._templates.items()}

    def store(self, repository_id: RepositoryId, additions: Additions, secrets: AddedSecrets) -> None:
        """Add the scripts that are not in the library, and assign all, within a transaction.

        Raises:
            InvalidInput: somebody else has added a script of the same name meanwhile.
            NotFound: a script was removed from the library meanwhile.
            SecretsUnavailable: a secret value cannot be stored.
        """
        ids = {name: one.id if isinstance(one, Script) else additions.add(one) for name, one in self._scripts.items()}
        for service, side in self._sides():
            self._assign(repository_id, ids[side.file_name], service, side, secrets)

    def _sides(self) -> Iterator[tuple[Service, Template]]:
        pairs = [(one, self._templates[name]) for one in self._services for name in one.templates]
        mirrored = [(one, self._templates[name]) for one in reversed(self._services) for name in one.templates]
        yield from (pair for pair in pairs if pair[1].hook is Hook.PRE_BACKUP)
        yield from (pair for pair in mirrored if pair[1].hook is not Hook.PRE_BACKUP)

    def _assign(
        self, repository_id: RepositoryId, script_id: ScriptId, service: Service, side: Template, secrets: AddedSecrets
    ) -> Assignment:
        given = {name: value for name, value in service.values.items() if side.header.parameter(name)}
        plain, secret = split_secrets(side.header, given)
        added = self._store.assignments.add(
            repository_id, script_id, side.hook, parameters=plain, secrets=frozenset(secret)
        )
        for name, value in secret.items():
            secrets.set(secret_owner(added.id), name, value)
        return added
