"""Databases and exports as Vorta writes them, for tests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

COMMON = {
    "repomodel": (
        '"id" INTEGER NOT NULL PRIMARY KEY, "url" VARCHAR(255) NOT NULL, "added_at" DATETIME NOT NULL, '
        '"encryption" VARCHAR(255), "unique_size" INTEGER, "unique_csize" INTEGER, "total_size" INTEGER, '
        '"total_unique_chunks" INTEGER'
    ),
    "repopassword": (
        '"id" INTEGER NOT NULL PRIMARY KEY, "url" VARCHAR(255) NOT NULL, "password" VARCHAR(255) NOT NULL'
    ),
    "schemaversion": '"id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "changed_at" DATETIME NOT NULL',
}
PROFILE = (
    '"id" INTEGER NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL, "added_at" DATETIME NOT NULL, '
    '"repo_id" INTEGER, "ssh_key" VARCHAR(255), "compression" VARCHAR(255) NOT NULL, "exclude_patterns" TEXT, '
    '"exclude_if_present" TEXT, "schedule_mode" VARCHAR(255) NOT NULL, "schedule_interval_hours" INTEGER NOT NULL, '
    '"schedule_interval_minutes" INTEGER NOT NULL, "schedule_fixed_hour" INTEGER NOT NULL, '
    '"schedule_fixed_minute" INTEGER NOT NULL, "validation_on" INTEGER NOT NULL, "validation_weeks" INTEGER NOT NULL, '
    '"prune_on" INTEGER NOT NULL, "prune_hour" INTEGER NOT NULL, "prune_day" INTEGER NOT NULL, '
    '"prune_week" INTEGER NOT NULL, "prune_month" INTEGER NOT NULL, "prune_year" INTEGER NOT NULL'
)
NEWER = (
    ', "schedule_interval_unit" VARCHAR(255) NOT NULL, "schedule_interval_count" INTEGER NOT NULL, '
    '"schedule_make_up_missed" INTEGER NOT NULL, "prune_keep_within" VARCHAR(255), '
    '"new_archive_name" VARCHAR(255) NOT NULL, "prune_prefix" VARCHAR(255) NOT NULL, '
    '"pre_backup_cmd" VARCHAR(255) NOT NULL, "post_backup_cmd" VARCHAR(255) NOT NULL, '
    '"dont_run_on_metered_networks" INTEGER NOT NULL, "compaction_on" INTEGER, "compaction_weeks" INTEGER'
)
DEFAULTS: Mapping[str, Any] = {
    "added_at": "2024-01-02 03:04:05",
    "ssh_key": None,
    "compression": "zstd,3",
    "exclude_patterns": None,
    "exclude_if_present": None,
    "schedule_mode": "off",
    "schedule_interval_hours": 3,
    "schedule_interval_minutes": 42,
    "schedule_fixed_hour": 3,
    "schedule_fixed_minute": 42,
    "validation_on": 0,
    "validation_weeks": 3,
    "prune_on": 0,
    "prune_hour": 2,
    "prune_day": 7,
    "prune_week": 4,
    "prune_month": 6,
    "prune_year": 2,
}
NEWER_DEFAULTS: Mapping[str, Any] = {
    "schedule_interval_unit": "hours",
    "schedule_interval_count": 3,
    "schedule_make_up_missed": 1,
    "prune_keep_within": "10H",
    "new_archive_name": "{hostname}-{profile_slug}-{now:%Y-%m-%dT%H:%M:%S}",
    "prune_prefix": "{hostname}-{profile_slug}-",
    "pre_backup_cmd": "",
    "post_backup_cmd": "",
    "dont_run_on_metered_networks": 1,
    "compaction_on": 0,
    "compaction_weeks": 3,
}


class VortaDatabase:
    """A database of Vorta, with schema 23 or one before 7."""

    def __init__(self, path: Path, schema: int = 23) -> None:
        self.path, self.schema = path, schema
        self._profiles = self._repositories = 0
        old = schema < 7
        tables = {
            **COMMON,
            "backupprofilemodel": PROFILE if old else PROFILE + NEWER,
            "sourcedirmodel": (
                '"id" INTEGER NOT NULL PRIMARY KEY, "dir" VARCHAR(255) NOT NULL, '
                f'"{self.owner}" INTEGER NOT NULL, "added_at" DATETIME NOT NULL'
            ),
            "wifisettingmodel": (
                '"id" INTEGER NOT NULL PRIMARY KEY, "ssid" VARCHAR(255) NOT NULL, "last_connected" DATETIME, '
                '"allowed" INTEGER NOT NULL, "profile_id" INTEGER NOT NULL'
            ),
        }
        if not old:
            tables["repomodel"] += (
                ", \"name\" VARCHAR(255) NOT NULL DEFAULT '', \"create_backup_cmd\" VARCHAR(255) NOT NULL DEFAULT '', "
                "\"extra_borg_arguments\" VARCHAR(255) NOT NULL DEFAULT ''"
            )
            tables["exclusionmodel"] = (
                '"id" INTEGER NOT NULL PRIMARY KEY, "profile_id" INTEGER NOT NULL, "name" VARCHAR(255) NOT NULL, '
                '"enabled" INTEGER NOT NULL, "source" VARCHAR(255) NOT NULL, "date_added" DATETIME NOT NULL'
            )
        with self._connected() as connection:
            for name, columns in tables.items():
                connection.execute(f'CREATE TABLE "{name}" ({columns})')
            connection.execute("INSERT INTO schemaversion VALUES (1, ?, '2024-01-02')", (schema,))

    @property
    def owner(self) -> str:
        return "config_id" if self.schema < 7 else "profile_id"

    def repository(self, url: str, password: str = "", **values: Any) -> int:
        self._repositories += 1
        self.insert("repomodel", id=self._repositories, url=url, added_at="2024-01-02", encryption="none", **values)
        if password:
            self.insert("repopassword", url=url, password=password)
        return self._repositories

    def profile(self, name: str, repository: int | None, sources: list[str], **values: Any) -> int:
        self._profiles += 1
        defaults = DEFAULTS if self.schema < 7 else {**DEFAULTS, **NEWER_DEFAULTS}
        self.insert(
            "backupprofilemodel", **{**defaults, "id": self._profiles, "name": name, "repo_id": repository, **values}
        )
        for source in sources:
            self.insert("sourcedirmodel", dir=source, added_at="2024-01-02", **{self.owner: self._profiles})
        return self._profiles

    def exclusion(self, profile: int, name: str, source: str = "custom", enabled: int = 1) -> None:
        values = {"profile_id": profile, "name": name, "source": source, "enabled": enabled, "date_added": "2024-01-02"}
        self.insert("exclusionmodel", **values)

    def insert(self, table: str, **values: Any) -> None:
        columns = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" * len(values))
        with self._connected() as connection:
            connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', [*values.values()])

    def execute(self, statement: str) -> None:
        with self._connected() as connection:
            connection.executescript(statement)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            yield connection


def write_export(path: Path, schema: int = 23, **values: Any) -> Path:
    """Write an export of a profile; *values* replace those of a plain one."""
    profile = {
        **DEFAULTS,
        **NEWER_DEFAULTS,
        "id": 1,
        "name": "Home",
        "repo": {"id": 1, "url": "/backup/home", "encryption": "repokey-blake2", "extra_borg_arguments": ""},
        "password": None,
        "SourceFileModel": [],
        "ExclusionModel": [],
        "WifiSettingModel": [],
        "SettingsModel": [],
        "SchemaVersion": {"id": 1, "version": schema, "changed_at": "2024-01-02 03:04:05"},
        **values,
    }
    path.write_text(json.dumps(profile, indent=4))
    return path
