"""Files and standard input, as far as commands read them."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.script import MAX_SCRIPT_BYTES

STDIN = "-"


def read_script(name: str) -> bytes:
    """The bytes of a script that is to be taken in; ``-`` is standard input.

    Raises:
        InvalidInput: it cannot be read.
    """
    if not name:
        raise InvalidInput("The name of the file is empty.")
    try:
        if name == STDIN:
            return _standard_input().read(MAX_SCRIPT_BYTES + 1)
        with Path(name).open("rb") as file:
            # One byte more than is accepted, so that a device without an end is too large, too.
            return file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"The file {name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"“{name!r}” is not the name of a file.") from error


def values_of(parameters: Sequence[tuple[str, str]], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The values of ``--param`` and ``--secret``, the latter asked for.

    Raises:
        InvalidInput: a name is among both, or a secret value cannot be read.
    """
    plain = dict(parameters)
    for name in secrets:
        if name in plain:
            raise InvalidInput(f"{name} is given with --param and with --secret.")
    return plain, ask_secrets(secrets)


def ask_secrets(names: Sequence[str]) -> dict[str, str]:
    """Secret values: a line each from standard input, or typed unseen on a terminal.

    Raises:
        InvalidInput: standard input ends before the last of them, or is not text.
    """
    return {name: _ask(name) for name in names}


def _ask(name: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        try:
            return getpass.getpass(f"{name}: ")
        except EOFError:
            line = b""
    else:
        line = _standard_input().readline()
    if not line:
        raise InvalidInput(f"Standard input ended before the value of {name}: it takes one line a value.")
    try:
        return line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The value of {name} on standard input is not text in UTF-8.") from error


def _standard_input() -> BinaryIO:
    """Standard input as bytes; nothing at all where whoever started us had closed it."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer
