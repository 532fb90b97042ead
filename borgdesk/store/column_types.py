"""Types of columns: how values of Python are stored."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from borgdesk.domain.reasons import Reason
from borgdesk.domain.run import RunOn
from borgdesk.store.text import made_storable
from borgdesk.store.values import in_utc, reasons_as_text, reasons_from


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; SQLite itself stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Reject naive datetimes, whose meaning would be unknown later."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Restore the time zone that SQLite dropped."""
        return None if value is None else in_utc(value)


class Condition(TypeDecorator[RunOn]):
    """A script's condition, stored as text."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: RunOn | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return, for example, ``warning,failure``."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> RunOn | None:  # noqa: ARG002
        """Parse the condition."""
        return None if value is None else RunOn.parse(value)


class Words(TypeDecorator[str]):
    """Text from other programs. Undecodable file names and NUL characters must never make recording a run fail."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text with U+FFFD for each character that a database cannot store."""
        return None if value is None else made_storable(value)


class Reasons(TypeDecorator[tuple[Reason, ...]]):
    """Codes with values, stored as JSON; NULL for none. See :mod:`borgdesk.domain.reasons`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Reason, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return a JSON list."""
        return reasons_as_text(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Reason, ...]:  # noqa: ARG002
        """Parse the list."""
        return reasons_from(value)
