"""The shipped script templates, and making library scripts of them, one or both sides of a pair, in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import DEFAULT_TIMEOUT, Script, sha256_of
from borgdesk.engine.assigning import Changes, assign, unassign
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import resource
from borgdesk.store.library import is_ours


@dataclass(frozen=True, slots=True)
class Template:
    """A script that BorgDesk ships, with what its block says of it."""

    file_name: str
    header: Header
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.header.name or Path(self.file_name).stem

    @property
    def hook(self) -> Hook:
        """The lane it is made for."""
        return self.header.hook or Hook.PRE_BACKUP


@dataclass(frozen=True, slots=True)
class Use:
    """What is to be made of templates."""

    templates: Sequence[Template]
    """One, or both sides of a pair."""
    repository_id: int | None = None
    """Where each side is assigned, in its own lane; None only fills the library."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameter values; each side takes those that it declares."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    scripts: tuple[Script, ...]
    assignments: tuple[Assignment, ...] = ()


def templates() -> list[Template]:
    """All templates, by category and name."""
    found = [_read(path) for path in sorted(resource("templates").iterdir()) if path.is_file() and is_ours(path.name)]
    return sorted(found, key=lambda one: (one.header.category.casefold(), one.name.casefold()))


def companion_of(template: Template, among: Sequence[Template]) -> Template | None:
    """The other side of a pair."""
    return next((other for other in among if other.file_name == template.header.companion), None)


def pair_of(template: Template, among: Sequence[Template]) -> tuple[Template, ...]:
    """The template with its other side, if it has one, the one that runs first at the front."""
    other = companion_of(template, among)
    sides = (template,) if other is None else (template, other)
    return tuple(sorted(sides, key=lambda side: list(Hook).index(side.hook)))


def make(workspace: Workspace, use: Use) -> Made:
    """Put templates into the library and, where a repository was chosen, assign them: all of it, or nothing.

    A script that is an unchanged copy of the same template already is used again instead of copied once more.

    Raises:
        InvalidInput: a required value is missing, or a value is impossible.
        SecretsUnavailable: a secret value cannot be kept anywhere.
        NotFound: the repository was removed meanwhile.
    """
    if use.repository_id is not None:
        _check_values(use)
    with ExitStack() as undo:
        scripts = tuple(_in_library(workspace, template, undo) for template in use.templates)
        assignments: list[Assignment] = []
        if use.repository_id is not None:
            for template, script in zip(use.templates, scripts, strict=True):
                values = {name: value for name, value in use.values.items() if template.header.parameter(name)}
                assigned = assign(workspace, use.repository_id, script.id, template.hook, Changes(parameters=values))
                undo.callback(unassign, workspace, assigned)
                assignments.append(assigned)
        undo.pop_all()
    return Made(tuple(workspace.store.scripts.get(script.id) for script in scripts), tuple(assignments))


def free_script_name(workspace: Workspace, wanted: str) -> str:
    """*wanted*, or with 2, 3, … behind it the first name that no script has."""
    taken = {script.name for script in workspace.store.scripts.list()}
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted} {number}"
    return name


def _read(path: Path) -> Template:
    content = path.read_bytes()
    return Template(path.name, parse_header(content.decode()), content)


def _check_values(use: Use) -> None:
    for template in use.templates:
        _, missing = resolve_values(template.header, use.values)
        if missing:
            raise InvalidInput(f"“{template.name}” needs a value for {', '.join(missing)}.")


def _in_library(workspace: Workspace, template: Template, undo: ExitStack) -> Script:
    store = workspace.store.scripts
    if (copy := _unchanged_copy(workspace, template)) is not None:
        return copy
    header = template.header
    script = store.add(
        free_script_name(workspace, template.name),
        template.content,
        description=header.description,
        timeout=header.timeout or DEFAULT_TIMEOUT,
        run_on=header.run_on or ALWAYS,
        file_name=template.file_name,
    )
    undo.callback(_forget, workspace, script)
    return script


def _unchanged_copy(workspace: Workspace, template: Template) -> Script | None:
    wanted = sha256_of(template.content)
    stem = Path(template.file_name).stem
    for script in workspace.store.scripts.list():
        path = Path(script.file_path)
        if path.name.startswith(stem) and path.is_file() and sha256_of(path.read_bytes()) == wanted:
            return script
    return None


def _forget(workspace: Workspace, script: Script) -> None:
    try:
        workspace.store.scripts.remove(script.id)
    except NotFound:  # somebody else was quicker
        return
