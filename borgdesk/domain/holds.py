"""Shared pairs: scripts that stop a service for several runs at once, and start it again after the last of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from borgdesk.domain.digests import sha256
from borgdesk.domain.downtime import is_pair
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.holding import HoldKey
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import ALWAYS, Hook

BY_CONTENT = ""
"""The name of a share that has none: runs share what does exactly the same."""

SHARED_LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN)
"""Where a script can be shared. A restore changes the files that others read, so it shares nothing."""

_UNDONE = (("mount", "unmount"), ("mount", "umount"), ("create", "drop"), ("create", "remove"), ("create", "delete"))
"""Words in the names of a script that makes something for the backup, and of the one that takes it away again."""


@dataclass(frozen=True, slots=True)
class Part:
    """A script that may be part of a shared pair."""

    name: str
    hook: Hook
    shared: str | None
    """The name of the share, :data:`BY_CONTENT`, or None if it is not shared."""


def undoes(first: str, second: str) -> bool:
    """Return whether the second script takes back what the first does, judging by their names."""
    if is_pair(first, second):
        return True
    one, other = first.casefold(), second.casefold()
    return any(re.sub(rf"\b{made}\b", away, one) == other != one for made, away in _UNDONE)


def partner(parts: Sequence[Part], of: Part) -> Part | None:
    """Return the script that belongs to *of*, by their names, or else by the name of the share; None if there is none.

    The scripts that stop something have theirs after the work, and the other way round.
    """
    others = [one for one in parts if one.hook in SHARED_LANES and one.hook.is_pre is not of.hook.is_pre]
    for one in others:
        if undoes(of.name, one.name) if of.hook.is_pre else undoes(one.name, of.name):
            return one
    named = [one for one in others if of.shared and one.shared == of.shared]
    return named[0] if named else None


def with_holds(scripts: Sequence[PlannedScript], shared: Mapping[AssignmentId, str]) -> list[PlannedScript]:
    """Return the scripts of a run, with a key for both scripts of each shared pair.

    What starts something for others as well runs after every outcome. A script whose counterpart is missing, off or not
    shared in the same way belongs to this run alone.
    """
    parts = {
        Part(one.name, one.hook, shared[one.assignment_id]): one
        for one in scripts
        if one.assignment_id is not None and one.assignment_id in shared and one.hook in SHARED_LANES
    }
    keys: dict[AssignmentId | None, HoldKey] = {}
    for part, stop in parts.items():
        other = partner([one for one in parts if one.shared == part.shared], part) if part.hook.is_pre else None
        if other is None:
            continue
        start = parts[other]
        key = key_of(stop, start, part.shared or BY_CONTENT)
        if start.assignment_id not in keys and key.key not in {known.key for known in keys.values()}:
            keys[stop.assignment_id] = keys[start.assignment_id] = key
    return [_held(one, keys[one.assignment_id]) if one.assignment_id in keys else one for one in scripts]


def _held(one: PlannedScript, key: HoldKey) -> PlannedScript:
    return replace(one, hold=key, policy=replace(one.policy, run_on=ALWAYS) if one.hook.is_post else one.policy)


def key_of(stop: PlannedScript, start: PlannedScript, name: str) -> HoldKey:
    """Return the key of a pair: its name, or what it does."""
    place = _digest("place", str(stop.script_id), *_values(stop))
    if name:
        return HoldKey(_digest("name", name), place, name)
    does = (stop.revision or "", *_values(stop), "then", start.revision or "", *_values(start))
    return HoldKey(_digest("content", *does), place, stop.name)


def _values(one: PlannedScript) -> tuple[str, ...]:
    # Secret values cannot be compared, so whoever has some does nothing that others do.
    secret = (str(one.assignment_id),) if one.secrets else ()
    return (*(f"{name}={value}" for name, value in sorted(one.values.items())), *secret)


def _digest(*words: str) -> str:
    return sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]
