"""Rows that are read with plain SQL are equal to those that SQLAlchemy reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, ColumnElement, Enum, Integer, select, text
from sqlalchemy.orm import Mapper

from borgdesk.domain.errors import Stopped
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import ALWAYS, RunOn, RunStatus
from borgdesk.store.column_types import Condition, Reasons, UtcDateTime
from borgdesk.store.faults import StoreLocked
from borgdesk.store.records import _COLUMNS, one_of, records
from borgdesk.store.store import Store
from borgdesk.store.tables import Base
from borgdesk.store.values import time_as_text

TIMES = [
    datetime(2026, 3, 1, 2, 30, tzinfo=UTC),
    datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 2, 30, 0, 120_000, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
]
TEXTS = ["", "'; DROP TABLE scripts; --", "ÄÖ\u2028\n\ttext\r\n", "🦀" * 500, "NULL", "0", "1.0", "true", "null"]
DOCUMENTS: list[Any] = [
    {},
    [],
    {"ä": [1, None, True, 0.1]},
    ["'", '"', "\\", "\u2028"],
    "text",
    0,
    0.5,
    2**70,
    "5",
    {"within": None},
]
NUMBERS = [0, 1, -1, 2**31, 2**63 - 1, -(2**63)]
REASONS = [(), (Reason(Code.JUST_STARTED),), (Reason(Code.NOT_NOW, {"text": "“ä”\n'"}), Reason(Code.JUST_STARTED))]


def hostile(column: ColumnElement[Any], *, nullable: bool) -> list[Any]:
    """Return values that a column can have."""
    kind = column.type
    values: Sequence[Any] = TEXTS
    if isinstance(kind, UtcDateTime):
        values = TIMES
    elif isinstance(kind, Reasons):
        values = REASONS
    elif isinstance(kind, Condition):
        values = [ALWAYS, RunOn.parse("failure"), RunOn.parse("warning,failure")]
    elif isinstance(kind, Enum):
        assert kind.enum_class is not None
        assert issubclass(kind.enum_class, StrEnum)
        values = [*kind.enum_class]
    elif isinstance(kind, Boolean):
        values = [False, True]
    elif isinstance(kind, Integer):
        values = NUMBERS
    elif isinstance(kind, JSON):
        values = DOCUMENTS
    return [*values, None] if nullable else [*values]


def row_of(mapper: Mapper[Any], number: int) -> Any:
    """Return a new row; the *number* selects its values."""
    values: dict[str, Any] = {}
    for place, attribute in enumerate(mapper.column_attrs):
        column = attribute.columns[0]
        assert isinstance(column, Column)
        possible = hostile(column, nullable=bool(column.nullable))
        value = possible[(number + place) % len(possible)]
        if column.primary_key and isinstance(column.type, Integer):
            value = number + 1
        elif isinstance(value, str) and not isinstance(value, StrEnum):
            value = f"{value}{number}" if column.unique or column.primary_key else value
        values[attribute.key] = value
    return mapper.class_(**values)


@pytest.mark.parametrize("table", _COLUMNS)
def test_what_sql_reads_equals_what_sqlalchemy_reads(store: Store, table: str) -> None:
    (mapper,) = (one for one in Base.registry.mappers if one.local_table is Base.metadata.tables[table])
    with store.database.writing() as session:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text(f"DELETE FROM {table}"))
        session.add_all(row_of(mapper, number) for number in range(20))
        session.flush()
        session.expire_all()
        rows = session.scalars(select(mapper.class_).order_by(text("rowid"))).all()
        driver = session.connection().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        found = records(driver, table, f"SELECT * FROM {table} ORDER BY rowid")
        assert len(found) == 20
        for row, record in zip(rows, found, strict=True):
            wanted = {one.key: getattr(row, one.key) for one in mapper.column_attrs}
            assert vars(record) == wanted
            assert {name: type(value) for name, value in vars(record).items()} == {
                name: type(value) for name, value in wanted.items()
            }
        session.rollback()


@pytest.mark.parametrize("moment", TIMES)
def test_times_are_compared_as_they_are_stored(store: Store, moment: datetime) -> None:
    store.kept_secrets.keep(None, "assignment:1", ["a"])
    with store.database.writing() as session:
        session.execute(text("UPDATE kept_secrets SET kept_at = :moment"), {"moment": time_as_text(moment)})
    with store.database.snapshot() as connection:
        (record,) = records(connection, "kept_secrets", "SELECT * FROM kept_secrets")
    assert record.kept_at == moment


def test_values_of_a_condition_are_quoted() -> None:
    assert one_of([RunStatus.QUEUED, RunStatus.RUNNING]) == "('queued', 'running')"


class TestSnapshot:
    """Plain SQL has the guarantees of sessions."""

    def test_it_stays_the_same(self, store: Store) -> None:
        store.key_values.set("a", 1)
        with store.database.snapshot() as connection:
            assert connection.execute("SELECT value FROM settings").fetchall() == [(1,)]
            store.key_values.set("a", 2)
            assert connection.execute("SELECT value FROM settings").fetchall() == [(1,)]
        assert store.key_values.get("a") == 2

    def test_it_is_stopped(self, store: Store) -> None:
        count = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) SELECT max(x) FROM n"
        with pytest.raises(Stopped), store.database.snapshot(lambda: True) as connection:
            connection.execute(count).fetchall()
        with store.database.snapshot(lambda: False) as connection:
            assert connection.execute(count).fetchall() == [(100_000,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"), store.database.snapshot() as connection:
            connection.execute("SELECT 1 FROM nowhere")

    def test_a_change_is_all_or_nothing_and_holds_the_lock_from_the_start(self, store: Store) -> None:
        impatient = Store(store._paths, busy_timeout=0)
        impatient.open()
        store.key_values.set("a", 1)
        with suppress(ZeroDivisionError), store.database.change() as connection:
            with pytest.raises(StoreLocked):
                impatient.key_values.set("a", 2)
            connection.execute("UPDATE settings SET value = '3'")
            assert 1 / 0
        assert store.key_values.get("a") == 1
        impatient.close()

    def test_a_change_is_part_of_what_is_done_together(self, store: Store) -> None:
        with suppress(ZeroDivisionError), store.database.together():
            store.key_values.set("a", 1)
            with store.database.writing() as session:
                assert session.scalar(text("SELECT value FROM settings WHERE key = 'a'")) == 1
            assert 1 / 0
        assert store.key_values.get("a") is None

    def test_a_closed_database_is_not_read(self, store: Store) -> None:
        with store.database.snapshot() as connection:
            store.close()
        with pytest.raises(sqlite3.ProgrammingError):
            connection.execute("SELECT 1")
        with pytest.raises(RuntimeError, match="not open"):
            store.key_values.get("a")


READ = """
import sys
from pathlib import Path
from borgdesk.domain.ids import RepositoryId
from borgdesk.paths import Paths
from borgdesk.store.store import Store
store = Store(Paths.below(Path(sys.argv[1])))
store.open()
store.key_values.set("a", store.key_values.get("a", 1))
store.settings.read()
store.repository_reader.list()
runs, schedules = store.run_reader, store.schedule_reader
runs.unfinished(), runs.owing(), runs.untold(), runs.strip(RepositoryId(1)), runs.newest(RepositoryId(1), good=True)
store.execution_reader.unfinished_tests(), store.kept_secrets.unneeded()
schedules.list(), schedules.get(RepositoryId(1)), schedules.slots(RepositoryId(1))
store.close()
print("sqlalchemy" in sys.modules)
"""


def test_readers_do_without_sqlalchemy(store: Store, python: Callable[..., str]) -> None:
    assert store._paths.home is not None
    assert python(READ, str(store._paths.home)) == "False"
