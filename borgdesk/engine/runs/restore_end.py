"""The end of a restore, in its run or in a recovery: moves what is verified into place, and keeps replaced files."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import timedelta
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.reasons import Code, Reason, Value, text
from borgdesk.domain.repository import DEFAULT_STALL_LIMIT
from borgdesk.domain.restore import MOST_PROBLEMS, MOST_RENAMED, RestoreReport
from borgdesk.domain.run import BorgStep, Outcome
from borgdesk.engine.archives.placement import Act, Placement
from borgdesk.engine.archives.placing import Placed, carry_out, holds_replaced
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.processes import file_probes
from borgdesk.engine.processes.exchange import sync_disk
from borgdesk.engine.processes.file_probes import NoAnswer
from borgdesk.engine.processes.file_work import FileWork, unwritten
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.borg_in_run import own_step
from borgdesk.engine.runs.restore_progress import StepProgress
from borgdesk.engine.runs.run_folders import now
from borgdesk.translation import _

_log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
"""How long what was replaced is kept, so that a restore can be undone."""


def place_all(
    active: ActiveRun, journal: RestoreJournal, plan: list[Placement], limit: float = DEFAULT_STALL_LIMIT
) -> Outcome:
    """Do what is planned and not done yet, and report it; what became of it.

    *limit*: seconds without progress after which a disk that does not respond is given up.

    Raises:
        Stopped: the run was cancelled in the middle: each item is as it was, or as it shall be.
    """
    placing = _Placing(active, journal, plan, limit)
    try:
        with own_step(active, BorgStep.PLACE):
            placing.run()
    except NoAnswer as error:
        active.errors = (text(str(error)),)
        return _made(placing.placed)
    outcome = _outcome(active, placing.placed)
    if placing.placed.problems and placing.gone is not None:
        active.errors = (Reason(Code.DESTINATION_GONE, {"folder": str(placing.gone)}),)
    return outcome


class _Placing:
    """Moves items into place, as long as their disks respond."""

    def __init__(self, active: ActiveRun, journal: RestoreJournal, plan: list[Placement], limit: float) -> None:
        self._active, self._journal, self._plan = active, journal, plan
        self._files = FileWork(active.cancel, limit, _late(journal))
        self.placed = Placed()
        self.gone: Path | None = None
        """A folder with a stage that is not there."""
        self._begun = 0

    def run(self) -> None:
        """Place all, and report it.

        Raises:
            Stopped: the run was cancelled.
            NoAnswer: a disk does not respond.
        """
        try:
            self._files.do(self._carry_out, rest=unwritten)
            self._begun = len(self._plan) + 1
            self._files.do(self._journal.find_stages, limit=file_probes.PROBE_LIMIT)
            is_needed = self._files.do(self._look, rest=unwritten, tidies=True)
        except (NoAnswer, Stopped):
            # What the thread that was left has replaced last, if anything, is known only once its disk responds.
            self._name_what_is_left()
            _report(self._active, self.placed, can_be_undone=True)
            raise
        _report(self._active, self.placed, can_be_undone=bool(self.placed.restored) or is_needed)
        if not is_needed:
            # Nothing in the stages is anybody's; what was placed can still be taken away again.
            with contextlib.suppress(NoAnswer):
                self._files.do(self._journal.remove_stages, tidies=True)
        if self._active.cancel.asked:
            raise Stopped

    def _carry_out(self) -> None:
        items, size = sum(one.items for one in self._plan), sum(one.size for one in self._plan)
        progress = StepProgress(self._active, items, size)

        def told(one: Placement) -> None:
            self._files.step()
            progress.add(os.fsdecode(one.target), one.size)

        carry_out(self._plan, self._is_stopped, told, self.placed)

    def _is_stopped(self) -> bool:
        self._files.step()
        self._begun += 1
        return self._active.cancel.asked

    def _look(self) -> bool:
        """Whether something in the stages may be needed. Whatever this process did: one before it may have begun."""
        _sync(self._journal)
        self.gone = self._journal.unreachable
        return self.gone is not None or holds_replaced(self._plan)

    def _name_what_is_left(self) -> None:
        if self._active.cancel.asked:
            return
        for one in self._plan[max(self._begun - 1, 0) :]:
            if one.act in (Act.NEW, Act.BOTH, Act.REPLACE):
                self.placed.problems.append((os.fsdecode(one.target), _("its disk is not responding")))


def _late(journal: RestoreJournal) -> str:
    folder = next((stage.parent for stage in journal.stages()), "")
    return _(
        "The disk of {folder} stopped responding before everything was in its place. Once it responds again, the "
        "restore can be undone."
    ).format(folder=folder)


def finish_or_roll_back(active: ActiveRun) -> Outcome:
    """Bring a restore to an end whose process died: what was extracted only is removed, the rest is placed."""
    journal = RestoreJournal(active.folder)
    if not journal.has_plan:
        if journal.exists:
            with contextlib.suppress(NoAnswer, Stopped):
                FileWork(active.cancel, DEFAULT_STALL_LIMIT, _late(journal)).do(journal.roll_back, tidies=True)
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
    return _made(placed)


def _made(placed: Placed) -> Outcome:
    """Return the outcome of a restore with problems."""
    return Outcome.WARNING if placed.restored or placed.same or placed.kept else Outcome.FAILURE
