"""What is said about an exported set-up before it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a remark is about."""

    NEW = "new"
    """Something that will be made, but not quite as in the file."""
    PRESENT = "present"
    NOT_TAKEN = "not-taken"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about something in the file."""

    about: About
    sentence: str
