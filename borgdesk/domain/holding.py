"""The key by which runs recognise a service that they may keep stopped together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class HoldKey:
    """The key of a shared pair."""

    key: str
    """The same for all that share it."""
    place: str
    """The same for all that stop the same by the same script, in whatever text."""
    name: str
    """What people call it."""

    def packed(self) -> str:
        """Return it as one text."""
        return f"{self.key} {self.place} {self.name}"

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """Return what :meth:`packed` made."""
        key, _, rest = text.partition(" ")
        place, _, name = rest.partition(" ")
        return cls(key, place, name)
