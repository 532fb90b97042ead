"""How numbers, times and states are said in a terminal."""

from __future__ import annotations

from datetime import datetime

from borgdesk.cli.terminal import Style
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, RunStatus

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
LANE_TITLES = {
    Hook.PRE_BACKUP: "Before the backup",
    Hook.POST_BACKUP: "After the backup",
    Hook.POST_RUN: "At the end",
}


def mark(status: RunStatus | ExecutionStatus | Outcome) -> str:
    """One character for a status."""
    return _MARKS[status.value][0]


def style(status: RunStatus | ExecutionStatus | Outcome) -> Style:
    """The colour of a status."""
    return _MARKS[status.value][1]


def status(status: RunStatus | ExecutionStatus | Outcome) -> str:
    """A status as a word."""
    return _word(status)


def _word(status: RunStatus | ExecutionStatus | Outcome) -> str:
    return {"timed_out": "timed out", "pending": "owed"}.get(status.value, status.value)


def moment(when: datetime | None) -> str:
    """Local date and time, to the second."""
    return "–" if when is None else when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def minute(when: datetime | None) -> str:
    """Local date and time, to the minute."""
    return "–" if when is None else when.astimezone().strftime("%Y-%m-%d %H:%M")


def marked(status: RunStatus | ExecutionStatus) -> str:
    """A status as its character and its word."""
    return f"{mark(status)} {_word(status)}"


def duration(seconds: float | None) -> str:
    """Seconds in the units people use for so many of them."""
    if seconds is None:
        return ""
    if seconds < 10:  # noqa: PLR2004 - from ten on nobody asks for tenths
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def size(count: int) -> str:
    """Bytes in decimal units, as Borg shows them."""
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if number < 999.5:  # noqa: PLR2004 - above, it would be shown as 1000
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"  # noqa: PLR2004


def counted(number: int, noun: str) -> str:
    """A number with its noun, which takes an s."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
