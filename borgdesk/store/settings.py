"""Stores the settings of BorgDesk, each in a row of its own, so that two programs never overwrite each other's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from borgdesk.domain.settings import Setting, V, Values
from borgdesk.store.database import Database
from borgdesk.store.tables import KeyValueRow

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
        query = select(KeyValueRow).where(KeyValueRow.key.startswith(_PREFIX, autoescape=True))
        with self._database.reading() as session:
            self.latest = Values({row.key.removeprefix(_PREFIX): row.value for row in session.scalars(query)})
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
        with self._database.writing() as session:
            for key, value in values.items():
                session.merge(KeyValueRow(key=_PREFIX + key, value=value))
        self.read()

    def reset(self, setting: Setting[Any]) -> None:
        """Forget a value, so that the default counts again, also a later one.

        Raises:
            StoreUnusable: the database cannot be written.
        """
        with self._database.writing() as session:
            session.execute(delete(KeyValueRow).where(KeyValueRow.key == _PREFIX + setting.key))
        self.read()
