"""Adds a repository with all that belongs to it: scripts for what runs here, and a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes.template_assignment import assign_services
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
    """Add a repository, then assign its scripts, and only then let it be backed up by itself.

    The errors are those of :func:`~borgdesk.engine.repositories.registration.add_repository`.
    """
    wanted = with_dumps(new.repository, new.services)
    added = add_repository(workspace, wanted, new.passphrase, new.init, cancel, moved=new.moved, key_file=new.key_file)
    problems = []
    if new.services:
        try:
            assign_services(workspace, added.id, new.services)
        except BorgDeskError as error:
            problems.append(_("No scripts were assigned. {reason}").format(reason=error.sentence))
    units_problem = ""
    if new.cron is not None:
        units_problem = schedule_added(workspace, added, new.cron, install_units=new.installs_units)
    return AddedRepository(added, tuple(problems), units_problem)


def with_dumps(repository: Repository, services: Sequence[Service]) -> Repository:
    """Return *repository* with the folders of dumps among its sources, unless one of these contains them."""
    sources = list(repository.sources)
    for service in services:
        folder = service.output_folder
        if folder and not any(Path(folder).is_relative_to(source) for source in sources):
            sources.append(folder)
    return replace(repository, sources=tuple(sources))
