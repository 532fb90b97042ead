"""Retention: prunes archives and compacts the repository."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.command_options import PruneOptions
from borgdesk.borg.output import OutputEvent, OutputLine
from borgdesk.borg.pruning import kept
from borgdesk.borg.replies import parse_list
from borgdesk.borg.series import is_checkpoint, matches
from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Outcome, RunStatus
from borgdesk.engine.archives.retention_preview import made_here
from borgdesk.engine.borg_calls.borg_process import Access, BorgAnswer
from borgdesk.engine.repositories.shared_locations import identity_here
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.append_only import FreedSpace
from borgdesk.engine.runs.borg_in_run import call_in_run, leave_out
from borgdesk.engine.runs.removal_notice import distrusted_until
from borgdesk.engine.runs.run_folders import now
from borgdesk.engine.workspace import Workspace

_Make = Callable[[Borg], BorgCommand]

_log = logging.getLogger(__name__)

_LEFT = Reason(Code.RETENTION_STOPPED)
_COMPACT_LEFT = Reason(Code.COMPACT_STOPPED)
_HALF_LEFT = Reason(Code.COMPACT_STOPPED_AFTER_PRUNE)
_REMOVED = ("Pruning archive", "Deleting archive")
"""Beginnings of Borg's lines about archives that it deletes."""
_ANYWAY = timedelta(days=30)
"""After this time, space is freed even if nothing is known to be deleted."""
_EARLIER = timedelta(hours=2)
"""A backup a day is never a day after the last one to the second."""


def apply_retention(active: ActiveRun, repository: Repository, access: Access) -> None:
    """Delete archives of this configuration that no rule keeps, then compact if it is worth it.

    A cancel leaves the rest to the next run.

    First it determines what matches the pattern of the archive names. Usually all of it was made by this configuration,
    and Borg prunes. Otherwise (other programs, other machines and users choose names too) Borg's rules are applied to
    our own archives alone, and the obsolete ones are deleted by name.
    """
    if (reason := why_not_prune(active.workspace, repository)) is not None:
        active.note(reason)
        return
    removal = _removal(active, repository, access)
    if removal is None:
        return
    gone = 0

    def hear(event: OutputEvent) -> None:
        nonlocal gone
        gone += is_deletion(event)

    for make in removal:
        if active.cancel.asked:
            active.note(_LEFT)
            return
        answer = _answered(active, access, BorgStep.PRUNE, make, repository.stall_limit, _LEFT, hear)
        if gone:
            remember_deletion(active, repository)
        if answer is None:
            return
    _compact(active, repository, access, gone, _HALF_LEFT if removal else _COMPACT_LEFT)


def why_not_prune(workspace: Workspace, repository: Repository) -> Reason | None:
    """Return why nothing may be pruned now; None if it may.

    By a clock that is years ahead, all archives are older than what is kept by age. Rules that count are not affected.
    """
    if repository.retention.within is None:
        return None
    until = distrusted_until(workspace, now())
    return None if until is None else Reason(Code.CLOCK_AHEAD, {"date": f"{until.astimezone():%Y-%m-%d}"})


def _compact(active: ActiveRun, repository: Repository, access: Access, gone: int, left: Reason) -> None:
    """Free the space of deleted archives, if that is worth it."""
    if active.cancel.asked:
        active.note(left)
        return
    if repository.append_only:
        active.note(Reason(Code.APPEND_ONLY))
        return
    if (reason := _why_not_compact(active, repository, gone)) is not None:
        leave_out(active, BorgStep.COMPACT, reason)
        return
    space, location = FreedSpace(active, repository), repository.location
    make: _Make = lambda borg: borg.compact(location)  # noqa: E731
    answer = _answered(active, access, BorgStep.COMPACT, make, repository.stall_limit, left, space.hear)
    if answer is not None:
        space.conclude(answer)
        remember_compaction(active, repository)


def is_deletion(event: OutputEvent) -> bool:
    """Return whether Borg says that it deletes an archive."""
    return isinstance(event, OutputLine) and event.message.startswith(_REMOVED)


def remember_deletion(active: ActiveRun, repository: Repository) -> None:
    """Record that there is space to be freed."""
    repositories, wanted = active.workspace.store.repositories, repository.id
    active.recorder.write(lambda: repositories.remember_deletion(wanted))


