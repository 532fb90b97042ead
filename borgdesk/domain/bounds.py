"""Bounds of what is told of the items in an archive, whoever tells it: a hostile repository, or a damaged file."""

from __future__ import annotations

LARGEST = 2**62 - 1
"""Bytes: more than any disk holds, and so few that two such numbers together still fit into 64 bits."""

EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds since 1970: the first and the last moment that there is a date for, in the years 1 and 9999."""
