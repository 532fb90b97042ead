"""Sample values for tests of the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import PlannedScript, ProcessIdentity
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ALWAYS, Hook, OnFailure

ME = ProcessIdentity(pid=4711, started=123456789, boot_id="this-boot")
OTHER = ProcessIdentity(pid=4712, started=123456789, boot_id="this-boot")
T0 = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
POLICY = Policy(ALWAYS, OnFailure.STOP, 300)


def planned(
    name: str = "Stop containers",
    hook: Hook = Hook.PRE_BACKUP,
    order: int = 1,
    *,
    policy: Policy = POLICY,
    script_id: ScriptId | None = None,
) -> PlannedScript:
    """Return a planned script with default values."""
    return PlannedScript(name, hook, order, policy, revision="0" * 64, script_id=script_id)


def assert_whole(database: Path) -> None:
    """Check that SQLite finds no errors in the file, and that no row has a dangling reference."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
