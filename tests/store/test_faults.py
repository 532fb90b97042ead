"""Sentences for SQLite's errors, and which of them are internal errors."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from borgdesk.domain.errors import StoreUnusable
from borgdesk.store.faults import StoreDamaged, StoreLocked, told_apart, unusable

PATH = Path("/data/borgdesk.db")


def error(code: int | None) -> sqlite3.Error:
    made = sqlite3.OperationalError("what SQLite says")
    if code is not None:
        made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_BUSY, StoreLocked, "locked by another program"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreLocked, "locked by another program"),
        (sqlite3.SQLITE_LOCKED, StoreLocked, "locked by another program"),
        (sqlite3.SQLITE_CORRUPT, StoreDamaged, "is damaged"),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreDamaged, "is damaged"),
        (sqlite3.SQLITE_NOTADB, StoreDamaged, "is not a database"),
        (sqlite3.SQLITE_FULL, StoreUnusable, "no space left"),
        (sqlite3.SQLITE_READONLY, StoreUnusable, "read-only"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreUnusable, "read-only"),
        (sqlite3.SQLITE_PERM, StoreUnusable, "permission denied"),
        (sqlite3.SQLITE_AUTH, StoreUnusable, "permission denied"),
        (sqlite3.SQLITE_CANTOPEN, StoreUnusable, "Check its permissions"),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnusable, "its disk reports an error"),
    ],
)
def test_what_the_machine_or_the_file_is_to_blame_for(code: int, kind: type[StoreUnusable], words: str) -> None:
    found = unusable(error(code), PATH)
    assert type(found) is kind
    assert words in found.sentence
    assert str(PATH) in found.sentence


@pytest.mark.parametrize("code", [None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE])
def test_what_is_our_own_mistake(code: int | None) -> None:
    assert unusable(error(code), PATH) is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_errors_are_told_apart_however_they_come(wrapped: bool) -> None:
    def raised(code: int | None) -> Exception:
        return OperationalError("SELECT 1", {}, error(code)) if wrapped else error(code)

    blamed = raised(sqlite3.SQLITE_FULL)
    with pytest.raises(StoreUnusable, match="no space left") as caught, told_apart(PATH):
        raise blamed
    assert caught.value.__cause__ is blamed
    ours = raised(sqlite3.SQLITE_ERROR)
    with pytest.raises(type(ours)) as same, told_apart(PATH):
        raise ours
    assert same.value is ours


def test_errors_of_others_pass() -> None:
    foreign = DBAPIError("SELECT 1", {}, ValueError("no SQLite"))
    with pytest.raises(DBAPIError) as same, told_apart(PATH):
        raise foreign
    assert same.value is foreign
