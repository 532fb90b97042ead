"""Typed access to values in the files of other programs, which may contain anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.store.foreign_database import ForeignDatabase
from borgdesk.store.foreign_file import foreign_file
from borgdesk.translation import _

_LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a configuration file."""


class Record:
    """A row, an object or a mapping of another program. Each method raises InvalidInput for a wrong type."""

    def __init__(self, values: object, where: str) -> None:
        """*where* says what it is, for error messages: "Profile 3"."""
        if not isinstance(values, Mapping):
            raise InvalidInput(_("{where} is not a list of named values.").format(where=where))
        self.values: Mapping[object, object] = values
        self.where = where

    def text(self, name: str, default: str = "") -> str:
        """Return a text; *default* if there is none."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(name, _("a text"), value)
        return value

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number that a database can store; *default* if there is none."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
            raise self._wrong(name, _("a whole number"), value)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a truth value, which SQLite stores as 0 or 1; *default* if there is none."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or value in (0, 1):
            return bool(value)
        raise self._wrong(name, _("yes or no"), value)

    def list(self, name: str) -> list[object]:
        """Return a list; an empty one if there is none."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, _("a list"), value)
        return value

    def record(self, name: str) -> Record | None:
        """Return named values; None if there are none."""
        value = self.values.get(name)
        return None if value is None else Record(value, _("{where}: “{name}”").format(where=self.where, name=name))

    def _wrong(self, name: str, expected: str, value: object) -> InvalidInput:
        return InvalidInput(
            _("{where}: “{name}” must be {expected}, not {kind}.").format(
                where=self.where, name=name, expected=expected, kind=kind_of(value)
            )
        )


def kind_of(value: object) -> str:
    """Return what kind of value it is, in words; never the value itself, which may be secret."""
    if isinstance(value, bool):
        return _("yes or no")
    if isinstance(value, int | float):
        return _("a number")
    if isinstance(value, str):
        return _("a text")
    if isinstance(value, bytes):
        return _("binary data")
    if isinstance(value, list):
        return _("a list")
    return _("a list of named values") if isinstance(value, Mapping) else _("nothing")


def records_in(database: ForeignDatabase, table: str, *, required: bool = True) -> list[Record]:
    """Return the rows of a table; none if it is not *required* and missing.

    Raises:
        InvalidInput: it is missing, or the file is damaged.
    """
    if not required and not database.has(table):
        return []
    return [Record(row, f"{database.path}: {table}") for row in database.rows(table)]


def filled_lines(text: str) -> list[str]:
    """Return the lines of a text that are not empty."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_file(path: Path) -> bytes:
    """Return the contents of a configuration file.

    Raises:
        InvalidInput: it cannot be read, is not a regular file, or is too large.
    """
    with foreign_file(path) as file:
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise InvalidInput(
            _("{path} is larger than {limit} MiB. That cannot be right.").format(
                path=path, limit=_LARGEST_FILE // 1024 // 1024
            )
        )
    return content


def read_text(path: Path) -> str:
    """As :func:`read_file`, for UTF-8 text."""
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(_("{path} is not UTF-8 text.").format(path=path)) from error


def json_in(text: str, where: str) -> object:
    """Return the value in a JSON text.

    Raises:
        InvalidInput: it is not JSON, nested too deeply, or has a text that is none.
    """
    try:
        found: object = json.loads(text)
        # Halves of characters can be written as escapes, but neither stored nor passed to a program.
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except RecursionError as error:
        raise InvalidInput(_("{where} is nested too deeply.").format(where=where)) from error
    except ValueError as error:
        raise InvalidInput(_("{where} is not valid JSON.").format(where=where)) from error
