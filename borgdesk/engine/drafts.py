"""Texts that were typed and not saved when the application died: kept beside the typing, offered at the next start."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from borgdesk.domain.errors import StoreUnusable
from borgdesk.store import files


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsaved text."""

    script_id: int | None
    """None for a script that was never saved."""
    name: str
    """Of the script when it was typed."""
    text: str
    base: str | None
    """SHA-256 of the file the typing began with."""
    saved_at: datetime
    """Aware."""


class Drafts:
    """Drafts on the disk, at most one a script."""

    def __init__(self, state: Path) -> None:
        """*state* is the state folder."""
        self._folder = state / "drafts"

    def keep(self, draft: Draft) -> None:
        """Keep a draft in the place of an older one of the same script. A full disk loses the draft, nothing else."""
        record = asdict(draft) | {"saved_at": draft.saved_at.isoformat()}
        with contextlib.suppress(StoreUnusable):
            files.write(self._path(draft.script_id), json.dumps(record, ensure_ascii=False).encode(), 0o600)

    def drop(self, script_id: int | None) -> None:
        """The text was saved, or is not wanted."""
        with contextlib.suppress(OSError):
            self._path(script_id).unlink(missing_ok=True)

    def list(self) -> list[Draft]:
        """All drafts, newest first; what cannot be read is passed over."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                    found.append(_read(json.loads(path.read_bytes())))
        return sorted(found, key=lambda draft: draft.saved_at, reverse=True)

    def _path(self, script_id: int | None) -> Path:
        return self._folder / f"{'new' if script_id is None else script_id}.json"


def _read(record: Any) -> Draft:
    script_id, base = record["script_id"], record["base"]
    if not isinstance(script_id, int | None) or not isinstance(base, str | None):
        raise TypeError
    moment = datetime.fromisoformat(record["saved_at"])
    if moment.tzinfo is None:
        raise ValueError
    return Draft(script_id, str(record["name"]), str(record["text"]), base, moment)
