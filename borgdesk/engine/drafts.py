"""What was edited and not saved when the application died: kept beside the editing, offered at the next start."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from borgdesk.domain.errors import InvalidInput, StoreUnusable
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import check_timeout
from borgdesk.engine.writing import Edited
from borgdesk.store import files


@dataclass(frozen=True, slots=True)
class Draft:
    """A script as it stood in an editor and its form."""

    key: str
    """Of what it is the draft, see :func:`key_of`."""
    edited: Edited
    saved_at: datetime
    """Aware."""
    whole: bool = True
    """False for one that kept name and text only, as drafts once did: the rest of its form means nothing."""


def key_of(script_id: int | None) -> str:
    """The key of a script's draft; a script that was never saved gets a new one each time."""
    return f"new-{uuid.uuid4().hex}" if script_id is None else str(script_id)


class Drafts:
    """Drafts on the disk, at most one a key."""

    def __init__(self, state: Path) -> None:
        """*state* is the state folder."""
        self._folder = state / "drafts"

    def keep(self, draft: Draft) -> None:
        """Keep a draft in the place of an older one of the same key. A full disk loses the draft, nothing else."""
        edited = draft.edited
        record = asdict(edited) | {"run_on": str(edited.run_on), "saved_at": draft.saved_at.isoformat()}
        content = json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")
        with contextlib.suppress(StoreUnusable):
            files.write(self._path(draft.key), content, 0o600)

    def drop(self, key: str) -> None:
        """It was saved, or is not wanted."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def list(self) -> list[Draft]:
        """All drafts, newest first; what cannot be read is passed over."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError, InvalidInput):
                    found.append(_read(path.stem, json.loads(path.read_bytes())))
        return sorted(found, key=lambda draft: draft.saved_at, reverse=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _read(key: str, record: Any) -> Draft:
    script_id, base = record["script_id"], record["base"]
    if not isinstance(script_id, int | None) or not isinstance(base, str | None):
        raise TypeError
    moment = datetime.fromisoformat(record["saved_at"])
    if moment.tzinfo is None:
        raise ValueError
    edited = Edited(script_id, str(record["name"]), str(record["text"]), base=base)
    if "run_on" not in record:
        return Draft(key, edited, moment, whole=False)
    about = str(record["description"]), check_timeout(int(record["timeout"])), RunOn.parse(record["run_on"])
    return Draft(key, Edited(script_id, edited.name, edited.text, *about, base), moment)
