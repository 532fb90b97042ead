"""Validates passcommands, which Borg runs without a shell to obtain a passphrase."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish")
_FOR_A_SHELL = re.compile(
    r"""
    \\. | '[^']*'                                                       # means itself to a shell, too
    | (?P<syntax> \|\|? | && | ; | [<>]+ | & (?=\s|\Z)                  # outside of quotes only
      | \$ [({]? (?= [A-Za-z_(] ) \w* | `
      | (?: (?<=\s) | \A ) ~ [\w.-]* (?= /|\s|\Z ) )
    | " (?P<quoted> (?: \\. | [^"\\] )* ) "
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_QUOTES = re.compile(r"\\.|(?P<syntax>\$[({]?(?=[A-Za-z_(])\w*|`)", re.DOTALL)


def check_passcommand(command: str) -> str:
    """Return the command if Borg can parse it.

    Raises:
        InvalidInput: it is empty, or has an unclosed quote, for which Borg prints a traceback.
    """
    if not command.strip() or "\0" in command:
        raise InvalidInput(_("The passcommand is empty or not a valid command line."))
    try:
        words = shlex.split(command)
    except ValueError:
        raise InvalidInput(
            _("A quote in the passcommand “{command}” is not closed, or the command ends in a backslash.").format(
                command=command
            )
        ) from None
    if not words or not words[0]:
        raise InvalidInput(_("The passcommand is empty or not a valid command line."))
    return command


def for_a_shell(command: str) -> str:
    """Return a sentence about shell syntax in *command* that Borg would not interpret; empty if there is none.

    Raises:
        InvalidInput: as for :func:`check_passcommand`.
    """
    words = shlex.split(check_passcommand(command))
    if PurePosixPath(words[0]).name in _SHELLS:
        return ""
    syntax = _first_syntax(command)
    if not syntax:
        return ""
    return _(
        "The passcommand is not run by a shell, so “{syntax}” is passed to {program} unchanged. "
        "Write it out, or wrap the command in sh -c '…'."
    ).format(syntax=syntax, program=words[0])


def _first_syntax(command: str) -> str:
    for match in _FOR_A_SHELL.finditer(command):
        if match["syntax"]:
            return match["syntax"]
        for inner in _IN_QUOTES.finditer(match["quoted"] or ""):
            if inner["syntax"]:
                return inner["syntax"]
    return ""
