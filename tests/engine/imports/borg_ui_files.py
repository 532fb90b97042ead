"""Databases as borg-ui writes them, for tests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

TABLES = {
    "repositories": (
        "id INTEGER PRIMARY KEY, name VARCHAR, path VARCHAR, encryption VARCHAR, compression VARCHAR, "
        "passphrase VARCHAR, has_keyfile BOOLEAN, source_directories TEXT, exclude_patterns TEXT, "
        "repository_type VARCHAR, host VARCHAR, port INTEGER, username VARCHAR, ssh_key_id INTEGER, "
        "connection_id INTEGER, remote_path VARCHAR, pre_backup_script TEXT, post_backup_script TEXT, "
        "hook_timeout INTEGER, pre_hook_timeout INTEGER, post_hook_timeout INTEGER, continue_on_hook_failure BOOLEAN, "
        "mode VARCHAR, custom_flags TEXT, source_ssh_connection_id INTEGER, check_cron_expression VARCHAR"
    ),
    "ssh_connections": "id INTEGER PRIMARY KEY, host VARCHAR, username VARCHAR, port INTEGER",
    "scripts": (
        "id INTEGER PRIMARY KEY, name VARCHAR(255), description TEXT, file_path VARCHAR(500), category VARCHAR(50), "
        "timeout INTEGER, shell VARCHAR(50), run_on VARCHAR(50), is_template BOOLEAN, parameters TEXT"
    ),
    "repository_scripts": (
        "id INTEGER PRIMARY KEY, repository_id INTEGER, script_id INTEGER, hook_type VARCHAR(50), "
        "execution_order FLOAT, enabled BOOLEAN, custom_timeout INTEGER, custom_run_on VARCHAR(50), "
        "continue_on_error BOOLEAN, skip_on_failure BOOLEAN, parameter_values TEXT"
    ),
    "scheduled_jobs": (
        "id INTEGER PRIMARY KEY, name VARCHAR, cron_expression VARCHAR, repository VARCHAR, repository_id INTEGER, "
        "enabled BOOLEAN, archive_name_template VARCHAR, run_repository_scripts BOOLEAN, "
        "pre_backup_script_id INTEGER, post_backup_script_id INTEGER, run_prune_after BOOLEAN, "
        "prune_keep_hourly INTEGER, prune_keep_daily INTEGER, prune_keep_weekly INTEGER, prune_keep_monthly INTEGER, "
        "prune_keep_quarterly INTEGER, prune_keep_yearly INTEGER"
    ),
    "scheduled_job_repositories": (
        "id INTEGER PRIMARY KEY, scheduled_job_id INTEGER, repository_id INTEGER, execution_order INTEGER"
    ),
}
PLANS = {
    "backup_plans": (
        "id INTEGER PRIMARY KEY, name VARCHAR, enabled BOOLEAN, source_ssh_connection_id INTEGER, "
        "source_directories TEXT, exclude_patterns TEXT, archive_name_template VARCHAR, compression VARCHAR, "
        "custom_flags TEXT, schedule_enabled BOOLEAN, cron_expression VARCHAR, pre_backup_script_id INTEGER, "
        "post_backup_script_id INTEGER, run_repository_scripts BOOLEAN, run_prune_after BOOLEAN, "
        "prune_keep_hourly INTEGER, prune_keep_daily INTEGER, prune_keep_weekly INTEGER, prune_keep_monthly INTEGER, "
        "prune_keep_quarterly INTEGER, prune_keep_yearly INTEGER, prune_keep_within VARCHAR"
    ),
    "backup_plan_repositories": (
        "id INTEGER PRIMARY KEY, backup_plan_id INTEGER, repository_id INTEGER, enabled BOOLEAN, "
        "execution_order INTEGER"
    ),
}
KEPT = {
    "prune_keep_hourly": 0,
    "prune_keep_daily": 7,
    "prune_keep_weekly": 4,
    "prune_keep_monthly": 6,
    "prune_keep_quarterly": 0,
    "prune_keep_yearly": 1,
}


class BorgUi:
    """The data folder of borg-ui: ``borg.db`` and ``scripts``."""

    def __init__(self, folder: Path, *, plans: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self.path, self.scripts = folder / "borg.db", folder / "scripts"
        (self.scripts / "library").mkdir(parents=True)
        with self._connected() as connection:
            for name, columns in (TABLES | PLANS if plans else TABLES).items():
                connection.execute(f'CREATE TABLE "{name}" ({columns})')

    def repository(self, name: str, path: str, sources: list[str], **values: Any) -> int:
        plain = {
            "encryption": "none",
            "compression": "lz4",
            "repository_type": "local",
            "mode": "full",
            "port": 22,
            "hook_timeout": 300,
            "source_directories": json.dumps(sources),
        }
        return self.insert("repositories", **{**plain, "name": name, "path": path, **values})

    def script(self, name: str, text: str, run_on: str = "always", file: str = "", **values: Any) -> int:
        file = file or f"library/{name.lower().replace(' ', '-')}.sh"
        (self.scripts / file).write_text(text)
        plain = {"category": "custom", "timeout": 120, "shell": "/bin/bash", "is_template": 0}
        return self.insert("scripts", **{**plain, "name": name, "file_path": file, "run_on": run_on, **values})

    def assign(self, repository: int, script: int, hook: str, order: float, **values: Any) -> int:
        plain = {"enabled": 1, "continue_on_error": 0, "skip_on_failure": 0}
        places = {"repository_id": repository, "script_id": script, "hook_type": hook, "execution_order": order}
        return self.insert("repository_scripts", **{**plain, **places, **values})

    def job(self, name: str, repositories: list[int], **values: Any) -> int:
        plain = {"cron_expression": "0 2 * * *", "enabled": 1, "run_repository_scripts": 1, "run_prune_after": 0}
        job = self.insert("scheduled_jobs", **{**plain, **KEPT, "name": name, **values})
        for place, repository in enumerate(repositories):
            row = {"scheduled_job_id": job, "repository_id": repository, "execution_order": place}
            self.insert("scheduled_job_repositories", **row)
        return job

    def plan(self, name: str, repository: int, sources: list[str], **values: Any) -> None:
        plain = {
            "enabled": 1,
            "archive_name_template": "{plan_name}-{now}",
            "compression": "zstd,3",
            "schedule_enabled": 1,
            "cron_expression": "5 4 * * *",
            "run_repository_scripts": 1,
            "run_prune_after": 1,
            "source_directories": json.dumps(sources),
        }
        plan = self.insert("backup_plans", **{**plain, **KEPT, "name": name, **values})
        row = {"backup_plan_id": plan, "repository_id": repository, "enabled": 1, "execution_order": 1}
        self.insert("backup_plan_repositories", **row)

    def insert(self, table: str, **values: Any) -> int:
        columns = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" * len(values))
        with self._connected() as connection:
            cursor = connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', [*values.values()])
            return int(cursor.lastrowid or 0)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            yield connection
