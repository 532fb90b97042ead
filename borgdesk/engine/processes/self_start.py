"""Command lines that start BorgDesk itself: the same Python, with modules from its own folders only.

A guardian, an autostart or a second window must not import ``queue.py`` from the working directory, nor let a backport
in site-packages replace a module of the standard library.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import borgdesk

ISOLATED = "-I"
"""Ignore the working directory, ``PYTHON*`` variables and the user's site-packages."""

_NO_SITE = "-S"
"""Ignore what is installed for the system's Python, too: our packages bring what they need in versions of their own."""


GUARDIAN = "borgdesk.engine.runs.guardian"
"""The module that guardians run."""


def is_guardian(pid: int) -> bool:
    """Return whether a process is a guardian, of any run."""
    try:
        return GUARDIAN.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def own_command() -> list[str]:
    """Return the command line of this BorgDesk, for others to start: its program, or else its Python; see below."""
    in_tree = Path(borgdesk.__path__[0]).absolute().parent / "bin"
    program = shutil.which("borgdesk", path=f"{in_tree}:{Path(sys.executable).parent}")
    return [program] if program is not None else python_command("borgdesk.__main__")


def isolated_python() -> list[str]:
    """Return the command line of a Python that imports from the standard library only, as this one does."""
    return [sys.executable, ISOLATED, *([_NO_SITE] if sys.flags.no_site else [])]


def python_command(module: str, *options: str) -> list[str]:
    """Return the command line that runs ``main()`` of *module* in a new Python; arguments may be appended.

    It works in a checkout and when installed, from any working directory, and needs no environment variables.
    """
    statement = f"import sys; sys.path += {own_folders()!r}; from {module} import main; sys.exit(main())"
    return [*isolated_python(), *options, "-c", statement]


def own_folders(search_path: Sequence[str] | None = None, *, safe: bool | None = None) -> list[str]:
    """Return the folders of our modules and of our dependencies, to be searched after the standard library.

    The first entry of *search_path* (``sys.path``) is the folder in which this process was started, unless Python was
    told to leave it out (*safe*, ``-P``).
    """
    found = sys.path if search_path is None else search_path
    if not (sys.flags.safe_path if safe is None else safe):
        found = found[1:]
    standard = Path(os.__file__).parent
    library = (standard, standard / "lib-dynload")
    others = [
        folder
        for folder in found
        if Path(folder).is_absolute() and not folder.endswith(".zip") and Path(folder) not in library
    ]
    # Not resolved: the folder of an installation is often a link to its newest version.
    return list(dict.fromkeys([str(Path(borgdesk.__path__[0]).absolute().parent), *others]))
