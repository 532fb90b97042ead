"""The items of an archive that are selected in the window."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.archive import Archive
from borgdesk.store.listings import Entry


@dataclass(frozen=True, slots=True)
class Chosen:
    """The selected items of one archive."""

    archive: Archive
    entries: tuple[Entry, ...] = ()
    """None for all of the archive; of many that are selected, the first ones."""
    count: int = 0
    size: int = 0
    """Bytes of all of them."""
