"""What a restore did: the part of a run's report that only restores have."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_PROBLEMS = 1000
"""Problems that a report names; the log of the run names all of them."""

MOST_RENAMED = 100
"""Items placed beside others that a report names."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came of a restore so far."""

    target: str
    """The folder, or ``/`` for the original places."""
    restored: int = 0
    kept: int = 0
    """Items that stayed as they were, as was wanted."""
    replaced: int = 0
    renamed: int = 0
    """Items that were placed beside what was there."""
    renamed_to: tuple[str, ...] = ()
    """The paths of the first of them."""
    bytes: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    """Path and reason of what was not restored: the first of them."""
    problem_count: int = 0
    undo_until: datetime | None = None
    """When what was replaced is deleted; None if nothing can be undone."""
    undone_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """What is kept, and printed."""
        return {
            "target": self.target,
            "restored": self.restored,
            "kept": self.kept,
            "replaced": self.replaced,
            "renamed": self.renamed,
            "renamed_to": list(self.renamed_to),
            "bytes": self.bytes,
            "problems": [{"path": path, "reason": reason} for path, reason in self.problems],
            "problem_count": self.problem_count,
            "undo_until": self.undo_until.isoformat() if self.undo_until else None,
            "undone_at": self.undone_at.isoformat() if self.undone_at else None,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> RestoreReport:
        """What :meth:`as_json` gave, of whatever version."""
        values = {name: kept[name] for name in cls.__slots__ if name in kept}
        values["problems"] = tuple((one["path"], one["reason"]) for one in kept.get("problems", ()))
        values["renamed_to"] = tuple(kept.get("renamed_to", ()))
        for name in ("undo_until", "undone_at"):
            values[name] = datetime.fromisoformat(kept[name]) if kept.get(name) else None
        return cls(**{"target": "", **values})


def restored_folder(report: RestoreReport, paths: Sequence[str]) -> str:
    """Return the folder with what was restored; *paths* are those in the archive, none for all of it."""
    if report.renamed_to:
        return posixpath.dirname(report.renamed_to[0])
    if report.target != "/" or not paths:
        return report.target
    return posixpath.commonpath([posixpath.dirname(f"/{path}") for path in paths])
