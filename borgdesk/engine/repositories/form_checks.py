"""Checks the form for adding a repository while the user fills it in, without calling Borg."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from pathlib import Path

from borgdesk.borg.excludes import tidied_pattern
from borgdesk.borg.extra_arguments import extra_arguments
from borgdesk.borg.options import Encryption, check_compression
from borgdesk.borg.passcommand import for_a_shell
from borgdesk.borg.patterns import check_patterns
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.location import with_home
from borgdesk.domain.pattern_roots import roots_in
from borgdesk.domain.repository import Repository, check_location, is_local, local_path
from borgdesk.domain.script import check_name
from borgdesk.domain.server import DIRECT
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.repositories.queue import canonical
from borgdesk.engine.repositories.registration import (
    check_connection,
    check_name_is_free,
    check_sources,
    checked,
)
from borgdesk.engine.repositories.shared_locations import check_series, same_repository
from borgdesk.engine.repositories.sources import exclude_remarks, source_remarks
from borgdesk.engine.servers.ssh_keys import check_key
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


class Part(IntEnum):
    """The parts of the form, in the order in which they are filled in."""

    WHERE = 0
    WHAT = 1
    WHEN = 2


class Field(Enum):
    """What a sentence is about."""

    LOCATION = auto()
    SERVER = auto()
    PASSPHRASE = auto()
    SOURCES = auto()
    NAME = auto()
    EXCLUDES = auto()
    COMPRESSION = auto()
    SCHEDULE = auto()
    RETENTION = auto()

    @property
    def part(self) -> Part:
        """The part of the form that it is in."""
        if self in (Field.LOCATION, Field.SERVER, Field.PASSPHRASE):
            return Part.WHERE
        return Part.WHEN if self in (Field.SCHEDULE, Field.RETENTION) else Part.WHAT


@dataclass(frozen=True, slots=True)
class FormChecks:
    """A sentence about the form; empty if there is no problem."""

    sentence: str = ""
    prevents: bool = False
    """Whether the repository cannot be added like this; otherwise the sentence is a hint."""
    field: Field = Field.SOURCES
    """What the sentence is about."""
    missing: str = ""
    """The folder that has to be made first, if that is the problem."""
    inside: str = ""
    """The repository itself, if it is among the files to back up."""
    others: tuple[FormChecks, ...] = ()
    """Hints about other fields."""

    @property
    def part(self) -> Part:
        """The part of the form that the sentence is about."""
        return self.field.part


class _NoParent(InvalidInput):
    """The folder is missing in which a repository is to be created."""

    def __init__(self, folder: Path) -> None:
        super().__init__(_("There is no folder {folder} to create the repository in.").format(folder=folder))
        self.folder = str(folder)


def is_repository(location: str) -> bool | None:
    """Return whether there is a repository at a location on this machine.

    None if nobody knows: it is elsewhere, it is no location, or its disk does not respond or may not be read.
    """
    try:
        location = check_location(with_home(location, str(Path.home())))
        if not is_local(location):
            return None
        config = Path(local_path(location)) / "config"
        (seen,) = probe([("real", str(config))])
        return None if seen is NoAnswer else config.is_file()
    except (BorgDeskError, OSError):
        return None


def check_form(workspace: Workspace, repository: Repository, init: Encryption | None) -> FormChecks:
    """Check the values of a repository to be added, or created first with encryption *init*."""
    field = Field.LOCATION
    try:
        repository = replace(repository, location=check_location(with_home(repository.location, str(Path.home()))))
        _check_place(repository.location, init)
        field = Field.SERVER
        check_connection(repository)
        if repository.ssh_key and not is_local(repository.location):
            check_key(workspace.environment, repository.ssh_key)
        field = Field.SOURCES
        check_sources(repository)
        field = Field.NAME
        check_name_is_free(workspace, check_name(repository.name, "repository"))
        field = Field.COMPRESSION
        check_compression(repository.compression)
        field = Field.EXCLUDES
        for pattern in repository.excludes:
            tidied_pattern(pattern)
        field = Field.SOURCES
        wanted = checked(repository)
        field = Field.NAME
        check_series(workspace, wanted)
    except BorgDeskError as error:
        missing = error.folder if isinstance(error, _NoParent) else ""
        return FormChecks(str(error), prevents=True, field=field, missing=missing)
    first, *others = [*_worth_knowing(workspace, wanted), FormChecks()]
    return replace(first, others=tuple(one for one in others if one.sentence))


def _check_place(location: str, init: Encryption | None) -> None:
    if not is_local(location):
        return
    # Each edit of the form asks again: a disk that does not respond would block one thread after the other.
    (seen,) = probe([("real", local_path(location))])
    if seen is NoAnswer:
        raise InvalidInput(
            _("{source} is not responding. It may be on a machine that is not reachable.").format(source=location)
        )
    try:
        _check_folder(Path(local_path(location)), location, init)
    except OSError as error:
        raise InvalidInput(
            _("{folder} cannot be read: {reason}.").format(folder=location, reason=error.strerror)
        ) from error


def _check_folder(path: Path, location: str, init: Encryption | None) -> None:
    if init is None:
        if not path.exists():
            raise InvalidInput(
                _("There is no folder {location}. Mount its disk, or create a new repository.").format(
                    location=location
                )
            )
        if not (path / "config").is_file():
            raise InvalidInput(_("The folder {location} is not a Borg repository.").format(location=location))
        return
    if path.is_dir() and os.access(path, os.R_OK) and any(path.iterdir()):
        sentence = (
            _("The folder {location} is already a Borg repository: add it as an existing repository.")
            if (path / "config").is_file()
            else _("The folder {location} is not empty.")
        )
        raise InvalidInput(sentence.format(location=location))
    if path.exists() and not path.is_dir():
        raise InvalidInput(_("{location} is a file, not a folder.").format(location=location))
    if not path.parent.exists():
        raise _NoParent(path.parent)
    if not path.parent.is_dir():
        raise InvalidInput(_("{location} is a file, not a folder.").format(location=path.parent))


def _worth_knowing(workspace: Workspace, repository: Repository) -> list[FormChecks]:
    """Return hints, the most important first."""
    found = []
    for other in workspace.store.repositories.list():
        if same_repository(repository, other):
            said = _("“{name}” is at the same location, so their backups take turns.").format(name=other.name)
            found.append(FormChecks(said, field=Field.LOCATION))
    if is_local(repository.location) and repository.connection != DIRECT:
        said = _("The repository is on this machine, so the settings of a server have no effect.")
        found.append(FormChecks(said, field=Field.SERVER))
    if repository.passcommand is not None and (remark := for_a_shell(repository.passcommand)):
        found.append(FormChecks(remark, field=Field.PASSPHRASE))
    found += [FormChecks(remark) for remark in source_remarks(repository.all_sources)]
    found += [
        FormChecks(remark, field=Field.EXCLUDES)
        for remark in exclude_remarks(repository.excludes, repository.all_sources)
    ]
    if inside := _inside(repository):
        found.append(FormChecks(inside, inside=local_path(repository.location)))
    if said := same_disk.remark(repository):
        found.append(FormChecks(said))
    return found


def _inside(repository: Repository) -> str:
    """Return the sentence about a repository that would be backed up into itself; empty if it would not."""
    if is_local(repository.location) and not repository.excludes:
        location = canonical(repository.location)
        for source in repository.all_sources:
            if Path(location).is_relative_to(source):
                return _("The repository is inside {source}, which is being backed up into it. Exclude it.").format(
                    source=source
                )
    return ""


@dataclass(frozen=True, slots=True)
class TypedRemarks:
    """What is wrong with each of these fields, as typed so far."""

    excludes: Sequence[str] = ()
    """A pattern that is refused, or all that can never match."""
    patterns: str = ""
    arguments: str = ""


def typed_remarks(
    excludes: Sequence[str], sources: Sequence[str], patterns: str = "", arguments: str = ""
) -> TypedRemarks:
    """Return what is wrong with excludes, patterns, and further options of Borg."""
    wrong_patterns, wrong_arguments = _refusal(check_patterns, patterns), _refusal(extra_arguments, arguments)
    try:
        tidied = [tidied_pattern(pattern) for pattern in excludes]
    except InvalidInput as error:
        return TypedRemarks([str(error)], wrong_patterns, wrong_arguments)
    roots = () if wrong_patterns else roots_in(patterns)
    return TypedRemarks(exclude_remarks(tidied, (*sources, *roots)), wrong_patterns, wrong_arguments)


def _refusal(check: Callable[[str], object], text: str) -> str:
    try:
        check(text)
    except InvalidInput as error:
        return str(error)
    return ""
