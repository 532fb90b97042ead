"""An archive of a repository, with the metadata that is known locally."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive. Values that Borg was not asked for yet are None."""

    id: str
    """64 hexadecimal digits."""
    repository_id: str
    """Borg's id of its repository."""
    name: str
    start: datetime
    end: datetime
    hostname: str = ""
    username: str = ""
    comment: str = ""
    original_size: int | None = None
    """Total bytes of its files."""
    deduplicated_size: int | None = None
    """Bytes that only this archive uses in the repository."""
    files: int | None = None

    @property
    def duration(self) -> timedelta:
        """How long its creation took."""
        return self.end - self.start
