"""Patterns that select items of an archive by their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN = "?"
"""What Borg prints for each undecodable byte of a name."""

_ANY_BYTE = r"[?\udc80-\udcff]"
"""In Borg such a byte is one of these characters; in its output it looks like a question mark."""

_END = r"\Z"
_END_OF_FOLDER = r"(/|\Z)"


def exact_path(path: str) -> str:
    """Return a pattern that matches only *path*, as it was listed.

    A plain path would also match as a prefix. ``pf:``, which is for whole paths, makes Borg 1.2 report that it never
    matched.
    """
    return "re:^" + _ANY_BYTE.join(re.escape(part) for part in path.split(UNKNOWN)) + _END


def with_contents(path: str) -> str:
    """Return a pattern that matches *path* and everything below it, on one line whatever is in the path."""
    return _on_one_line(path) + _END_OF_FOLDER


def _on_one_line(path: str) -> str:
    """Return :func:`exact_path` without its end. ``re.escape`` puts a backslash before a line break."""
    return exact_path(path).replace("\n", "n").removesuffix(_END)


def below(paths: Iterable[str]) -> list[str]:
    """Return patterns that match *paths* and everything below them, also of a file that is called ``re:.*``."""
    return [f"pp:{path}" for path in paths]


def pattern_lines(paths: Iterable[tuple[str, bool]]) -> str:
    """Return a file for Borg that selects all these paths and nothing else; with each, whether it is a folder.

    Borg finds a file among any number of ``pf:`` at once, but tries one pattern of another style after the other.
    """
    return "".join(_line(path, is_folder=is_folder) for path, is_folder in paths) + "- re:^\n"


def _line(path: str, *, is_folder: bool) -> str:
    if path == " ".join(path.split()) and UNKNOWN not in path:
        return f"+ {'pp' if is_folder else 'pf'}:{path}\n"
    # Lines are stripped, so that others cannot be given as they are.
    return f"+ {with_contents(path) if is_folder else _on_one_line(path) + _END}\n"


def from_file(patterns: str) -> list[str]:
    """Return the option for such a file; none without one."""
    return [f"--patterns-from={patterns}"] if patterns else []
