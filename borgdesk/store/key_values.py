"""Stores single facts that have no table of their own, as JSON values by key.

Settings, which are in the same table, have an interface of their own (:mod:`borgdesk.store.settings`).
"""

from __future__ import annotations

from typing import Any

from borgdesk.store.database import Database
from borgdesk.store.tables import KeyValueRow


class KeyValues:
    """A small persistent dictionary."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored value, or *default*."""
        with self._database.reading() as session:
            row = session.get(KeyValueRow, key)
            return default if row is None else row.value

    def set(self, key: str, value: Any) -> None:
        """Store a JSON-serialisable value."""
        with self._database.writing() as session:
            session.merge(KeyValueRow(key=key, value=value))

    def drop(self, key: str) -> None:
        """Forget a value; it is no error if there is none."""
        with self._database.writing() as session:
            row = session.get(KeyValueRow, key)
            if row is not None:
                session.delete(row)
