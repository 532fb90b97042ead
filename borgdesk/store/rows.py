"""Finds rows by what users and callers name them by."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from borgdesk.store.database import MAX_ID, id_meant
from borgdesk.store.tables import RepositoryRow, ScriptRow

_Row = TypeVar("_Row")
_Named = TypeVar("_Named", RepositoryRow, ScriptRow)


def row_by_id(session: Session, kind: type[_Row], row_id: int) -> _Row | None:
    """Return the row with that id. Users may enter ids larger than any database stores."""
    return session.get(kind, row_id) if 0 < row_id <= MAX_ID else None


def row_by_ref(session: Session, kind: type[_Named], ref: int | str) -> _Named | None:
    """Return the row with that id or exact name; digits are tried as an id first, then as a name."""
    number = ref if isinstance(ref, int) else id_meant(ref)
    row = None if number is None else row_by_id(session, kind, number)
    if row is None and isinstance(ref, str):
        row = session.scalar(select(kind).where(kind.name == ref.strip()))
    return row
