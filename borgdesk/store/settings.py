"""Settings of the application: a JSON value a key."""

from __future__ import annotations

from typing import Any

from borgdesk.store.database import Database
from borgdesk.store.tables import SettingRow


class Settings:
    """A small dictionary on the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        """The value that was set, or *default*."""
        with self._database.reading() as session:
            row = session.get(SettingRow, key)
            return default if row is None else row.value

    def set(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold."""
        with self._database.writing() as session:
            session.merge(SettingRow(key=key, value=value))