def remember_compaction(active: ActiveRun, repository: Repository) -> None:
    """Record that there is no more space to be freed."""
    repositories, wanted, when = active.workspace.store.repositories, repository.id, now()
    active.recorder.write(lambda: repositories.remember_compaction(wanted, when))


def _why_not_compact(active: ActiveRun, repository: Repository, gone: int) -> Reason | None:
    """Return why freeing space is not worth it now; None if it is.

    Each compaction costs a call of Borg, over ssh also a connection, and rewrites files of the repository. Other
    programs delete archives, too, and Borg leaves space in use when it is stopped: so it is done from time to time
    anyway.
    """
    last = repository.compacted_at
    if last is None or abs(now() - last) > _ANYWAY:
        return None
    if not gone and not repository.has_deleted and not _was_stopped_before(active):
        return Reason(Code.NOTHING_DELETED)
    if now() - last < timedelta(days=repository.compact_every) - _EARLIER:
        return Reason(Code.COMPACTED_RECENTLY, {"date": f"{last.astimezone():%Y-%m-%d}"})
    return None


def _was_stopped_before(active: ActiveRun) -> bool:
    """Return whether the run before this one did not come to its regular end."""
    runs = active.workspace.store.runs.list(repository=active.run.repository_id, before_id=active.run.id, limit=1)
    return any(not run.status.is_good and run.status is not RunStatus.SKIPPED for run in runs)


def _removal(active: ActiveRun, repository: Repository, access: Access) -> Sequence[_Make] | None:
    """Return the call that deletes obsolete archives, if there are any; None if that could not be determined."""
    listing = partial(list_all, location=repository.location)
    if active.cancel.asked:
        active.note(_LEFT)
        return None
    answer = _answered(active, access, BorgStep.PRUNE, listing, repository.stall_limit, _LEFT)
    if answer is None:
        return None
    return removal(active, repository, answer.stdout)


def removal(active: ActiveRun, repository: Repository, listed: bytes) -> Sequence[_Make]:
    """Return the call that deletes obsolete archives of those that Borg has *listed*, if there are any."""
    location, template = repository.location, repository.archive_name
    identity = identity_here(repository)
    archives = parse_list(listed).archives
    matching = [archive for archive in archives if matches(template, identity, archive.name)]
    own = made_here(active.workspace, repository, matching, filter(None, [active.archive]))
    _log.debug("retention: %d archives, %d match, %d were made here", len(archives), len(matching), len(own))
    if len(own) == len(matching):
        options = PruneOptions(series_glob(template), repository.retention)
        return (lambda borg: borg.prune(location, options),)
    foreign = len(matching) - len(own)
    active.note(Reason(Code.FOREIGN_ARCHIVES, {"count": foreign}))
    finished = [archive for archive in own if not is_checkpoint(archive.name)]
    keep = kept(finished, repository.retention, now())
    names = [archive.name for archive in finished if archive.id not in keep]
    return (lambda borg: borg.delete(location, names),) if names else ()


def _answered(
    active: ActiveRun,
    access: Access,
    step: BorgStep,
    make: _Make,
    stall_limit: float,
    left: Reason,
    hear: Callable[[OutputEvent], None] = lambda _: None,
) -> BorgAnswer | None:
    """Return the reply of a call; None, with *left* noted, if it was cancelled or failed."""
    answer = call_in_run(active, access, step, make, stall_limit, hear=hear)
    if answer.result.outcome is not Outcome.FAILURE:
        return answer
    if answer.cancelled:
        active.note(left)
    else:
        active.taint(Reason(Code.RETENTION_FAILED, {"error": answer.result.sentence}))
    return None


def retention_is_unfinished(run: Run) -> bool:
    """Return whether retention of a run with an archive neither completed nor failed."""
    prune, compact = (run.borg_call(step) for step in (BorgStep.PRUNE, BorgStep.COMPACT))
    failed = prune is not None and prune.status is RunStatus.FAILURE
    return not failed and (compact is None or compact.status in (RunStatus.RUNNING, RunStatus.INTERRUPTED))


def list_all(borg: Borg, location: str) -> BorgCommand:
    """List all archives: with a pattern, Borg lists no checkpoints, although prune deletes them."""
    return borg.list_archives(location, checkpoints=True)
