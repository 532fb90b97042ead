"""Formats numbers, times and statuses for the terminal."""

from __future__ import annotations

from datetime import datetime

from borgdesk.cli.terminal import Style
from borgdesk.domain.numbers import decimal, grouped
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, RunStatus
from borgdesk.domain.sizes import decimal_size
from borgdesk.translation import _, ngettext

_MINUTE, _HOUR = 60, 3600
_MARKS = {
    "success": ("✓", Style.GOOD),
    "warning": ("!", Style.WARN),
    "failure": ("✗", Style.BAD),
    "failed": ("✗", Style.BAD),
    "timed_out": ("✗", Style.BAD),
    "cancelled": ("■", Style.WARN),
    "interrupted": ("✗", Style.BAD),
    "skipped": ("–", Style.DIM),
    "queued": ("·", Style.DIM),
    "pending": ("·", Style.WARN),
    "running": ("▸", Style.BOLD),
}

YES, NO = "✓", "·"

KINDS = {
    RunKind.BACKUP: "backup",
    RunKind.RESTORE: "restore",
    RunKind.CHECK: "check",
    RunKind.PRUNE: "prune",
    RunKind.COMPACT: "compact",
    RunKind.BREAK_LOCK: "break-lock",
    RunKind.INFO: "info",
}


def mark(status: RunStatus | ExecutionStatus | Outcome) -> str:
    """Return one character for a status."""
    return _MARKS[status.value][0]


def style(status: RunStatus | ExecutionStatus | Outcome) -> Style:
    """Return the colour of a status."""
    return _MARKS[status.value][1]


def status(status: RunStatus | ExecutionStatus | Outcome) -> str:
    """Return the word for a status."""
    return _word(status)


def _word(status: RunStatus | ExecutionStatus | Outcome) -> str:
    return {"timed_out": "timed out", "pending": "owed"}.get(status.value, status.value)


def moment(when: datetime | None) -> str:
    """Format local date and time, to the second."""
    return "–" if when is None else when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def minute(when: datetime | None) -> str:
    """Format local date and time, to the minute."""
    return "–" if when is None else when.astimezone().strftime("%Y-%m-%d %H:%M")


def marked(status: RunStatus | ExecutionStatus) -> str:
    """Format a status as its character and its word."""
    return f"{mark(status)} {_word(status)}"


def duration(seconds: float | None) -> str:
    """Format seconds in suitable units."""
    if seconds is None:
        return ""
    if seconds < 10:  # noqa: PLR2004 - from ten on nobody asks for tenths
        return f"{decimal(seconds)} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _("{minutes} min {seconds:02} s").format(minutes=whole // _MINUTE, seconds=whole % _MINUTE)
    return _("{hours} h {minutes:02} min").format(hours=whole // _HOUR, minutes=whole % _HOUR // _MINUTE)


def size(count: int) -> str:
    """Format bytes in decimal units, as Borg does."""
    return decimal_size(count)


def files(count: int) -> str:
    """How many files: "1 file", "12,431 files"."""
    return ngettext("{count} file", "{count} files", count).format(count=grouped(count))


def items(count: int) -> str:
    """How many files and folders."""
    return ngettext("{count} item", "{count} items", count).format(count=grouped(count))


def lines(count: int) -> str:
    """How many lines."""
    return ngettext("{count} line", "{count} lines", count).format(count=grouped(count))
