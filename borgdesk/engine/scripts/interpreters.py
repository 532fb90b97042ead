"""Resolves the interpreter in the shebang line of a script to the command that Linux starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from borgdesk.engine.processes.process import StartFailed
from borgdesk.translation import _


def interpreter(words: Sequence[str], path_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return the argv that Linux would create from the *words* of a shebang, with the program found by *path_of*.

    Raises:
        StartFailed: the interpreter, or the program that ``env`` is to find, is not on this machine.
    """
    for wanted in wanted_by(words)[::-1]:
        if path_of(wanted) is None:
            raise StartFailed(_("The interpreter {program} is not installed.").format(program=wanted))
    return path_of(words[0]) or words[0], *words[1:]


def wanted_by(words: Sequence[str]) -> tuple[str, ...]:
    """Return the programs needed by the words of a shebang; options of ``env`` are not interpreted."""
    if len(words) > 1 and Path(words[0]).name == "env" and not words[1].startswith("-"):
        return words[0], words[1]
    return (words[0],)
