"""Reads the SQLite database of another program, which is never written, locked or waited for."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from borgdesk.domain.errors import InvalidInput
from borgdesk.store.foreign_file import foreign_file
from borgdesk.translation import _

_MAGIC = b"SQLite format 3\0"
_MOST_ROWS = 10_000
"""Rows of a table: set-ups have dozens."""
_LONGEST_VALUE = 8 * 1024 * 1024
"""Bytes of a value."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of all values that are read. A few bytes of a file can be computed columns of any size."""
_STEPS, _MOST_CALLS = 100_000, 200
"""Steps of SQLite's virtual machine between two calls of the progress handler, and calls before a query is ended."""


class ForeignDatabase:
    """An opened database of another program."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._calls = self._bytes = 0
        connection.set_progress_handler(self._count, _STEPS)

    def has(self, table: str) -> bool:
        """Return whether there is a table of that name; views and virtual tables do not count."""
        question = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        with self._blamed():
            found = self._connection.execute(question, (table,)).fetchone()
        return found is not None and not str(found[0]).upper().startswith("CREATE VIRTUAL")

    def rows(self, table: str) -> list[Mapping[str, object]]:
        """Return the rows of a table in the order in which they were added, by the names of their columns.

        Raises:
            InvalidInput: there is no such table, it has far too many rows, or the file is damaged.
        """
        if not self.has(table):
            raise InvalidInput(
                _("{path} has no table “{table}”: it is the database of another program, or damaged.").format(
                    path=self.path, table=table
                )
            )
        with self._blamed():
            # Names of tables cannot be parameters; this one is ours.
            cursor = self._connection.execute(f'SELECT * FROM "{table}" LIMIT {_MOST_ROWS + 1}')  # noqa: S608
            names = [column[0] for column in cursor.description]
            found: list[Mapping[str, object]] = []
            for row in cursor:
                self._weigh(row)
                found.append(dict(zip(names, row, strict=True)))
        if len(found) > _MOST_ROWS:
            raise InvalidInput(
                _("The table “{table}” in {path} has more than {most} rows. That cannot be right.").format(
                    table=table, path=self.path, most=_MOST_ROWS
                )
            )
        return found

    def _weigh(self, row: Sequence[object]) -> None:
        self._bytes += sum(len(value) for value in row if isinstance(value, str | bytes))
        if self._bytes > _MOST_BYTES:
            raise InvalidInput(
                _("{path} has values of more than {limit} MiB. That cannot be right.").format(
                    path=self.path, limit=_MOST_BYTES // 1024 // 1024
                )
            )

    def _count(self) -> int:
        self._calls += 1
        return int(self._calls > _MOST_CALLS)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise InvalidInput(
                    _("{path} cannot be read: it takes too long. It may be damaged.").format(path=self.path)
                ) from error
            raise InvalidInput(_("{path} is damaged: {error}.").format(path=self.path, error=error)) from error


@contextmanager
def open_foreign(path: Path, program: str) -> Iterator[ForeignDatabase]:
    """Open the database of another *program*: read-only, without locks, and without changing anything beside it.

    Raises:
        InvalidInput: it cannot be read, is no SQLite database, or the program is using it.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would name another file than the user did
    if not is_database(path):
        raise InvalidInput(_("{path} is not an SQLite database.").format(path=path))
    for ending in ("-wal", "-journal"):
        _check_settled(path, Path(f"{path}{ending}"), program)
    connection = sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", uri=True)
    with closing(connection):
        connection.text_factory = _decoded
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        # Functions, views and triggers that a stranger has put into the schema are not called.
        connection.execute("PRAGMA trusted_schema=OFF")
        yield ForeignDatabase(path, connection)


def is_database(path: Path) -> bool:
    """Return whether a file is an SQLite database, judging by its first bytes.

    Raises:
        InvalidInput: it cannot be read, or is not a regular file.
    """
    with foreign_file(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _check_settled(path: Path, beside: Path, program: str) -> None:
    """Refuse a database with changes that are in another file as yet: without locks they cannot be read safely."""
    try:
        unsettled = beside.stat().st_size > 0
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidInput(_("{path} cannot be read: {error}.").format(path=beside, error=error.strerror)) from error
    if unsettled:
        raise InvalidInput(
            _(
                "{program} is using {path}, or was ended while it did: {beside} has changes that are not in the "
                "database yet. Quit {program} (if it is not running: start it and quit it), and try again."
            ).format(program=program, path=path, beside=beside.name)
        )


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")
