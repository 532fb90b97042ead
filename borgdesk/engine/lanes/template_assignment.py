"""Creates scripts from a template, or from both sides of a pair, and assigns them to a repository in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.assignments import Changes, assign, unassign
from borgdesk.engine.scripts.templates import Template, add_template
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
        check_values(use.templates, use.values)
    with ExitStack() as undo:
        scripts = tuple(add_template(workspace, template, undo) for template in use.templates)
        assignments: list[Assignment] = []
        if use.repository_id is not None:
            for template, script in zip(use.templates, scripts, strict=True):
                assignments.append(_assigned(workspace, use.repository_id, template, script, use.values, undo))
        undo.pop_all()
    return AddedTemplates(tuple(workspace.store.scripts.get(script.id) for script in scripts), tuple(assignments))


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


def check_values(used: Sequence[Template], given: Mapping[str, str]) -> None:
    """Check whether templates can be assigned with these values.

    Raises:
        InvalidInput: a required value is missing, or a value is invalid.
    """
    for template in used:
        _values, missing = resolve_values(template.header, given)
        if missing:
            raise InvalidInput(
                _("“{template}” needs a value for {names}.").format(template=template.name, names=", ".join(missing))
            )
        for name, value in given.items():
            if (declared := template.header.parameter(name)) is not None:
                declared.check(value)
