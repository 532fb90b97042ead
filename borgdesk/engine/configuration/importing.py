"""Reads an exported set-up and plans its import: what would be made here.

What is here stays as it is: a repository whose name is taken is not imported, a script whose name is taken by another
text gets a new name, and a setting that was changed here keeps its value. All of that is said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from borgdesk.borg.options import check_encryption
from borgdesk.domain.assignment import check_on_failure, check_shared
from borgdesk.domain.errors import Changed, InvalidInput, ScriptUnreadable
from borgdesk.domain.parameters import check_name as check_parameter
from borgdesk.domain.parameters import check_value
from borgdesk.domain.repository import (
    Repository,
    check_checkpoint_interval,
    check_compact_every,
    check_source,
    check_stall_limit,
    check_upload_limit,
)
from borgdesk.domain.schedule import Schedule
from borgdesk.domain.script import NewScript, Script, check_name, check_timeout, free_name, normalized
from borgdesk.domain.settings import AUTOSTART, BORG_PROGRAM, BY_KEY
from borgdesk.engine.configuration.document import (
    LARGEST,
    Document,
    RepositoryPart,
    from_bytes,
    to_bytes,
)
from borgdesk.engine.configuration.exporting import set_up
from borgdesk.engine.configuration.remarks import About, Remark
from borgdesk.engine.repositories.registration import checked
from borgdesk.engine.repositories.shared_locations import check_series
from borgdesk.engine.schedule.instants import check_cron
from borgdesk.engine.schedule.unit_texts import mount_unit
from borgdesk.engine.workspace import Workspace
from borgdesk.store.library_names import checked_name
from borgdesk.translation import _

_BORG_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would make."""

    document: Document
    scripts: tuple[NewScript, ...] = ()
    """New ones, under the names that they will get."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names in the library, by the names in the file."""
    repositories: tuple[RepositoryPart, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    """What is different from the file, and why."""

    @property
    def has_secrets(self) -> bool:
        """Whether the file has encrypted secrets that would be used."""
        return self.document.sealed is not None and bool(self.repositories)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be made."""
        return not (self.scripts or self.repositories or self.settings)


def read(file: Path) -> Document:
    """Read an exported set-up.

    Raises:
        InvalidInput: it cannot be read, or is no exported set-up.
    """
    try:
        if not file.is_file():
            raise InvalidInput(_("The file {file} is missing, or is not a regular file.").format(file=file))
        with file.open("rb") as opened:
            return from_bytes(opened.read(LARGEST + 1))
    except OSError as error:
        raise InvalidInput(
            _("The file {file} cannot be read: {error}.").format(file=file, error=error.strerror)
        ) from error


def plan(workspace: Workspace, document: Document) -> Plan:
    """Return what an import would make; changes nothing.

    Raises:
        InvalidInput: a value of the file is not possible; the sentence names it.
        StoreUnusable: the database cannot be read.
    """
    # A script that was lost here is none of those in the file, and no reason to import nothing.
    here = set_up(workspace, lambda script: _text_here(workspace, script))
    scripts, names, remarks = _scripts(document, here)
    repositories: list[RepositoryPart] = []
    known = {part.repository.name: part for part in here.repositories}
    for part in document.repositories:
        part = _checked_repository(part, names)  # noqa: PLW2901
        name = part.repository.name
        if name in known:
            remarks.append(_same_or_other(part, known[name]))
            continue
        if any(name == other.repository.name for other in repositories):
            raise InvalidInput(_("The file has two repositories called “{name}”.").format(name=name))
        check_series(workspace, part.repository)
        if part.repository.passcommand is not None:
            remarks.append(
                Remark(
                    About.NEW,
                    _("“{name}” runs a command for its passphrase: {command}").format(
                        name=name, command=part.repository.passcommand
                    ),
                )
            )
        repositories.append(part)
    settings, about_settings = _settings(document, here)
    return Plan(document, tuple(scripts), names, tuple(repositories), settings, (*remarks, *about_settings))


def _text_here(workspace: Workspace, script: Script) -> bytes:
    try:
        return workspace.store.scripts.content(script.id)
    except ScriptUnreadable:
        return b""


def check_unchanged(workspace: Workspace, file: Path, shown: Plan) -> None:
    """Check that a plan is still what *file* would make, for someone who has looked at it for a while.

    Raises:
        Changed: the file, or what is here, was changed meanwhile.
        InvalidInput: the file is gone, or no longer an exported set-up.
    """
    document = read(file)
    if to_bytes(document) != to_bytes(shown.document):
        raise Changed(_("The file {file}").format(file=file))
    if plan(workspace, document) != shown:
        raise Changed(_("What is here"))


def _scripts(document: Document, here: Document) -> tuple[list[NewScript], dict[str, str], list[Remark]]:
    known = {one.name: one for one in here.scripts}
    taken = {*known, *(one.name for one in document.scripts)}
    new: list[NewScript] = []
    names: dict[str, str] = {}
    remarks: list[Remark] = []
    for one in document.scripts:
        script = replace(one, name=check_name(one.name), file_name=str(checked_name(one.file_name or "")))
        check_timeout(script.timeout)
        script = replace(script, content=normalized(script.content))
        if script.name in names:
            raise InvalidInput(_("The file has two scripts called “{name}”.").format(name=script.name))
        other = known.get(script.name)
        if other is not None and other.content == script.content:
            names[script.name] = script.name
            remarks.append(Remark(About.PRESENT, _("The script “{name}” is here already.").format(name=script.name)))
            continue
        free = script.name
        if other is not None:
            free = free_name(script.name, taken)
            taken.add(free)
            remarks.append(
                Remark(
                    About.NEW,
                    _("Another script “{name}” is here already; the imported one is called “{new}”.").format(
                        name=script.name, new=free
                    ),
                )
            )
        names[script.name] = free
        new.append(replace(script, name=free))
    return new, names, remarks


def _checked_repository(part: RepositoryPart, names: Mapping[str, str]) -> RepositoryPart:
    repository = checked(part.repository)
    check_stall_limit(repository.stall_limit)
    if repository.upload_limit is not None:
        check_upload_limit(repository.upload_limit)
    if repository.checkpoint_interval is not None:
        check_checkpoint_interval(repository.checkpoint_interval)
    check_compact_every(repository.compact_every)
    _check_facts(repository)
    if part.schedule is not None:
        _check_schedule(part.schedule)
    for one in part.assignments:
        if one.script not in names:
            raise InvalidInput(
                _("“{repository}” uses a script “{script}” that is not in the file.").format(
                    repository=repository.name, script=one.script
                )
            )
        if one.timeout is not None:
            check_timeout(one.timeout)
        check_on_failure(one.hook, one.on_failure)
        check_shared(one.hook, one.shared)
        for name, value in one.parameters.items():
            check_parameter(name)
            check_value(name, value)
        for name in one.secrets:
            check_parameter(name)
    return replace(part, repository=repository)


def _check_facts(repository: Repository) -> None:
    """Check what Borg has said about a repository, and the user cannot enter."""
    if repository.encryption is not None:
        check_encryption(repository.encryption)
    if repository.borg_id is not None and not _BORG_ID.fullmatch(repository.borg_id):
        raise InvalidInput(_("“{repository}” has an id that is none of Borg's.").format(repository=repository.name))


def _check_schedule(schedule: Schedule) -> None:
    check_cron(schedule.cron)
    if schedule.conditions.disk is not None:
        # One that systemd cannot watch would fail all units.
        mount_unit(check_source(schedule.conditions.disk))


def _same_or_other(part: RepositoryPart, here: RepositoryPart) -> Remark:
    name = part.repository.name
    if Document({}, (), (part,)).digest() == Document({}, (), (here,)).digest():
        return Remark(About.PRESENT, _("The repository “{name}” is here already.").format(name=name))
    return Remark(
        About.NOT_TAKEN, _("Another repository “{name}” is here already, and stays as it is.").format(name=name)
    )


def _settings(document: Document, here: Document) -> tuple[dict[str, Any], list[Remark]]:
    new, not_taken = {}, []
    for key, value in document.settings.items():
        if key == AUTOSTART.key:
            if value:
                not_taken.append(_("Starting at login is not imported. Settings has it."))
        elif key == BORG_PROGRAM.key and not os.path.exists(value or "/"):  # noqa: PTH110 - Path's raises errors
            not_taken.append(_("The Borg program {path} is not on this machine.").format(path=value))
        elif key not in here.settings:
            new[key] = value
        elif here.settings[key] != value:
            mine = BY_KEY[key].in_text(here.settings[key])
            not_taken.append(_("The setting {key} stays at “{value}”.").format(key=key, value=mine))
    return new, [Remark(About.NOT_TAKEN, sentence) for sentence in not_taken]
