"""Retention: which archives go, and the space that comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import Borg, BorgCommand, PruneOptions
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.active_run import ActiveRun
from borgdesk.engine.arming import passphrase_of
from borgdesk.engine.borg_process import Access, BorgAnswer, access_to, borg_marker, call
from borgdesk.engine.explaining import explained
from borgdesk.engine.listening import BorgListener

_log = logging.getLogger(__name__)

_TIDYING = 30.0
"""Seconds for tidying up: it must not keep scripts waiting on a dead network disk."""

_LEFT = "Retention was left for the next run, because this one was asked to stop."


def call_in_run(active: ActiveRun, access: Access, make: Callable[[Borg], BorgCommand]) -> BorgAnswer:
    """Call Borg as part of a run: what it says goes to the run's log and listeners, and the run's cancel stops it.

    Raises:
        BorgUnusable: the program could not be started.
    """
    marker = borg_marker(active.notes)
    answer = call(active.workspace, access, make, BorgListener(active), active.cancel, marker)
    active.borg_was_killed |= answer.result.killed
    return replace(answer, result=explained(answer.result, active.run.location))


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
    answer = call_in_run(active, access, make)
    if answer.cancelled:
        return False
    if answer.result.outcome is Outcome.FAILURE:
        active.taint(f"Retention failed: {answer.result.sentence}")
        return False
    return True


def clear_stale_locks(active: ActiveRun) -> None:
    """Let Borg remove the locks that a killed Borg of this machine left on the repository and its cache.

    Any call of Borg does that, and only for processes of this machine that are dead: a lock of another machine, or of
    a living process, stays. ``info`` is one that looks at both. Whatever it says is of no importance here.
    """
    if active.run.repository_id is None:
        return
    try:
        repository = active.workspace.store.repositories.get(active.run.repository_id)
        access = access_to(repository, passphrase_of(active.workspace, repository))
        make = partial(_info, location=repository.location)
        call(active.workspace, access, make, marker=borg_marker(active.notes), timeout=_TIDYING)
    except BorgDeskError as error:
        _log.info("stale locks of run %d were left to the next Borg: %s", active.run.id, error)


def _info(borg: Borg, location: str) -> BorgCommand:
    return replace(borg, lock_wait=1).info(location)
