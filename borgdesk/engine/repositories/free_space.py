"""How much room there is for a backup on the disk of its repository, as far as that can be known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from borgdesk.domain.errors import BorgDeskError, StoreUnusable
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository, is_local, local_path
from borgdesk.engine.processes.file_probes import probe
from borgdesk.engine.workspace import Workspace

SPACE_LIMIT = 5.0
"""Seconds that the end of a run waits for the answer of a disk."""

_LEAST = 50 * 1000 * 1000
"""Bytes. With less, Borg may not even be able to write its indexes."""

_RUNS = 10
"""Number of runs whose new data is compared with the space."""


def space_question(repository: Repository) -> list[tuple[str, str]]:
    """Return the question for :func:`borgdesk.engine.processes.file_probes.probe`; none for a repository elsewhere."""
    return [("space", local_path(repository.location))] if is_local(repository.location) else []


def free_in(answers: Sequence[Any]) -> int | None:
    """Return the free bytes that the answer to it tells; None if nobody knows."""
    return int(answers[0]["free"]) if answers and isinstance(answers[0], dict) else None


def free_space(repository: Repository) -> int | None:
    """Return the free bytes on the disk of a local repository; None for others, or if nobody knows."""
    try:
        return free_in(probe(space_question(repository), limit=SPACE_LIMIT))
    except BorgDeskError:
        return None


def warning_of(workspace: Workspace, repository: Repository, free: int | None) -> Reason | None:
    """Return a warning if *free* bytes are clearly too few for the next backup; None otherwise.

    Nobody knows how much is new before Borg has read it. What the last backups added is the best guess there is.
    """
    if free is None:
        return None
    try:
        recent = workspace.store.run_sizes.of(repository.id, _RUNS)
    except StoreUnusable:
        recent = []
    usual = max((one.new for one in recent if one.new is not None), default=0)
    needed = max(usual, _LEAST)
    if free >= needed:
        return None
    return Reason(Code.LITTLE_SPACE, {"free": free, "needed": needed})
