"""Sizes of backups over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from borgdesk.domain.ids import RunId


@dataclass(frozen=True, slots=True)
class BackupSize:
    """The sizes of one backup in bytes; None for what was not recorded."""

    at: datetime
    archive: str
    original: int | None
    """All of its files."""
    new: int | None = None
    """What it added to the repository, compressed."""
    repository: int | None = None
    """What all archives take together after it, deduplicated and compressed."""
    files: int | None = None
    free_before: int | None = None
    """Free on the disk of the repository before the backup."""
    free_after: int | None = None
    """As above, after pruning and freeing space."""
    run_id: RunId | None = None
    """None for an archive that was made elsewhere."""
