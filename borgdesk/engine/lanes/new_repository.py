"""Adds a repository with all that belongs to it: scripts for what runs here, and a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository, check_source
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.lanes.service_scripts import ServiceScripts, prepare
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import Belongings, add_repository
from borgdesk.engine.schedule.editing import follow_first_schedule
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.secrets.added_secrets import AddedSecrets
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.store.script_additions import Additions


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What somebody chose."""

    repository: Repository
    passphrase: str | None = field(default=None, repr=False)
    init: Encryption | None = None
    """The encryption of the repository to create; None to open an existing one."""
    cron: str | None = None
    """When it is backed up; None without a schedule."""
    installs_units: bool = False
    services: Sequence[Service] = ()
    """What is stopped or dumped for a backup."""
    moved: bool = False
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AddedRepository:
    """What became of it."""

    repository: Repository
    problems: tuple[str, ...] = ()
    """What did not work after it was added, as sentences."""
    units_problem: str = ""
    """Why backups do not start while the program is closed, although that was wanted."""


def add_with_all(workspace: Workspace, new: NewRepository, cancel: Cancel) -> AddedRepository:
    """Add a repository with its scripts and its schedule in one transaction.

    Scripts that cannot be assigned are left out and told in the result; then it is not backed up by itself. The errors
    are those of :func:`~borgdesk.engine.repositories.registration.add_repository`, and those of
    :meth:`~borgdesk.engine.lanes.service_scripts.ServiceScripts.store`; after any of them, nothing was added.
    """
    if new.cron is not None:
        check_cron(new.cron)
    belongings = _ScriptsAndSchedule(workspace, new)
    added = add_repository(
        workspace,
        with_dumps(new.repository, new.services),
        new.passphrase,
        new.init,
        cancel,
        moved=new.moved,
        key_file=new.key_file,
        belongings=belongings,
    )
    if belongings.problem or new.cron is None:
        return AddedRepository(added, tuple(filter(None, [belongings.problem])))
    return AddedRepository(added, units_problem=follow_first_schedule(workspace, install_units=new.installs_units))


class _ScriptsAndSchedule(Belongings):
    """The schedule is stored only if all scripts are: a backup would read what nothing stops or dumps."""

    def __init__(self, workspace: Workspace, new: NewRepository) -> None:
        self._workspace = workspace
        self._new = new
        self._scripts = ServiceScripts(workspace, ())
        self.may_have_secrets = any(service.values for service in new.services)
        self.problem = ""
        """What could not be assigned, as a sentence."""

    def prepare(self, repository: Repository) -> Repository:
        usable, reasons = [], []
        for service in self._new.services:
            try:
                prepare(service)
                usable.append(service)
            except BorgDeskError as error:
                reasons.append(error.sentence)
        self._scripts = ServiceScripts(self._workspace, usable)
        self.problem = _told(reasons, is_any=bool(usable), waits=self._new.cron is not None)
        return _without_other_dumps(repository, with_dumps(self._new.repository, usable)) if reasons else repository

    def store(self, added: Repository, additions: Additions, secrets: AddedSecrets) -> None:
        self._scripts.store(added.id, additions, secrets)
        if self._new.cron is not None and not self.problem:
            self._workspace.store.schedules.put(Schedule(added.id, self._new.cron))


def _without_other_dumps(repository: Repository, kept: Repository) -> Repository:
    """Let a repository back up the sources of *kept*: Borg would complain of folders that could not be made."""
    if not kept.all_sources:
        return repository
    return replace(repository, sources=tuple(map(check_source, kept.sources)))


def _told(reasons: Sequence[str], *, is_any: bool, waits: bool) -> str:
    if not reasons:
        return ""
    if is_any and waits:
        said = _("Some scripts were not assigned, so backups do not start by themselves yet: {reason}")
    elif waits:
        said = _("No scripts were assigned, so backups do not start by themselves yet: {reason}")
    elif is_any:
        said = _("Some scripts were not assigned. {reason}")
    else:
        said = _("No scripts were assigned. {reason}")
    return said.format(reason=" ".join(reasons))


def with_dumps(repository: Repository, services: Sequence[Service]) -> Repository:
    """Return *repository* with the folders of dumps among its sources, unless one of these contains them."""
    sources = list(repository.sources)
    for service in services:
        folder = service.output_folder
        if folder and not any(Path(folder).is_relative_to(source) for source in sources):
            sources.append(folder)
    return replace(repository, sources=tuple(sources))
