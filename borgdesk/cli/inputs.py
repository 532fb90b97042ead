"""Reads the files and the standard input that commands take."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Sequence
from typing import BinaryIO

from borgdesk.cli.terminal import printable
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.script import MAX_SCRIPT_BYTES
from borgdesk.translation import _

STDIN = "-"


def read_script(name: str) -> bytes:
    """Read a script to be stored; ``-`` is standard input.

    Raises:
        InvalidInput: it cannot be read.
    """
    if not name:
        raise InvalidInput(_("The name of the file is empty."))
    try:
        if name == STDIN:
            return _standard_input().read(MAX_SCRIPT_BYTES + 1)
        return _read_file(name)
    except OSError as error:
        raise InvalidInput(
            _("The file {name} cannot be read: {error}.").format(name=name, error=error.strerror)
        ) from error
    except ValueError as error:
        raise InvalidInput(_("“{name!r}” is not the name of a file.").format(name=name)) from error


def _read_file(name: str) -> bytes:
    # Opening a pipe that nobody may ever write to must not block.
    with open(name, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)) as file:
        if stat.S_ISDIR(mode := os.fstat(file.fileno()).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise InvalidInput(
                _("The file {name} cannot be read: it is a pipe or a device. For standard input, use “-”.").format(
                    name=name
                )
            )
        # One byte more than is accepted, so that larger files are detected without reading them.
        return file.read(MAX_SCRIPT_BYTES + 1)


def values_of(parameters: Sequence[tuple[str, str]], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values of ``--param`` and ``--secret``; the latter are prompted for.

    Raises:
        InvalidInput: a name is in both, or a secret value cannot be read.
    """
    plain = dict(parameters)
    for name in secrets:
        if name in plain:
            raise InvalidInput(_("{name} is given with both --param and --secret.").format(name=name))
    return plain, ask_secrets(secrets)


def ask_secrets(names: Sequence[str]) -> dict[str, str]:
    """Read secret values: one per line from standard input, or typed without echo on a terminal.

    Raises:
        InvalidInput: standard input ends too early, or is not text.
    """
    return {name: ask_secret(name) for name in names}


def confirmed(question: str) -> bool:
    """Return whether the user at the terminal answers yes.

    Raises:
        InvalidInput: there is no terminal.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidInput(
            _("{question} There is no terminal to ask on. To confirm, use --yes.").format(question=question)
        )
    print(f"{printable(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def ask_secret(name: str) -> str:
    """Read one secret value, as :func:`ask_secrets` does.

    Raises:
        InvalidInput: standard input has ended, or is not text.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        try:
            return getpass.getpass(f"{name}: ")
        except EOFError:
            line = b""
    else:
        line = _standard_input().readline()
    if not line:
        raise InvalidInput(
            _("Standard input ended before the value of {name}. It must have one line per value.").format(name=name)
        )
    try:
        return line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InvalidInput(_("The value of {name} on standard input is not UTF-8 text.").format(name=name)) from error


def ask_new_secret(name: str) -> str:
    """Read a secret value that nothing can be compared with: on a terminal, it is entered twice.

    Raises:
        InvalidInput: as for :func:`ask_secret`, or both are different.
    """
    given = ask_secret(name)
    is_on_terminal = sys.stdin is not None and sys.stdin.isatty()
    if is_on_terminal and ask_secret(_("{name} again").format(name=name)) != given:
        raise InvalidInput(_("The passphrases do not match."))
    return given


def _standard_input() -> BinaryIO:
    """Return standard input as bytes; empty if it was closed by the parent process."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer
