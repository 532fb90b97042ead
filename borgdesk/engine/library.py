"""Scripts going into the library and out of it: files imported, scripts copied, files exported, inline texts moved."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import DEFAULT_TIMEOUT, MAX_NAME, Script, normalized
from borgdesk.engine.templates import free_script_name
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    path: Path
    script: Script | None
    problem: str = ""
    """Why it was not imported, as a sentence."""


def import_files(workspace: Workspace, paths: list[Path]) -> list[Imported]:
    """Copy files into the library, each by itself: one that cannot be a script does not keep the others out."""
    return [_import(workspace, path) for path in paths]


def _import(workspace: Workspace, path: Path) -> Imported:
    try:
        return Imported(path, import_file(workspace, path))
    except BorgDeskError as error:
        return Imported(path, None, str(error))


def import_file(workspace: Workspace, path: Path) -> Script:
    """Copy a file into the library; name, description, timeout and condition are those of its block, if it has one.

    A file that is in the library folder already is registered where it is.

    Raises:
        InvalidInput: it cannot be a script.
        ScriptUnreadable: it cannot be read.
        StoreUnusable: the copy cannot be written.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links that people made on purpose
    content = normalized(files.read(path), f"The file {path}")
    header = header_or_empty(content)
    name = free_script_name(workspace, (header.name or readable_name(path))[:MAX_NAME])
    about = {
        "description": header.description,
        "timeout": header.timeout or DEFAULT_TIMEOUT,
        "run_on": header.run_on or ALWAYS,
    }
    store = workspace.store.scripts
    if path.is_relative_to(workspace.paths.library):
        return store.register(path, name, **about)  # type: ignore[arg-type]
    file_name = path.name if path.name.isprintable() and not path.name.startswith(".") else None
    return store.add(name, content, file_name=file_name, **about)  # type: ignore[arg-type]


def readable_name(path: Path) -> str:
    """A name for a script from its file's: "docker-stop.sh" becomes "Docker stop"."""
    words = path.stem.replace("_", " ").replace("-", " ").strip() or path.name
    printable = "".join(letter for letter in words if letter.isprintable()).strip() or "Script"
    return printable[:1].upper() + printable[1:]


def header_or_empty(content: bytes) -> Header:
    """The block of a text, or an empty one where it is malformed: the editor will say so."""
    try:
        return parse_header(content.decode("utf-8", "replace"))
    except InvalidInput:
        return Header()


def duplicate(workspace: Workspace, script_id: int) -> Script:
    """A copy of a script under a new name, with its own file.

    Raises:
        NotFound: there is no such script.
        ScriptUnreadable: its file cannot be read.
    """
    store = workspace.store.scripts
    script = store.get(script_id)
    name = free_script_name(workspace, f"{script.name[: MAX_NAME - 12]} (copy)")
    content = store.content(script_id)
    return store.add(name, content, description=script.description, timeout=script.timeout, run_on=script.run_on)


def export_files(workspace: Workspace, script_ids: list[int], folder: Path) -> list[Path]:
    """Write scripts into a folder under the names of their library files, never over a file that is there.

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


def export_file(workspace: Workspace, script_id: int, target: Path) -> None:
    """Write a script to a file the user chose, whatever was there.

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


def move_inline_to_library(workspace: Workspace, repository_id: int, hook: Hook) -> Script:
    """Make a library script of a repository's inline script, and assign it in the same lane with the same effect.

    Raises:
        InvalidInput: there is no inline script in that lane.
    """
    store = workspace.store
    repository = store.repositories.get(repository_id)
    before = hook is Hook.PRE_BACKUP
    text = repository.pre_script if before else repository.post_script if hook is Hook.POST_BACKUP else ""
    if not text:
        raise InvalidInput(f"{repository.name} has no inline script in that lane.")
    side = "before" if before else "after"
    name = free_script_name(workspace, f"{repository.name[: MAX_NAME - 30]}: script {side} backup")
    script = store.scripts.add(name, text.encode(), timeout=DEFAULT_TIMEOUT, run_on=ALWAYS)
    assigned = None
    try:
        assigned = store.assignments.add(repository_id, script.id, hook)
        cleared = replace(repository, pre_script="") if before else replace(repository, post_script="")
        store.repositories.update(cleared)
    except BorgDeskError:
        if assigned is not None:
            store.assignments.remove(assigned.id)
        store.scripts.remove(script.id)
        raise
    return store.scripts.get(script.id)
