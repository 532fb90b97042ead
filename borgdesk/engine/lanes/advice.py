"""Advice about the lanes of a backup: arrangements that leave something down or behind after a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.downtime import is_cleanup, is_pair, is_stopping
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes, added, lane, moved, switched
from borgdesk.engine.lanes.inline_scripts import INLINE_IDS, used_inline, with_inline

_AFTER = (Hook.POST_BACKUP, Hook.POST_RUN)
_UP = re.compile(r"\bup\b|--off\b")
"""Commands that start what others stop, as docker compose up and occ maintenance:mode --off."""


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
    is_in_the_way: bool = False
    """Whether an inline script runs where following it would assign a script, and would not run any more."""

    @property
    def is_solvable(self) -> bool:
        """Whether :func:`followed` can solve it."""
        if self.is_in_the_way:
            return False
        return self.problem is not Problem.NOTHING_STARTS or self.partner is not None


def advice(lanes: RepositoryLanes) -> tuple[Advice, ...]:
    """Return the advice about the lanes of a backup, in their order.

    What an inline script does is told from its lines as from names. It may well do more than they show, so that where
    one runs after the backup that starts anything, nothing is said to stay down.
    """
    inline = used_inline(lanes)
    after = inline.get(Hook.POST_BACKUP, "")
    found = [one for one in _about_scripts(lanes.assignments, lanes.library) if not (_stays(one) and _starts(after))]
    return (*_about_inline(lanes, inline), *(replace(one, is_in_the_way=_target(one) in inline) for one in found))


def _about_inline(lanes: RepositoryLanes, inline: Mapping[Hook, str]) -> list[Advice]:
    """Return that nothing starts again what the inline script before the backup stops, if that is certain."""
    if not any(is_stopping(line) for line in _commands(inline.get(Hook.PRE_BACKUP, ""))):
        return []
    after = [one for hook in _AFTER for one in lane(lanes.assignments, hook) if one.enabled]
    if after or inline.get(Hook.POST_BACKUP, ""):
        return []
    here = (one for one in with_inline(lanes) if one.id == INLINE_IDS[Hook.PRE_BACKUP])
    return [Advice(Problem.NOTHING_STARTS, one) for one in here]


def _commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _starts(text: str) -> bool:
    return any(is_cleanup(line) or _UP.search(line) for line in _commands(text))


def _stays(given: Advice) -> bool:
    return given.problem in (Problem.NOTHING_STARTS, Problem.STARTS_NOTHING)


def _target(given: Advice) -> Hook | None:
    """Return the lane to which following an advice assigns a script."""
    return {
        Problem.NOTHING_STARTS: Hook.POST_BACKUP,
        Problem.TOO_EARLY: Hook.POST_BACKUP,
        Problem.TOO_LATE: Hook.PRE_BACKUP,
    }.get(given.problem)


def _about_scripts(assignments: Sequence[Assignment], library: Sequence[Script]) -> list[Advice]:
    before = [one for one in lane(assignments, Hook.PRE_BACKUP) if one.enabled]
    after = [one for hook in _AFTER for one in lane(assignments, hook)]
    found: list[Advice] = []
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
    return found


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
