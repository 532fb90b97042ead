"""The script templates that BorgDesk ships, and creating library scripts from them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from borgdesk.domain.errors import NotFound
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import DEFAULT_TIMEOUT, NewScript, Script, sha256_of
from borgdesk.engine.scripts.library import free_script_name
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import resource
from borgdesk.store.library_names import is_ours
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Template:
    """A shipped script with the metadata from its block."""

    file_name: str
    header: Header
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The display name."""
        return self.header.name or Path(self.file_name).stem

    @property
    def hook(self) -> Hook:
        """The lane it is intended for."""
        return self.header.hook or Hook.PRE_BACKUP


def templates() -> list[Template]:
    """Return all templates, by category and name."""
    found = [_read(path) for path in sorted(resource("templates").iterdir()) if path.is_file() and is_ours(path.name)]
    return sorted(found, key=lambda one: (one.header.category.casefold(), one.name.casefold()))


def companion_of(template: Template, among: Sequence[Template]) -> Template | None:
    """Return the other side of a pair."""
    return next((other for other in among if other.file_name == template.header.companion), None)


def pair_of(template: Template, among: Sequence[Template]) -> tuple[Template, ...]:
    """Return the template and its other side, if any, in order of execution."""
    other = companion_of(template, among)
    sides = (template,) if other is None else (template, other)
    return tuple(sorted(sides, key=lambda side: list(Hook).index(side.hook)))


def add_template(workspace: Workspace, template: Template, undo: ExitStack) -> Script:
    """Add a template to the library, unless an unchanged copy is there; *undo* gets a callback that removes it."""
    wanted = script_for(workspace, template)
    if isinstance(wanted, Script):
        return wanted
    script = workspace.store.scripts.add(wanted)
    undo.callback(_forget, workspace, script)
    return script


def script_for(workspace: Workspace, template: Template) -> Script | NewScript:
    """Return the unchanged copy of a template in the library; if there is none, the script to add."""
    if (copy := _unchanged_copy(workspace, template)) is not None:
        return copy
    header = template.header
    return NewScript(
        free_script_name(workspace, template.name),
        template.content,
        header.description,
        header.timeout or DEFAULT_TIMEOUT,
        header.run_on or ALWAYS,
        template.file_name,
    )


def _read(path: Path) -> Template:
    content = path.read_bytes()
    return Template(path.name, _translated(parse_header(content.decode())), content)


def _translated(header: Header) -> Header:
    """Return *header* in the user's language; ``make messages`` collects what templates say of themselves."""
    return replace(
        header,
        name=header.name and _(header.name),
        description=_(header.description),
        category=_(header.category),
        needs=tuple(map(_, header.needs)),
        parameters=tuple(replace(one, description=_(one.description)) for one in header.parameters),
    )


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
    except NotFound:  # another process was faster
        return
