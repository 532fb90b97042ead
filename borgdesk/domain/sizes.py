"""Formats numbers of bytes where no locale of a desktop is at hand."""

from __future__ import annotations

from borgdesk.domain.numbers import decimal


def decimal_size(count: int) -> str:
    """Format bytes in decimal units, as Borg does."""
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if number < 999.5:  # noqa: PLR2004 - above, it would be shown as 1000
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{decimal(number)} {unit}"  # noqa: PLR2004
