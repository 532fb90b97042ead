"""Detects files of the library folder that were changed, added, renamed or removed outside BorgDesk.

Only names, sizes and times are compared until something differs. Nothing here writes, and hidden folders, such as
git's, are not entered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput, ScriptUnreadable
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import Script, normalized, sha256_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files, library_names

Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size in bytes, inode. Any editor changes at least one of them."""


@dataclass(frozen=True, slots=True)
class LibraryScan:
    """The state of the library: registered scripts, existing files, and mismatches."""

    scripts: tuple[Script, ...]
    stamps: Mapping[str, Stamp]
    """By file name relative to the library folder."""
    missing: frozenset[ScriptId]
    """Scripts whose file is missing."""
    unregistered: tuple[Path, ...]
    """Files that could be scripts but are not registered."""
    renamed: tuple[Script, ...] = ()
    """Scripts whose renamed file was just found again."""


def read_stamps(folder: Path) -> dict[str, Stamp]:
    """Return the stamps of all files in the library folder; takes about 3 ms for 500 files."""
    found = {}
    for name in library_names.file_names(folder):
        with contextlib.suppress(OSError):  # it has been removed meanwhile
            status = (folder / name).stat()
            found[name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def scan_library(workspace: Workspace) -> LibraryScan:
    """Scan the library and follow renames: a script whose file is missing gets a new file with the same text."""
    folder = workspace.paths.library
    stamps = read_stamps(folder)
    scripts = workspace.store.scripts.list()
    registered = {_relative(folder, script): script for script in scripts}
    gone = {name: script for name, script in registered.items() if name not in stamps}
    strange = [name for name in stamps if name not in registered]
    renamed = _follow(workspace, gone, strange) if gone and strange else {}
    if renamed:
        scripts = workspace.store.scripts.list()
    return LibraryScan(
        tuple(scripts),
        stamps,
        frozenset(script.id for script in gone.values() if script.id not in renamed),
        tuple(folder / name for name in strange if name not in renamed.values() and _could_be_script(folder / name)),
        tuple(script for script in scripts if script.id in renamed),
    )


def _relative(folder: Path, script: Script) -> str:
    return Path(script.file_path).relative_to(folder).as_posix()


def _follow(workspace: Workspace, gone: Mapping[str, Script], strange: list[str]) -> dict[ScriptId, str]:
    """Match missing scripts with new files that contain exactly their last text, where the match is unique."""
    folder = workspace.paths.library
    by_text: dict[str, list[str]] = {}
    for name in strange:
        with contextlib.suppress(ScriptUnreadable):
            by_text.setdefault(sha256_of(files.read(folder / name)), []).append(name)
    lost_by_text: dict[str, list[Script]] = {}
    for script in gone.values():
        revisions = workspace.store.revisions.list(script.id)
        if revisions:
            lost_by_text.setdefault(revisions[0].sha256, []).append(script)
    found: dict[ScriptId, str] = {}
    for sha256, lost in lost_by_text.items():
        names = by_text.get(sha256, [])
        if len(lost) == len(names) == 1:
            with contextlib.suppress(BorgDeskError):  # another process was faster
                workspace.store.scripts.relocate(lost[0].id, folder / names[0])
                found[lost[0].id] = names[0]
    return found


_NOT_SCRIPTS = (".md", ".txt", ".rst", ".json", ".toml", ".yaml", ".yml", ".orig", ".rej", ".bak", ".swp")
_NOT_NAMES = ("LICENSE", "README", "Makefile")


def is_beside_scripts(path: Path) -> bool:
    """Return whether a file is of a kind that users keep beside their scripts, such as notes and licences."""
    return path.suffix.lower() in _NOT_SCRIPTS or path.name in _NOT_NAMES


def _could_be_script(path: Path) -> bool:
    """Return whether a file is worth offering."""
    if is_beside_scripts(path):
        return False
    try:
        normalized(files.read(path))
    except (InvalidInput, ScriptUnreadable):
        return False
    return True
