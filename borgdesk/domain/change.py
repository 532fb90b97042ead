"""The kinds of changes to a path between two archives."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class ChangeKind(StrEnum):
    """What changed about a path, most significant first."""

    ADDED = "added"
    REMOVED = "removed"
    TYPE = "type"
    """For example, a file became a folder, or a folder a link."""
    MODIFIED = "modified"
    """The content of a file, or the target of a link."""
    OWNER = "owner"
    MODE = "mode"

    @property
    def bit(self) -> int:
        """Its bit in a number that combines several kinds."""
        return _BITS[self]


_BITS = {kind: 1 << place for place, kind in enumerate(ChangeKind)}

ALL_KINDS = (1 << len(ChangeKind)) - 1


def bits_of(kinds: Iterable[ChangeKind]) -> int:
    """Combine several kinds in one number."""
    bits = 0
    for kind in kinds:
        bits |= kind.bit
    return bits


def kinds_of(bits: int) -> tuple[ChangeKind, ...]:
    """Return the kinds in such a number, most significant first."""
    return _KINDS[bits]


_KINDS = [tuple(kind for kind in ChangeKind if bits & _BITS[kind]) for bits in range(ALL_KINDS + 1)]
"""All combinations, precomputed: there may be a million paths to look up."""
