"""Advice about the lanes of a backup: arrangements that leave something down or behind after a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.downtime import is_cleanup, is_pair, is_stopping
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.arrangement import Arrangement, added, lane, moved, switched


class Problem(Enum):
    """What is wrong with an assignment."""

    NOTHING_STARTS = auto()
    """What the script stops is not started again."""
    STARTS_NOTHING = auto()
    """The script that starts it again is switched off."""
    NOT_ALWAYS = auto()
    """The script puts something back or away, but not after every outcome."""
    TOO_EARLY = auto()
    """The script starts, before the backup, what is to be down during it."""
    TOO_LATE = auto()
    """The script stops, after the backup, what is to be down during it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One problem, and how to solve it."""

    problem: Problem
    about: Assignment
    partner: Script | None = None
    """The script of the library that would start it again."""

    @property
    def is_solvable(self) -> bool:
        """Whether :func:`followed` can solve it."""
        return self.problem is not Problem.NOTHING_STARTS or self.partner is not None


def advice(assignments: Sequence[Assignment], library: Sequence[Script]) -> tuple[Advice, ...]:
    """Return the advice about the lanes of a backup, in their order."""
    before = [one for one in lane(assignments, Hook.PRE_BACKUP) if one.enabled]
    after = [one for hook in (Hook.POST_BACKUP, Hook.POST_RUN) for one in lane(assignments, hook)]
    found = []
    for one in before:
        if any(is_pair(script.name, one.script) for script in library) and not is_stopping(one.script):
            found.append(Advice(Problem.TOO_EARLY, one))
        elif is_stopping(one.script):
            found += _about_stop(one, after, library)
    for one in after:
        paired = any(is_pair(stop.script, one.script) for stop in before)
        if one.enabled and (paired or is_cleanup(one.script)) and not one.effective.run_on.always:
            found.append(Advice(Problem.NOT_ALWAYS, one))
        elif one.enabled and is_stopping(one.script) and _starts_later(one, before, after, library):
            found.append(Advice(Problem.TOO_LATE, one))
    return tuple(found)


def _starts_later(
    one: Assignment, before: Sequence[Assignment], after: Sequence[Assignment], library: Sequence[Script]
) -> bool:
    """Return whether what a script after the backup stops is not started before it, but could be started again.

    A server that is started only for the backup may well be shut down after it.
    """
    if any(is_pair(one.script, other.script) for other in before):
        return False
    names = [*(other.script for other in after), *(script.name for script in library)]
    return any(is_pair(one.script, name) for name in names)


def _about_stop(one: Assignment, after: Sequence[Assignment], library: Sequence[Script]) -> list[Advice]:
    starts = [other for other in after if is_pair(one.script, other.script)]
    if not starts:
        partner = next((script for script in library if is_pair(one.script, script.name)), None)
        return [Advice(Problem.NOTHING_STARTS, one, partner)]
    if not any(other.enabled for other in starts):
        return [Advice(Problem.STARTS_NOTHING, starts[0])]
    return []


def followed(arrangement: Arrangement, given: Advice, repository: Repository) -> Arrangement:
    """Return the arrangement after following an advice; unchanged if that is not possible."""
    one = given.about
    if given.problem is Problem.NOTHING_STARTS:
        return added(arrangement, given.partner, repository, Hook.POST_BACKUP, 0) if given.partner else arrangement
    if given.problem is Problem.STARTS_NOTHING:
        return switched(arrangement, [one.id], enabled=True)
    if given.problem is Problem.TOO_EARLY:
        return moved(arrangement, one.id, Hook.POST_BACKUP, 0)
    if given.problem is Problem.TOO_LATE:
        return moved(arrangement, one.id, Hook.PRE_BACKUP, len(lane(arrangement, Hook.PRE_BACKUP)))
    return tuple(replace(other, run_on=ALWAYS) if other.id == one.id else other for other in arrangement)
