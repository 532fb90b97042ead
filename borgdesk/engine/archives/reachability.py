"""Detects, without calling Borg, that the cached list of archives is outdated or the repository is offline."""

from __future__ import annotations

from enum import StrEnum

from borgdesk.domain.location import parse_location
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.workspace import Workspace


class Reach(StrEnum):
    """The result of a quick look at a repository."""

    UNKNOWN = "unknown"
    """No change is visible, or it is on a server, which is not contacted."""
    CHANGED = "changed"
    """A run has ended since the archives were listed."""
    AWAY = "away"
    """Its disk is missing, or does not respond."""


def reach_of(workspace: Workspace, repository: Repository, found: ArchiveList) -> Reach:
    """Check the repository's location, and whether runs have ended since *found* was listed."""
    place = parse_location(repository.location)
    if place.host is None:
        (seen,) = probe([("repository", place.path)])
        if seen is NoAnswer or seen["gone"]:
            return Reach.AWAY
    last = workspace.store.runs.newest(repository.id)
    if last is not None and last.finished_at is not None and last.finished_at > found.asked_at:
        return Reach.CHANGED
    return Reach.UNKNOWN
