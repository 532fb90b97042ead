"""The library folder as others see it: files that were changed, added, renamed or removed outside BorgDesk.

Only names, sizes and times are looked at until something is different. Nothing here ever writes, and hidden folders,
such as git's, are not entered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput, ScriptUnreadable
from borgdesk.domain.script import Script, normalized, sha256_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files, library

Stamp = tuple[int, int, int]
"""Of a file: modification time in nanoseconds, size in bytes, inode. An editor changes at least one of them."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The library at one moment: what is registered, what is there, and what does not fit together."""

    scripts: tuple[Script, ...]
    stamps: Mapping[str, Stamp]
    """By file name relative to the library folder."""
    missing: frozenset[int]
    """Ids of scripts whose file is gone."""
    unregistered: tuple[Path, ...]
    """Files that could be scripts and are not."""
    renamed: tuple[Script, ...] = ()
    """Scripts whose renamed file was found again just now."""


def look(folder: Path) -> dict[str, Stamp]:
    """The stamps of all files in the library folder: about 3 ms for 500 files."""
    found = {}
    for name in library.file_names(folder):
        with contextlib.suppress(OSError):  # it is gone already
            status = (folder / name).stat()
            found[name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def survey(workspace: Workspace) -> Survey:
    """Look at everything, and follow renamed files: a script whose file is gone has the new file with the same text."""
    folder = workspace.paths.library
    stamps = look(folder)
    scripts = workspace.store.scripts.list()
    registered = {_relative(folder, script): script for script in scripts}
    gone = {name: script for name, script in registered.items() if name not in stamps}
    strange = [name for name in stamps if name not in registered]
    renamed = _follow(workspace, gone, strange) if gone and strange else {}
    if renamed:
        scripts = workspace.store.scripts.list()
    return Survey(
        tuple(scripts),
        stamps,
        frozenset(script.id for script in gone.values() if script.id not in renamed),
        tuple(folder / name for name in strange if name not in renamed.values() and _could_be_script(folder / name)),
        tuple(script for script in scripts if script.id in renamed),
    )


def _relative(folder: Path, script: Script) -> str:
    return Path(script.file_path).relative_to(folder).as_posix()


def _follow(workspace: Workspace, gone: Mapping[str, Script], strange: list[str]) -> dict[int, str]:
    """Pairs of a lost script and a new file with exactly its last text, where there is no other such pair."""
    folder = workspace.paths.library
    by_text: dict[str, list[str]] = {}
    for name in strange:
        with contextlib.suppress(ScriptUnreadable):
            by_text.setdefault(sha256_of(files.read(folder / name)), []).append(name)
    lost_by_text: dict[str, list[Script]] = {}
    for script in gone.values():
        revisions = workspace.store.scripts.revisions(script.id)
        if revisions:
            lost_by_text.setdefault(revisions[0].sha256, []).append(script)
    found: dict[int, str] = {}
    for sha256, lost in lost_by_text.items():
        names = by_text.get(sha256, [])
        if len(lost) == len(names) == 1:
            with contextlib.suppress(BorgDeskError):  # somebody else was quicker
                workspace.store.scripts.relocate(lost[0].id, folder / names[0])
                found[lost[0].id] = names[0]
    return found


_NOT_SCRIPTS = (".md", ".txt", ".rst", ".json", ".toml", ".yaml", ".yml", ".orig", ".rej", ".bak", ".swp")
_NOT_NAMES = ("LICENSE", "README", "Makefile")


def _could_be_script(path: Path) -> bool:
    """Whether a file is worth offering: libraries people also keep notes and licences beside their scripts."""
    if path.suffix.lower() in _NOT_SCRIPTS or path.name in _NOT_NAMES:
        return False
    try:
        normalized(files.read(path))
    except (InvalidInput, ScriptUnreadable):
        return False
    return True
