"""The moment before which the tick of the schedule has nothing to do.

It is one row of the database, and reading it needs neither SQLAlchemy nor the rest of BorgDesk: the tick runs every
five minutes, all day. For the same reason this module imports next to nothing: ``pathlib`` and ``dataclasses`` would
double what it takes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping

KEY = "tick"
"""The key of the row, whose value is ``{"written": …, "until": …, "zone": …}`` with Unix times. Who changes a schedule
deletes the row."""

_READ = (
    "SELECT json_extract(value, '$.zone'), json_extract(value, '$.written'), json_extract(value, '$.until') "
    "FROM settings WHERE key = ?"
)
"""SQLite takes the value apart: importing ``json`` would cost more than all the rest."""

_LOCAL_TIME = "/etc/localtime"


def zone_name(environment: Mapping[str, str]) -> str:
    """Return what identifies the time zone: the value of ``TZ``, or where ``/etc/localtime`` leads to."""
    named = environment.get("TZ", "").removeprefix(":")
    return named or (os.path.realpath(_LOCAL_TIME) if os.path.exists(_LOCAL_TIME) else "UTC")  # noqa: PTH110


def database_file(environment: Mapping[str, str]) -> str:
    """Return the path of the database; the same as :attr:`borgdesk.paths.Paths.database`."""
    if home := environment.get("BORGDESK_HOME"):
        return os.path.join(os.path.abspath(home), "data", "borgdesk.db")  # noqa: PTH100, PTH118
    data = environment.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")  # noqa: PTH111
    return os.path.join(os.path.abspath(data), "borgdesk", "borgdesk.db")  # noqa: PTH100, PTH118


def nothing_to_do(database: str, now: float, zone: str) -> bool:
    """Return whether nothing can be due at *now*. False in case of doubt, such as a clock that was set back."""
    if not os.path.exists(database):  # noqa: PTH110
        return True
    try:
        connection = sqlite3.connect(database, timeout=1)
        try:
            connection.execute("PRAGMA query_only=ON")
            row = connection.execute(_READ, (KEY,)).fetchone()
        finally:
            connection.close()
        return bool(row and row[0] == zone and row[1] <= now < row[2])
    except (sqlite3.Error, TypeError):
        return False
