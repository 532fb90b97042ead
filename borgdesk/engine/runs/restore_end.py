"""The end of a restore, in its run or in a recovery: moves what is verified into place, and keeps replaced files."""

from __future__ import annotations

import logging
import os
from datetime import timedelta

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.reasons import Code, Reason, Value
from borgdesk.domain.restore import MOST_PROBLEMS, MOST_RENAMED, RestoreReport
from borgdesk.domain.run import BorgStep, Outcome
from borgdesk.engine.archives.placement import Placement
from borgdesk.engine.archives.placing import Placed, carry_out, holds_replaced
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.processes.exchange import sync_disk
from borgdesk.engine.runs.active_run import ActiveRun, now
from borgdesk.engine.runs.borg_in_run import own_step
from borgdesk.engine.runs.restore_progress import StepProgress

_log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
"""How long what was replaced is kept, so that a restore can be undone."""


def place_all(active: ActiveRun, journal: RestoreJournal, plan: list[Placement]) -> Outcome:
    """Do what is planned and not done yet, and report it; what became of it.

    Raises:
        Stopped: the run was cancelled in the middle: each item is as it was, or as it shall be.
    """
    items, size = sum(one.items for one in plan), sum(one.size for one in plan)
    progress = StepProgress(active, items, size)
    with own_step(active, BorgStep.PLACE):
        placed = carry_out(
            plan, lambda: active.cancel.asked, lambda one: progress.add(os.fsdecode(one.target), one.size)
        )
        _sync(journal)
        # Whatever this process did: one before it may have replaced something, too.
        is_needed = journal.unreachable is not None or holds_replaced(plan)
        _report(active, placed, can_be_undone=bool(placed.restored) or is_needed)
        if not is_needed:
            # Nothing in the stages is anybody's; what was placed can still be taken away again.
            journal.remove_stages()
        if active.cancel.asked:
            raise Stopped
    outcome = _outcome(active, placed)
    if placed.problems and journal.unreachable is not None:
        active.errors = (Reason(Code.DESTINATION_GONE, {"folder": str(journal.unreachable)}),)
    return outcome


def finish_or_roll_back(active: ActiveRun) -> Outcome:
    """Bring a restore to an end whose process died: what was extracted only is removed, the rest is placed."""
    journal = RestoreJournal(active.folder)
    if not journal.has_plan:
        if journal.exists:
            journal.roll_back()
        return Outcome.INTERRUPTED
    try:
        outcome = place_all(active, journal, journal.read_plan())
    except Stopped:
        return Outcome.CANCELLED
    except (OSError, BorgDeskError) as error:
        _log.exception("the restore of run %d could not be finished", active.run.id)
        active.errors = (Reason(Code.RESTORE_UNFINISHED, {"error": str(error)}),)
        return Outcome.FAILURE
    return outcome


def _sync(journal: RestoreJournal) -> None:
    for stage in journal.stages():
        try:
            sync_disk(os.fsencode(stage))
        except OSError as error:
            _log.warning("%s could not be written to its disk yet: %s", stage, error)


def _report(active: ActiveRun, placed: Placed, *, can_be_undone: bool) -> None:
    for path, reason in placed.problems:
        active.log.line(f"not restored: {path}: {reason}")
    report = RestoreReport(
        str(active.report.get("target", "")),
        restored=placed.restored,
        kept=placed.kept,
        replaced=placed.replaced,
        renamed=placed.renamed,
        renamed_to=tuple(placed.renamed_to[:MOST_RENAMED]),
        bytes=placed.size,
        problems=tuple(placed.problems[:MOST_PROBLEMS]),
        problem_count=len(placed.problems),
        undo_until=now() + KEPT_FOR if can_be_undone else None,
    )
    active.put_report(**report.as_json())


def _outcome(active: ActiveRun, placed: Placed) -> Outcome:
    if not placed.problems:
        return Outcome.SUCCESS
    path, reason = placed.problems[0]
    values: dict[str, Value] = {"count": len(placed.problems), "path": path, "reason": reason}
    active.errors = (Reason(Code.NOT_RESTORED, values),)
    return Outcome.WARNING if placed.restored or placed.same or placed.kept else Outcome.FAILURE
