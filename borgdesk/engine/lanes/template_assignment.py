"""Creates scripts from a template, or from both sides of a pair, and assigns them to a repository in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.assignments import Changes, assign, unassign
from borgdesk.engine.scripts.templates import Template, add_template, templates
from borgdesk.engine.services.service import Service
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """What to do with templates."""

    templates: Sequence[Template]
    """One, or both sides of a pair."""
    repository_id: RepositoryId | None = None
    """Where each side is assigned, in its own lane; None only adds them to the library."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameter values; each side gets those that it declares."""


@dataclass(frozen=True, slots=True)
class AddedTemplates:
    """The resulting scripts and assignments."""

    scripts: tuple[Script, ...]
    assignments: tuple[Assignment, ...] = ()


def make(workspace: Workspace, use: TemplateUse) -> AddedTemplates:
    """Add templates to the library and, if a repository was chosen, assign them: all or nothing.

    A library script that is an unchanged copy of the template is used again instead of copied once more.

    Raises:
        InvalidInput: a required value is missing, or a value is invalid.
        SecretsUnavailable: a secret value cannot be stored.
        NotFound: the repository was removed meanwhile.
    """
    if use.repository_id is not None:
        _check_values(use)
    with ExitStack() as undo:
        scripts = tuple(add_template(workspace, template, undo) for template in use.templates)
        assignments: list[Assignment] = []
        if use.repository_id is not None:
            for template, script in zip(use.templates, scripts, strict=True):
                assignments.append(_assigned(workspace, use.repository_id, template, script, use.values, undo))
        undo.pop_all()
    return AddedTemplates(tuple(workspace.store.scripts.get(script.id) for script in scripts), tuple(assignments))


def assign_services(
    workspace: Workspace, repository_id: RepositoryId, services: Sequence[Service]
) -> tuple[Assignment, ...]:
    """Assign the scripts for services that were found running, all or nothing; folders for dumps are made.

    The first to be stopped is the last to be started again.

    Raises:
        InvalidInput: a required value is missing, or a value is invalid.
        SecretsUnavailable: a secret value cannot be stored.
        BorgDeskError: a folder for dumps cannot be made.
        NotFound: the repository was removed meanwhile.
    """
    known = {template.file_name: template for template in templates()}
    uses = [
        TemplateUse([known[name] for name in service.templates], repository_id, service.values) for service in services
    ]
    for service in services:
        prepare(service)
    before = [(use, side) for use in uses for side in use.templates if side.hook is Hook.PRE_BACKUP]
    after = [(use, side) for use in reversed(uses) for side in use.templates if side.hook is not Hook.PRE_BACKUP]
    with ExitStack() as undo:
        assignments = tuple(
            _assigned(workspace, repository_id, side, add_template(workspace, side, undo), use.values, undo)
            for use, side in (*before, *after)
        )
        undo.pop_all()
    return assignments


def prepare(service: Service) -> None:
    """Check whether the scripts for a service can be assigned, and make its folder for dumps.

    Raises:
        InvalidInput: a required value is missing, or a value is invalid.
        BorgDeskError: the folder cannot be made.
    """
    _check_values(TemplateUse([one for one in templates() if one.file_name in service.templates], None, service.values))
    _make_folder(service)


def _make_folder(service: Service) -> None:
    """Make the folder for dumps, which is a source and has to be there."""
    if folder := service.output_folder:
        try:
            Path(folder).mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BorgDeskError(
                _("The folder {folder} cannot be made: {reason}").format(folder=folder, reason=error.strerror)
            ) from error


def _assigned(
    workspace: Workspace,
    repository_id: RepositoryId,
    template: Template,
    script: Script,
    given: Mapping[str, str],
    undo: ExitStack,
) -> Assignment:
    values = {name: value for name, value in given.items() if template.header.parameter(name)}
    assigned = assign(workspace, repository_id, script.id, template.hook, Changes(parameters=values))
    undo.callback(unassign, workspace, assigned)
    return assigned


def _check_values(use: TemplateUse) -> None:
    for template in use.templates:
        _values, missing = resolve_values(template.header, use.values)
        if missing:
            raise InvalidInput(
                _("“{template}” needs a value for {names}.").format(template=template.name, names=", ".join(missing))
            )
        for name, value in use.values.items():
            if (declared := template.header.parameter(name)) is not None:
                declared.check(value)
