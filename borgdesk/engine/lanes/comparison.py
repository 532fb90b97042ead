"""Compares the lanes of two repositories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.run import LANES, Hook
from borgdesk.engine.lanes.arrangement import lane


@dataclass(frozen=True, slots=True)
class Compared:
    """A script of a lane in both repositories, or in one of them."""

    hook: Hook
    here: Assignment | None
    there: Assignment | None

    @property
    def script(self) -> str:
        """The name of the script."""
        one = self.here or self.there
        return one.script if one is not None else ""

    @property
    def is_equal(self) -> bool:
        """Whether the script does the same in both, apart from secret values, which are not compared."""
        return self.here is not None and self.there is not None and _facts(self.here) == _facts(self.there)


def compare(here: Sequence[Assignment], there: Sequence[Assignment]) -> list[Compared]:
    """Return the scripts of all lanes, in the order of *here*, and below them those that only *there* has."""
    found = []
    for hook in LANES:
        left = lane(there, hook)
        for one in lane(here, hook):
            other = next((other for other in left if other.script_id == one.script_id), None)
            if other is not None:
                left.remove(other)
            found.append(Compared(hook, one, other))
        found += [Compared(hook, None, other) for other in left]
    return found


def _facts(one: Assignment) -> tuple[object, ...]:
    return one.order, one.enabled, one.effective, dict(one.parameters), one.secrets
