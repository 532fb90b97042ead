"""Imports, copies and exports library scripts, and moves inline scripts into the library."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from borgdesk.domain.beside import files_beside
from borgdesk.domain.characters import is_readable, readable
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import (
    DEFAULT_TIMEOUT,
    MAX_NAME,
    MAX_SCRIPT_BYTES,
    Details,
    NewScript,
    Script,
    free_name,
    may_be_text,
    normalized,
)
from borgdesk.engine.scripts.checks import names_in
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files
from borgdesk.translation import _

_GLANCES = 50
"""Number of files inspected during a drag: hovering with a thousand must not be slow."""
_BEGINNING = 4096
"""Bytes read of each."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of importing one file."""

    path: Path
    script: Script | None
    problem: str = ""
    """Why it was not imported, as a sentence."""
    remark: str = ""
    """A warning about files it will not find when it runs; empty if none was detected."""


def may_be_scripts(paths: Iterable[Path]) -> bool:
    """Return whether any of these can be imported, from the sizes and first bytes of a few of them."""
    return any(_may_be_script(path) for path in islice(paths, _GLANCES))


def _may_be_script(path: Path) -> bool:
    try:
        # Without O_NONBLOCK, opening a named pipe blocks; what is no file is not read.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_SCRIPT_BYTES:
                return False
            return may_be_text(os.read(descriptor, _BEGINNING))
        finally:
            os.close(descriptor)
    except OSError:
        return False


def free_script_name(workspace: Workspace, wanted: str) -> str:
    """Return *wanted*, or the first free name with 2, 3, … appended."""
    return free_name(wanted, {script.name for script in workspace.store.scripts.list()})


def import_files(workspace: Workspace, paths: list[Path]) -> list[Imported]:
    """Copy files into the library, each separately: one that is invalid does not affect the others."""
    return [_import(workspace, path) for path in paths]


def _import(workspace: Workspace, path: Path) -> Imported:
    try:
        script = import_file(workspace, path)
        content = workspace.store.scripts.content(script.id)
        return Imported(path, script, remark=lacks(content, path.parent))
    except BorgDeskError as error:
        return Imported(path, None, str(error))


def import_file(workspace: Workspace, path: Path) -> Script:
    """Copy a file into the library; name, description, timeout and condition are taken from its block, if any.

    A file that is already in the library folder is registered in place.

    Raises:
        InvalidInput: it is not a valid script.
        ScriptUnreadable: it cannot be read.
        StoreUnusable: the copy cannot be written.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links that people made on purpose
    content = normalized(files.read(path), _("The file {path}").format(path=path))
    header = header_or_empty(content)
    name = free_script_name(workspace, header.name or readable_name(path))
    about = Details(name, header.description, header.timeout or DEFAULT_TIMEOUT, header.run_on or ALWAYS)
    store = workspace.store.scripts
    if path.is_relative_to(workspace.paths.library):
        return store.register(path, about)
    file_name = path.name if is_readable(path.name) and not path.name.startswith(".") else None
    return store.add(NewScript.of(about, content, file_name))


def lacks(content: bytes, folder: Path) -> str:
    """Return a warning about files of *folder* that a script will not find when it runs; empty if there are none."""
    found = files_beside(content.decode("utf-8", "replace"), names_in(folder))
    return _("Line {line}: {message}").format(line=found[0].line, message=found[0].message) if found else ""


def readable_name(path: Path) -> str:
    """Return a display name for a file: "docker-stop.sh" becomes "Docker stop"."""
    words = path.stem.replace("_", " ").replace("-", " ").strip() or path.name
    printable = readable(words).strip() or _("Script")
    return printable[:1].upper() + printable[1:]


def header_or_empty(content: bytes) -> Header:
    """Return the block of a text, or an empty one if it is malformed, which the editor will report."""
    try:
        return parse_header(content.decode("utf-8", "replace"))
    except InvalidInput:
        return Header()


def duplicate(workspace: Workspace, script_id: ScriptId) -> Script:
    """Copy a script under a new name, with its own file.

    Raises:
        NotFound: there is no such script.
        ScriptUnreadable: its file cannot be read.
    """
    store = workspace.store.scripts
    script = store.get(script_id)
    name = free_script_name(workspace, f"{script.name[: MAX_NAME - 12]} (copy)")
    return store.add(NewScript.of(script.details._replace(name=name), store.content(script_id)))


def export_files(workspace: Workspace, script_ids: list[ScriptId], folder: Path) -> list[Path]:
    """Export scripts to a folder under the names of their library files, without overwriting any file.

    Raises:
        ScriptUnreadable: a script's file cannot be read.
        StoreUnusable: a file cannot be written.
    """
    written = []
    for script_id in script_ids:
        script = workspace.store.scripts.get(script_id)
        content = workspace.store.scripts.content(script_id)
        target = _free_path(folder / Path(script.file_path).name)
        files.write(target, content, 0o700)
        written.append(target)
    return written


def export_file(workspace: Workspace, script_id: ScriptId, target: Path) -> None:
    """Export a script to a file chosen by the user, overwriting an existing one.

    Raises:
        ScriptUnreadable: the script's file cannot be read.
        StoreUnusable: the file cannot be written.
    """
    files.write(target, workspace.store.scripts.content(script_id), 0o700)


def _free_path(path: Path) -> Path:
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def move_inline_to_library(workspace: Workspace, repository_id: RepositoryId, hook: Hook) -> Script:
    """Convert a repository's inline script to a library script, assigned to the same lane with the same effect.

    Raises:
        InvalidInput: there is no inline script in that lane.
    """
    store = workspace.store
    repository = store.repositories.get(repository_id)
    before = hook is Hook.PRE_BACKUP
    text = repository.pre_script if before else repository.post_script if hook is Hook.POST_BACKUP else ""
    if not text:
        raise InvalidInput(_("{repository} has no inline script in that lane.").format(repository=repository.name))
    title = _("{repository}: script before backup") if before else _("{repository}: script after backup")
    name = free_script_name(workspace, title.format(repository=repository.name[: MAX_NAME - 30]))
    script = store.scripts.add(NewScript(name, text.encode()))
    assigned = None
    try:
        assigned = store.assignments.add(repository_id, script.id, hook)
        cleared = replace(repository, pre_script="") if before else replace(repository, post_script="")
        store.repositories.update(cleared, seen=repository)
    except BorgDeskError:
        if assigned is not None:
            store.assignments.remove(assigned.id)
        store.scripts.remove(script.id)
        raise
    return store.scripts.get(script.id)
