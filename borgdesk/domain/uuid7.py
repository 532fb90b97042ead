"""Version 7 UUIDs (RFC 9562): unique without coordination and ordered by creation time."""

from __future__ import annotations

from uuid import UUID

RANDOM_BITS = 74
_LOW_BITS = 62
_VERSION, _VARIANT = 7, 0b10
_STEP = 2**32
"""Maximum distance of two UUIDs of the same millisecond: random, so that two machines that share one UUID do not share
the next."""


def uuid7(milliseconds: int, random: int, after: UUID | None = None) -> UUID:
    """Return a UUID for *milliseconds* since 1970 and :data:`RANDOM_BITS` of *random*, always greater than *after*.

    Without *after*, UUIDs of the same millisecond, or made after the clock was set back, would be in arbitrary order.
    """
    payload = milliseconds << RANDOM_BITS | random % (1 << RANDOM_BITS)
    if after is not None and payload <= (before := _payload(after)):
        payload = before + 1 + random % _STEP
    return _uuid(payload)


def _uuid(payload: int) -> UUID:
    high, low = payload >> _LOW_BITS, payload % (1 << _LOW_BITS)
    moment, random = high >> 12, high % (1 << 12)
    return UUID(int=moment << 80 | _VERSION << 76 | random << 64 | _VARIANT << _LOW_BITS | low)


def _payload(made: UUID) -> int:
    moment, random = made.int >> 80, made.int >> 64 & 0xFFF
    return (moment << 12 | random) << _LOW_BITS | made.int % (1 << _LOW_BITS)
