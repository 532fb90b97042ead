"""Sizes of a repository's backups over time, from the history and the cached list of archives, without calling Borg."""

from __future__ import annotations

from borgdesk.borg.series import matches
from borgdesk.domain.repository import Repository
from borgdesk.domain.statistics import BackupSize
from borgdesk.engine.archives.archive_list import kept_archives
from borgdesk.engine.repositories.shared_locations import identity_here
from borgdesk.engine.workspace import Workspace

MOST = 5000
"""Backups: more could not be told apart in a chart."""


def statistics(workspace: Workspace, repository: Repository, most: int = MOST) -> list[BackupSize]:
    """Return the sizes of the last backups, at most *most* of them, oldest first.

    Archives that no run in the history made, but whose names this repository gives, are among them if their sizes are
    known.
    """
    runs = workspace.store.run_sizes.of(repository.id, most)
    known = {one.archive for one in runs}
    kept = kept_archives(workspace, repository)
    me = identity_here(repository)
    others = [
        BackupSize(archive.start, archive.name, archive.original_size, files=archive.files)
        for archive in (kept.archives if kept is not None else ())
        if archive.original_size is not None
        and archive.name not in known
        and matches(repository.archive_name, me, archive.name)
    ]
    return sorted([*runs, *others], key=lambda one: one.at)[-most:]
