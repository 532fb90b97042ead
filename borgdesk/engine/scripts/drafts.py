"""Drafts: unsaved edits, stored during editing and offered at the next start after a crash."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from borgdesk.domain.errors import InvalidInput, StoreUnusable
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import Details, check_timeout
from borgdesk.engine.scripts.script_editing import Edited
from borgdesk.store import files


@dataclass(frozen=True, slots=True)
class Draft:
    """The contents of an editor with its form."""

    key: str
    """What it is a draft of, see :func:`key_of`."""
    edited: Edited
    saved_at: datetime
    """Aware."""
    whole: bool = True
    """False for a draft of an older version, which has only name and text: its other fields are meaningless."""


def key_of(script_id: ScriptId | None) -> str:
    """Return the key of a script's draft; a script that was never saved gets a new one each time."""
    return f"new-{uuid.uuid4().hex}" if script_id is None else str(script_id)


class Drafts:
    """Drafts on disk, at most one per key."""

    def __init__(self, state: Path) -> None:
        """*state* is the state folder."""
        self._folder = state / "drafts"

    def keep(self, draft: Draft) -> None:
        """Store a draft, replacing an older one with the same key. A full disk loses only the draft."""
        edited = draft.edited
        record = asdict(edited) | {"run_on": str(edited.run_on), "saved_at": draft.saved_at.isoformat()}
        if edited.seen is not None:
            record["seen"] = edited.seen._asdict() | {"run_on": str(edited.seen.run_on)}
        content = json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")
        with contextlib.suppress(StoreUnusable):
            files.write(self._path(draft.key), content, 0o600)

    def drop(self, key: str) -> None:
        """Delete the draft, which was saved or discarded."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def list(self) -> list[Draft]:
        """Return all readable drafts, newest first."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError, InvalidInput):
                    found.append(_read(path.stem, json.loads(path.read_bytes())))
        return sorted(found, key=lambda draft: draft.saved_at, reverse=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _read(key: str, record: Any) -> Draft:
    number, base = record["script_id"], record["base"]
    if not isinstance(number, int | None) or not isinstance(base, str | None):
        raise TypeError
    script_id = None if number is None else ScriptId(number)
    moment = datetime.fromisoformat(record["saved_at"])
    if moment.tzinfo is None:
        raise ValueError
    edited = Edited(script_id, str(record["name"]), str(record["text"]), base=base)
    if "run_on" not in record:
        return Draft(key, edited, moment, whole=False)
    details, seen = _details(record), record.get("seen")
    edited = Edited(
        script_id,
        details.name,
        edited.text,
        details.description,
        details.timeout,
        details.run_on,
        base,
        None if seen is None else _details(seen),
    )
    return Draft(key, edited, moment)


def _details(record: Any) -> Details:
    timeout = check_timeout(int(record["timeout"]))
    return Details(str(record["name"]), str(record["description"]), timeout, RunOn.parse(record["run_on"]))
