"""Undoes restores: lists those that can be undone, undoes one, and deletes replaced files after a week."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from datetime import datetime

from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.restore import MOST_PROBLEMS, RestoreReport
from borgdesk.domain.run import RunKind
from borgdesk.engine.archives.placement import Act
from borgdesk.engine.archives.placing import undo
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.runs.removal_notice import may_begin
from borgdesk.engine.runs.restore_end import KEPT_FOR
from borgdesk.engine.runs.run_folders import now, run_folder
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


def restores(workspace: Workspace, limit: int = 1000) -> list[Run]:
    """The restores that history knows, newest first."""
    return workspace.store.runs.list(kind=RunKind.RESTORE, limit=limit)


def kept_size(workspace: Workspace, run_id: RunId) -> int:
    """Return the bytes of the replaced files that are kept so that a restore can be undone."""
    size = 0
    with contextlib.suppress(BorgDeskError):
        for one in RestoreJournal(run_folder(workspace, run_id)).read_plan():
            if one.act is Act.REPLACE:
                with contextlib.suppress(OSError):
                    size += os.lstat(one.source).st_size
    return size


def undo_restore(workspace: Workspace, run_id: RunId) -> RestoreReport:
    """Put back what a restore replaced, and take away what it brought.

    What was changed since is left, and named; it can be tried again.

    Raises:
        NotFound: there is no such restore, or it cannot be undone any more.
        BorgDeskError: its disk is not there, or its record is damaged.
    """
    journal = RestoreJournal(run_folder(workspace, run_id))
    cannot = NotFound(_("There is no restore {number} that can be undone.").format(number=run_id))
    with journal.claimed() as is_ours:
        if not is_ours:
            raise cannot
        run = workspace.store.runs.get(run_id, with_output=False)
        report = RestoreReport.from_json(run.report)
        if run.kind is not RunKind.RESTORE or report.undo_until is None or not run.status.is_final:
            raise cannot
        if journal.unreachable is not None:
            raise BorgDeskError(
                _("{folder} is not there. If it is on another disk, connect the disk and try again.").format(
                    folder=journal.unreachable
                )
            )
        # The clock that file systems use lags behind by some milliseconds, and never is ahead.
        restored_at = round((run.finished_at or now()).timestamp() * 10**9)
        undone = undo(journal.read_plan(), restored_at)
        problems = tuple(undone.problems[:MOST_PROBLEMS])
        done = replace(report, undone_at=now(), problems=problems, problem_count=len(undone.problems))
        if not problems:
            done = replace(done, undo_until=None)
        workspace.store.runs.set_report(run_id, done.as_json())
        if not problems:
            journal.roll_back()
    return done


def forget_old_restores(workspace: Workspace, moment: datetime) -> None:
    """Throw away what was replaced longer ago than it is kept for, unless the clock has jumped ahead."""
    if not may_begin(workspace, moment):
        return
    for number, journal in RestoreJournal.all_in(workspace.paths.runs):
        with contextlib.suppress(NotFound):
            runs = workspace.store.runs
            run = runs.get(RunId(number), with_output=False)
            if run.finished_at is None or run.finished_at + KEPT_FOR >= moment:
                continue
            with journal.claimed() as is_ours:
                if is_ours:
                    journal.discard()
            report = RestoreReport.from_json(run.report)
            runs.set_report(run.id, replace(report, undo_until=None).as_json())
