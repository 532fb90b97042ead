"""Stores the settings of BorgDesk, each in a row of its own, so that two programs never overwrite each other's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from borgdesk.domain.settings import Setting, V, Values
from borgdesk.store.database import Database
from borgdesk.store.key_values import put
from borgdesk.store.values import document_from

_PREFIX = "setting."
"""Tells settings from the other facts in the same table."""


class Settings:
    """Reads and changes settings. Values are checked by the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.latest = Values()
        """What was last read, for callers that cannot wait for the database."""

    def read(self) -> Values:
        """Return the values of all settings, and remember them as :attr:`latest`.

        Raises:
            StoreUnusable: the database cannot be read.
        """
        query = "SELECT key, value FROM settings WHERE substr(key, 1, ?) = ?"
        with self._database.snapshot() as connection:
            rows = connection.execute(query, (len(_PREFIX), _PREFIX)).fetchall()
        self.latest = Values({key.removeprefix(_PREFIX): document_from(value) for key, value in rows})
        return self.latest

    def set(self, setting: Setting[V], value: V) -> None:
        """Store a value.

        Raises:
            StoreUnusable: the database cannot be written.
        """
        self.set_all({setting.key: value})

    def set_all(self, values: Mapping[str, Any]) -> None:
        """Store several values by key, in one transaction.

        Raises:
            StoreUnusable: the database cannot be written; nothing was stored.
        """
        with self._database.change() as connection:
            for key, value in values.items():
                put(connection, _PREFIX + key, value)
        self.read()

    def reset(self, setting: Setting[Any]) -> None:
        """Forget a value, so that the default counts again, also a later one.

        Raises:
            StoreUnusable: the database cannot be written.
        """
        with self._database.change() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (_PREFIX + setting.key,))
        self.read()
