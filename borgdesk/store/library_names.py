"""Rules for file names in the library folder: hidden and partial files, and names that end with ``~``, are left out."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from borgdesk.domain.characters import is_readable
from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_MAX_NAME_BYTES = 240
"""Leaves room for a number within the 255 bytes of Linux."""


def is_ours(name: str) -> bool:
    """Return whether a file or folder of that name may contain scripts."""
    return not name.startswith(".") and not name.endswith(("~", ".partial"))


def checked_name(name: str) -> str:
    """Return a valid file name for the library.

    Raises:
        InvalidInput: it is hidden, a path, or too long.
    """
    if "/" in name or not is_ours(name) or not is_readable(name) or len(name.encode()) > _MAX_NAME_BYTES:
        raise InvalidInput(_("“{name}” cannot be the name of a file in the library.").format(name=name))
    return name


def free_name(folder: Path, wanted: str, taken: Collection[str]) -> str:
    """Return *wanted*, or the first unused name with ``-2``, ``-3``, … before its extension."""
    stem, ending = Path(wanted).stem, Path(wanted).suffix
    number, name = 1, wanted
    while name in taken or os.path.lexists(folder / name):
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def relative_name(folder: Path, path: Path) -> str:
    """Return the path of a library file relative to the folder.

    Raises:
        InvalidInput: it is elsewhere, or hidden.
    """
    root, absolute = Path(os.path.normpath(folder)), Path(os.path.normpath(folder / path))
    if absolute == root or not absolute.is_relative_to(root):
        raise InvalidInput(_("The file {path} is not in the library folder {folder}.").format(path=path, folder=folder))
    relative = absolute.relative_to(root)
    if not all(is_ours(part) and is_readable(part) for part in relative.parts):
        raise InvalidInput(
            _("The file {path} is hidden or a temporary copy, so it cannot be a script.").format(path=path)
        )
    return relative.as_posix()


def file_names(folder: Path) -> list[str]:
    """Return the files below the folder, relative to it, in alphabetical order."""
    found: list[str] = []
    for current, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if is_ours(name)]
        here = Path(current)
        found += [(here / name).relative_to(folder).as_posix() for name in names if is_ours(name)]
    return sorted(name for name in found if is_readable(name) and (folder / name).is_file())


def renamed(path: Path, target: Path) -> bool:
    """Rename a file; return False if it does not exist."""
    try:
        path.rename(target)
    except FileNotFoundError:
        return False
    return True
