"""Files and standard input, as far as commands read them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.script import MAX_SCRIPT_BYTES

STDIN = "-"


def read_script(name: str) -> bytes:
    """The bytes of a script that is to be taken in; ``-`` is standard input.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(MAX_SCRIPT_BYTES + 1)
        with Path(name).open("rb") as file:
            # One byte more than is accepted, so that a device without an end is too large, too.
            return file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"The file {name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"“{name!r}” is not the name of a file.") from error


def ask_secrets(names: Sequence[str]) -> dict[str, str]:
    """Secret values: a line each from standard input, or typed unseen on a terminal.

    Raises:
        InvalidInput: standard input ends before the last of them, or is not text.
    """
    return {name: _ask(name) for name in names}


def _ask(name: str) -> str:
    try:
        if sys.stdin.isatty():
            import getpass

            return getpass.getpass(f"{name}: ")
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The value of {name} on standard input is not text in UTF-8.") from error
    except EOFError:
        line = ""
    if not line:
        raise InvalidInput(f"Standard input ended before the value of {name}: it takes one line a value.")
    return line.removesuffix("\n").removesuffix("\r")
