"""Which script starts again what another stops, by their names, and how long a run kept services down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import Code
from borgdesk.domain.run import ExecutionStatus, Hook

_OPPOSITES = (
    ("stop", "start"),
    ("stop", "restart"),
    (r"shut\sdown", "start"),
    ("suspend", "resume"),
    ("pause", "unpause"),
    ("pause", "resume"),
    ("on", "off"),
    ("enable", "disable"),
)
"""Words in the names of a script that stops services, as patterns, and of the one that starts them again."""
_CLEANUP = re.compile(
    r"\b(start|restart|resume|unpause|unmount|umount|clean|clean\s?up|thaw|unfreeze"
    r"|(remove|delete|drop|close|release)\s.*(snapshot|dump|copy|copies|mount|lock|temp\w*)s?)\b"
)
_MODE = re.compile(r"\bmaintenance\b")
_ONLY_MODE = frozenset({"on", "enable"})
"""Words that stop services only if they turn a maintenance mode on."""


@dataclass(frozen=True, slots=True)
class Side:
    """A script of a run, as far as it matters here."""

    name: str
    hook: Hook | None
    status: str
    finished_at: datetime | None = None


def is_pair(stopping: str, starting: str) -> bool:
    """Return whether one script starts again what the other stops, judging by their names."""
    one, other = _plain(stopping), _plain(starting)
    for down, up in _OPPOSITES:
        # A board asks this of many pairs: the search for a plain word comes first.
        if up not in other or (down in _ONLY_MODE and not _MODE.search(one)):
            continue
        if re.sub(rf"\b{down}\b", up, one) == other != one:
            return True
    return False


def _plain(name: str) -> str:
    """Return a name as it is compared: "Docker: start containers again" starts what "Docker: stop containers" stops."""
    return " ".join(word for word in name.casefold().split() if word != "again")


def is_stopping(name: str) -> bool:
    """Return whether a script stops something that has to be started again, judging by its name."""
    lowered = name.casefold()
    found = (down for down, _up in _OPPOSITES if re.search(rf"\b{down}\b", lowered))
    return any(down not in _ONLY_MODE or _MODE.search(lowered) for down in found)


def is_cleanup(name: str) -> bool:
    """Return whether a script puts something back or away, judging by its name."""
    return bool(_CLEANUP.search(name.casefold()))


def pairs(sides: Iterable[Side]) -> list[tuple[Side, Side]]:
    """Return the scripts that stop something, each with the one that starts it again."""
    every = [*sides]
    before = [side for side in every if side.hook is Hook.PRE_BACKUP]
    after = [side for side in every if side.hook in (Hook.POST_BACKUP, Hook.POST_RUN)]
    found = ((one, next((other for other in after if is_pair(one.name, other.name)), None)) for one in before)
    return [(one, other) for one, other in found if other is not None]


def downtime(sides: Sequence[Side]) -> float | None:
    """Return the seconds from the first stop to the last start of a run that is over; None if that is not known."""
    stopped = [pair for pair in pairs(sides) if pair[0].finished_at is not None]
    if not stopped or any(start.status != ExecutionStatus.SUCCESS or not start.finished_at for _stop, start in stopped):
        return None
    first = min(stop.finished_at for stop, _start in stopped if stop.finished_at is not None)
    last = max(start.finished_at for _stop, start in stopped if start.finished_at is not None)
    return max(0.0, (last - first).total_seconds())


def down_since(sides: Sequence[Side]) -> datetime | None:
    """Return since when a run that is under way has kept something down; None if nothing is."""
    down = [
        stop.finished_at
        for stop, start in pairs(sides)
        if stop.finished_at is not None
        and stop.status == ExecutionStatus.SUCCESS
        and start.status in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)
    ]
    return min(down, default=None)


def left_down(executions: Iterable[Execution]) -> list[Execution]:
    """Return the scripts that failed to start again what the run had stopped, judging by their names."""
    every = [*executions]
    untouched = (ExecutionStatus.PENDING, ExecutionStatus.SKIPPED)
    stopped = [one for one in every if one.planned.hook.is_pre and (one.status not in untouched or found_stopped(one))]
    failed = [one for one in every if one.planned.hook.is_post and one.status.is_bad]
    return [one for one in failed if any(_belong_together(other, one) for other in stopped)]


def found_stopped(one: Execution) -> bool:
    """Return whether a script was not run because another run had stopped the service already."""
    return any(reason.code is Code.ALREADY_STOPPED for reason in one.reasons)


def _belong_together(stop: Execution, start: Execution) -> bool:
    hold = stop.planned.hold
    is_shared = hold is not None and hold == start.planned.hold
    return is_shared or is_pair(stop.planned.name, start.planned.name)
