"""Sessions and transactions of SQLAlchemy on the database file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from sqlite3 import Connection as DriverConnection
from typing import Any

from sqlalchemy import Connection, QueuePool, create_engine, event
from sqlalchemy.orm import Session

from borgdesk.store.connections import Connections, Stop, interrupted
from borgdesk.store.statements import Prepared, Transaction


class Sessions:
    """Makes sessions; they have connections of their own, configured like all others."""

    def __init__(self, connections: Connections) -> None:
        # A thread never waits for another thread's connection, only for the file lock.
        self._engine = create_engine("sqlite://", creator=connections.make, poolclass=QueuePool, max_overflow=-1)
        event.listen(self._engine, "begin", _begin)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self, stop: Stop | None) -> Iterator[Session]:
        """Provide a session with a consistent snapshot; *stop* can cancel its queries."""
        with Session(self._engine, expire_on_commit=False) as session:
            if stop is None:
                yield session
                return
            connection = session.connection().connection.driver_connection
            assert isinstance(connection, DriverConnection)
            with interrupted(connection, stop):
                yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Provide a session that holds the write lock from the start, and commit unless there is an error."""
        engine = self._engine.execution_options(immediate=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    def transaction(self) -> Transaction:
        """Begin a transaction for prepared statements."""
        return Transaction(self._engine)

    def first(self, statement: Prepared, values: Mapping[str, object]) -> Any:
        """Return the first row of a prepared query as the driver returns it; None if there is none."""
        text, places = statement.for_driver(self._engine.dialect, values)
        with closing(self._engine.raw_connection()) as connection:
            return connection.cursor().execute(text, places).fetchone()


def _begin(connection: Connection) -> None:
    if Transaction.has_begun(connection):
        return
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
