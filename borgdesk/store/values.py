"""Values of Python from what SQLite stores: the same for SQLAlchemy's column types and for plain SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from borgdesk.domain.reason_json import as_json, from_json
from borgdesk.domain.reasons import Reason
from borgdesk.store.text import made_storable


def in_utc(moment: datetime) -> datetime:
    """Restore the time zone that SQLite dropped."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def time_from(text: str) -> datetime:
    """Return a stored time."""
    return in_utc(datetime.fromisoformat(text))


def time_as_text(moment: datetime) -> str:
    """Return a time as it is stored, for comparisons in plain SQL."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def reasons_from(text: str | None) -> tuple[Reason, ...]:
    """Return stored reasons; NULL stands for none."""
    return () if text is None else from_json(json.loads(text))


def reasons_as_text(reasons: Iterable[Reason]) -> str | None:
    """Return reasons as they are stored.

    They are a JSON list, not escaped to ASCII, so that it can be read and searched without this program.
    """
    stored = as_json(one.with_texts(made_storable) for one in reasons)
    return json.dumps(stored, ensure_ascii=False) if stored else None


def document_from(stored: Any) -> Any:
    """Return the value of a JSON column. SQLite has stored a document that is only a number as that number."""
    return stored if isinstance(stored, (int, float)) else json.loads(stored)
