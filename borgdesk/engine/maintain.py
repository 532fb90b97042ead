"""Retention: which archives go, and the space that comes back."""

from __future__ import annotations

from collections.abc import Callable

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import Borg, BorgCommand, PruneOptions
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.active_run import ActiveRun
from borgdesk.engine.borg_process import Access, borg_marker, call
from borgdesk.engine.listening import BorgListener

_LEFT = "Retention was left for the next run, because this one was asked to stop."


def apply_retention(active: ActiveRun, repository: Repository, access: Access) -> None:
    """Prune the archives of this repository's series, then compact. A cancel leaves the rest for the next run."""
    location = repository.location
    options = PruneOptions(series_glob(repository.archive_name), repository.retention)
    steps: tuple[Callable[[Borg], BorgCommand], ...] = (
        lambda borg: borg.prune(location, options),
        lambda borg: borg.compact(location),
    )
    for make in steps:
        if active.cancel.asked or not _do(active, access, make):
            break
    if active.cancel.asked:
        active.note(_LEFT)


def _do(active: ActiveRun, access: Access, make: Callable[[Borg], BorgCommand]) -> bool:
    marker = borg_marker(active.notes)
    answer = call(active.workspace, access, make, BorgListener(active), active.cancel, marker)
    if answer.cancelled:
        return False
    if answer.result.outcome is Outcome.FAILURE:
        active.taint(f"Retention failed: {answer.result.sentence}")
        return False
    return True
