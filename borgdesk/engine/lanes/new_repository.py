"""Adds a repository with all that belongs to it: scripts for what runs here, and a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository, check_source
from borgdesk.engine.lanes.template_assignment import assign_services, prepare
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.schedule.editing import schedule_added
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


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
    """Add a repository, then assign its scripts, and only if all of them are there let it be backed up by itself.

    What goes wrong once it is added is told in the result. The errors are those of
    :func:`~borgdesk.engine.repositories.registration.add_repository`.
    """
    wanted = with_dumps(new.repository, new.services)
    added = add_repository(workspace, wanted, new.passphrase, new.init, cancel, moved=new.moved, key_file=new.key_file)
    added, problem = _with_scripts(workspace, added, new)
    if problem:
        # A backup would read what nothing stops or dumps.
        return AddedRepository(added, (problem,))
    if new.cron is None:
        return AddedRepository(added)
    try:
        units_problem = schedule_added(workspace, added, new.cron, install_units=new.installs_units)
    except BorgDeskError as error:
        said = _("The schedule was not stored, so backups do not start by themselves yet: {reason}")
        return AddedRepository(added, (said.format(reason=error.sentence),))
    return AddedRepository(added, units_problem=units_problem)


def _with_scripts(workspace: Workspace, added: Repository, new: NewRepository) -> tuple[Repository, str]:
    """Assign the scripts that can be; return the repository as it is then, and what went wrong."""
    usable, reasons = [], []
    for service in new.services:
        try:
            prepare(service)
            usable.append(service)
        except BorgDeskError as error:
            reasons.append(error.sentence)
    is_any = bool(usable)
    try:
        if reasons:
            added = _without_other_dumps(workspace, added, with_dumps(new.repository, usable))
        assign_services(workspace, added.id, usable)
    except BorgDeskError as error:
        is_any = False
        reasons.append(error.sentence)
    return added, _told(reasons, is_any=is_any, waits=new.cron is not None)


def _without_other_dumps(workspace: Workspace, added: Repository, kept: Repository) -> Repository:
    """Let a repository back up the sources of *kept*: Borg would complain of folders that could not be made."""
    if not kept.all_sources:
        return added
    sources = tuple(map(check_source, kept.sources))
    return workspace.store.repositories.update(replace(added, sources=sources), seen=added)


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
