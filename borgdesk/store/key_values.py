"""Stores single facts that have no table of their own, as JSON values by key.

Settings, which are in the same table, have an interface of their own (:mod:`borgdesk.store.settings`).
"""

from __future__ import annotations

import json
from typing import Any

from borgdesk.store.database import Database, SqlExecutor
from borgdesk.store.values import document_from


class KeyValues:
    """A small persistent dictionary."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored value, or *default*."""
        with self._database.snapshot() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return default if row is None else document_from(row[0])

    def set(self, key: str, value: Any) -> None:
        """Store a JSON-serialisable value."""
        with self._database.change() as connection:
            put(connection, key, value)

    def drop(self, key: str) -> None:
        """Forget a value; it is no error if there is none."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (key,))


def put(connection: SqlExecutor, key: str, value: Any) -> None:
    """Store a value in a transaction."""
    connection.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, json.dumps(value)),
    )
