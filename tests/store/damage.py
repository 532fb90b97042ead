"""Damages the SQLite files of the cache, as disks, crashes and hostile programs do; the same seed, the same damage."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path
from typing import Any

WILD: tuple[Any, ...] = (
    *(-1, 0, 1, 2, 3, 0o170000, 0xFFFF, 0x1_0000, 2**31, 2**32, -(2**62), 2**62, -(2**63), 2**63 - 1),
    *(0.5, -1.5, 1e18, 1e300, float("inf"), None),
    *("", "text", "..", "a/b", "nul\0nul", "1", "9" * 5000, "[1]", '["a"', "é" * 300, "[" * 20_000),
    *(b"", b"\0", b"\xff\xfe", b"bytes"),
)
"""Values for a column."""

_RULES = (" NOT NULL", " TEXT", " INTEGER")
"""What is taken away from the schema, so that a column takes anything."""


def damage(path: Path, whole: bytes, seed: int) -> str:
    """Write a damaged copy of *whole*, a complete file, to *path*; return what was done to it."""
    path.write_bytes(whole)
    chance = random.Random(seed)
    if chance.random() < 0.3:
        return _damage_bytes(path, bytearray(whole), chance)
    done: list[str] = []
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        _lift_rules(database)
        for _number in range(chance.choice((1, 1, 1, 2, 5))):
            # What is not possible after what was done before is left out.
            with contextlib.suppress(sqlite3.Error):
                done.append(_damage_rows(database, chance))
    return "; ".join(done)


def _damage_bytes(path: Path, content: bytearray, chance: random.Random) -> str:
    match chance.choice(("flip", "flip", "flip", "cut", "zeros", "noise")):
        case "flip":
            # Past the header, so that it is still a database.
            places = [chance.randrange(100, len(content)) for _number in range(chance.choice((1, 3, 20, 200)))]
            for place in places:
                content[place] ^= 1 << chance.randrange(8)
            done = f"flip {places[:20]}"
        case "cut":
            del content[chance.randrange(len(content)) :]
            done = f"cut at {len(content)}"
        case "zeros":
            begin = chance.randrange(len(content))
            content[begin : begin + 4096] = bytes(len(content[begin : begin + 4096]))
            done = f"zeros at {begin}"
        case _:
            begin = chance.randrange(len(content))
            content[begin : begin + 50] = chance.randbytes(len(content[begin : begin + 50]))
            done = f"noise at {begin}"
    path.write_bytes(content)
    return done


def _lift_rules(database: sqlite3.Connection) -> None:
    """Make all columns take all values: those of the file itself do not keep a disk from damaging it."""
    database.execute("PRAGMA writable_schema = ON")
    for (sql,) in database.execute("SELECT sql FROM sqlite_master").fetchall():
        lifted = sql.replace("INTEGER PRIMARY KEY", "INTEGER  PRIMARY KEY")
        for rule in _RULES:
            lifted = lifted.replace(rule + ",", ",").replace(rule + ")", ")").replace(" NOT NULL", "")
        database.execute("UPDATE sqlite_master SET sql = ? WHERE sql = ?", (lifted, sql))
    database.execute("PRAGMA writable_schema = RESET")


def _damage_rows(database: sqlite3.Connection, chance: random.Random) -> str:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    if not tables:
        return "nothing is left"
    table = chance.choice(tables)
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    column, value = chance.choice(columns), chance.choice(WILD)
    some = f"WHERE {columns[0]} IN (SELECT {columns[0]} FROM {table} ORDER BY random_of({columns[0]}) LIMIT 1)"
    database.create_function("random_of", 1, lambda _value: chance.random())
    match chance.choice(("set", "set", "set", "set", "all", "other", "delete", "drop", "column")):
        case "set":
            database.execute(f"UPDATE OR REPLACE {table} SET {column} = ? {some}", (value,))
            return f"{table}.{column} = {value!r:.60} in some rows"
        case "all":
            database.execute(f"UPDATE OR REPLACE {table} SET {column} = ?", (value,))
            return f"{table}.{column} = {value!r:.60} in all rows"
        case "other":
            other = chance.choice(columns)
            database.execute(f"UPDATE OR REPLACE {table} SET {column} = {other} {some}")
            return f"{table}.{column} = {other} in some rows"
        case "delete":
            database.execute(f"DELETE FROM {table} {some}")
            return f"some rows of {table} are missing"
        case "drop":
            database.execute(f"DROP TABLE {table}")
            return f"{table} is missing"
        case _:
            database.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO something")
            return f"{table}.{column} is missing"
