"""Numbers as they are written in the language of the messages."""

from __future__ import annotations

from borgdesk.translation import pgettext


def grouped(value: int) -> str:
    """Return a whole number with separators: "12,431"."""
    return f"{value:,}".replace(",", pgettext("separator of thousands", ","))


def decimal(value: float) -> str:
    """Return a number with one digit after the decimal point: "3.2"."""
    return f"{value:.1f}".replace(".", pgettext("decimal point", "."))
