"""Precompiled SQL statements, and transactions that execute them without an ORM session.

A run waits for two or three of them between two scripts. Built and executed by a session, a statement takes ten times
as long as the database needs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, RootTransaction, Select, Update
from sqlalchemy.orm import Session

_BEGUN = "begun"

_Places = list[tuple[str, Callable[[Any], Any] | None]]
"""Parameter names in order, each with its conversion for the driver."""


class Prepared:
    """A statement with named parameters (``bindparam``), compiled once by SQLAlchemy."""

    def __init__(self, statement: Update | Select[Any]) -> None:
        self._statement = statement
        self._made: tuple[str, _Places] | None = None

    def for_driver(self, dialect: Dialect, values: Mapping[str, object]) -> tuple[str, list[Any]]:
        """Return its text and its positional values for the driver."""
        if self._made is None:
            self._made = self._make(dialect)
        text, places = self._made
        return text, [values[name] if convert is None else convert(values[name]) for name, convert in places]

    def _make(self, dialect: Dialect) -> tuple[str, _Places]:
        compiled = self._statement.compile(dialect=dialect)
        assert compiled.positiontup is not None
        kinds = ((name, compiled.binds[name].type.dialect_impl(dialect)) for name in compiled.positiontup)
        return compiled.string, [(name, kind.bind_processor(dialect)) for name, kind in kinds]


class Transaction:
    """A transaction that holds the write lock from the start, like a session's, at a tenth of the cost."""

    def __init__(self, engine: Engine) -> None:
        """Begin the transaction on a driver connection: most transactions need no SQLAlchemy connection."""
        self._engine = engine
        self._driver = engine.raw_connection()
        self._connection: Connection | None = None
        """Wraps the driver connection once a session has taken part."""
        try:
            self.cursor = self._driver.cursor()
            """Executes plain SQL in this transaction."""
            self.cursor.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._driver.close()
            raise

    @staticmethod
    def has_begun(connection: Connection) -> bool:
        """Return whether the transaction that SQLAlchemy is about to begin is one of these."""
        return _BEGUN in connection.get_execution_options()

    def run(self, statement: Prepared, values: Mapping[str, object]) -> int:
        """Execute *statement* and return the number of rows it changed."""
        text, places = statement.for_driver(self._engine.dialect, values)
        self.cursor.execute(text, places)
        return int(self.cursor.rowcount)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Provide an ORM session within this transaction; its changes are flushed on exit."""
        if self._connection is None:
            self._connection = Connection(self._engine, self._driver).execution_options(**{_BEGUN: True})
            self._connection.begin()
        with Session(self._connection, expire_on_commit=False) as session, session.begin():
            yield session

    @property
    def _known(self) -> RootTransaction | None:
        """SQLAlchemy's transaction object, unless a failed session has rolled it back already."""
        return None if self._connection is None else self._connection.get_transaction()

    def commit(self) -> None:
        """Commit durably."""
        (self._known or self._driver).commit()

    def roll_back(self) -> None:
        """Roll back all changes."""
        (self._known or self._driver).rollback()

    def close(self) -> None:
        """Return the connection to the pool."""
        (self._connection or self._driver).close()
