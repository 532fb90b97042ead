"""``borgdesk run`` and ``borgdesk recover``."""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from borgdesk import logs
from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.live_screen import LiveScreen
from borgdesk.cli.progress import Progress
from borgdesk.cli.stopping import stopping
from borgdesk.cli.terminal import Screen
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import AlreadyStarted, BorgDeskError, InUse
from borgdesk.domain.events import Event, RunEnded, RunQueued
from borgdesk.domain.exit_codes import FAILURE, exit_code_of, worst
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import NOT_NOW, ExecutionStatus, Trigger
from borgdesk.domain.schedule import Slot, SlotState
from borgdesk.domain.sentences import recovery_sentence, run_sentence
from borgdesk.engine import notices
from borgdesk.engine.archives.mounts import recover_mounts
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.runs.history_cleaning import clean, is_due
from borgdesk.engine.runs.owed_scripts import runs_that_left_something_down
from borgdesk.engine.runs.recovery import left_undone, owe_again, recover_all
from borgdesk.engine.runs.scheduled_check import check_for
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.engine.runs.task import Task
from borgdesk.engine.schedule.due import look
from borgdesk.engine.schedule.slots import is_far_ahead
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_MOMENT, _WHILE = 1.0, 20.0
"""Seconds for which the history is cleaned, with and without somebody who waits; it is indexed for a moment only."""
_GLANCE = 0.2
"""Seconds between checks for signals by the main thread, which is the one that handles them."""


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Back up the repositories, in parallel if they are at different locations."""
    store = console.workspace.store
    repositories = list({one.id: one for one in map(store.repositories.get, arguments.repositories)}.values())
    cancel, board = Cancel(), _board(console)
    with stopping(cancel, board.line):
        _recover_first(_Call(console, arguments, board, cancel))
        wanted = [one for one in repositories if not _is_recent(console, one, arguments.if_older_than)]
        slots, waiting = _due(console, wanted) if arguments.scheduled else (dict.fromkeys(wanted), False)
        call = _Call(console, arguments, board, cancel, is_alone=len(repositories) == 1)
        jobs = [_Job(call, one, Backup(slot)) for one, slot in slots.items()]
        _do(jobs)
        if arguments.scheduled and not cancel.asked:
            checks = _due_checks(console, wanted)
            more = [_Job(call, one, task) for one, task in checks]
            _do(more)
            jobs += more
    _answer(console, [job.run for job in jobs if job.run is not None])
    _tend_history(console, cancel)
    codes = [exit_code_of(job.run.status) for job in jobs if job.run is not None]
    failed = [FAILURE for job in jobs if job.failed]
    return worst([*codes, *failed, *([NOT_NOW] if waiting else [])])


def _tend_history(console: Console, cancel: Cancel) -> None:
    """Remove old runs, for a moment if somebody waits for the command, and index new ones. The rest has time."""
    workspace, budget = console.workspace, _MOMENT if console.err.is_terminal else _WHILE
    filler = workspace.store.search_filler
    try:
        if not cancel.asked and is_due(workspace, now()):
            cleaned = clean(workspace, now(), is_stopped=lambda: cancel.asked, budget=budget)
            if cleaned is not None and cleaned.runs:
                filler.tidy()
        filler.fill_for(_MOMENT, lambda: cancel.asked)
    except BorgDeskError as error:
        _log.warning("the history was not tended: %s", error)


def _do(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.thread.start()
        # One after the other, so that those at one location run in the given order.
        while not job.queued.wait(_GLANCE):
            pass
    for job in jobs:
        while job.thread.is_alive():
            job.thread.join(_GLANCE)


def _due_checks(console: Console, repositories: Sequence[Repository]) -> list[tuple[Repository, Task]]:
    """Return those that their schedule wants to be checked now, with the task that does it."""
    dues = [due for one in repositories if (due := look(console.workspace, one)) is not None and due.check_starts]
    return [(due.repository, check_for(due, console.workspace.environment)) for due in dues]


def _is_recent(console: Console, repository: Repository, age: timedelta | None) -> bool:
    """Return whether the last good backup is younger than *age*, and say so."""
    good = repository.last_success_at
    if age is None or good is None or now() - good >= age or is_far_ahead(good, now()):
        return False
    said = _("“{name}” was backed up at {moment}; that is recent enough.")
    console.say(said.format(name=repository.name, moment=words.minute(good)))
    return True


def _due(console: Console, repositories: Sequence[Repository]) -> tuple[dict[Repository, Slot | None], bool]:
    """Return those whose backup is due and can start, with the slot, and whether others have to wait."""
    found: dict[Repository, Slot | None] = {}
    waiting = False
    for repository in repositories:
        due = look(console.workspace, repository)
        if due is not None and due.slot is not None and due.start:
            found[repository] = due.slot
            continue
        if due is not None and due.check_starts:
            continue
        reason = due.slot.reason if due is not None and due.slot is not None else None
        waiting = waiting or (due is not None and due.slot is not None and due.slot.state is SlotState.WAITING)
        told = (reason or _("nothing is due")).rstrip(".")
        console.say(f"{quoted(repository.name)}: {told}.")
    return found, waiting


@dataclass(frozen=True, slots=True)
class _Call:
    """What the jobs of one command share."""

    console: Console
    arguments: argparse.Namespace
    board: LiveScreen
    cancel: Cancel
    is_alone: bool = True
    """Whether there is one repository only, so that its name is not repeated."""

    def progress(self, name: str, cancel: Cancel) -> Progress:
        """Return what shows the events of one run."""
        quiet, verbose = self.arguments.quiet, self.arguments.verbose
        return Progress(self.board, name, cancel, alone=self.is_alone, quiet=quiet, verbose=verbose)


class _Job:
    """One repository's run, in a thread of its own."""

    def __init__(self, call: _Call, repository: Repository, task: Task) -> None:
        self.run: Run | None = None
        self.failed = False
        """Whether there is no run because of an error."""
        self.queued = threading.Event()
        """Set when it is in the queue, or never will be."""
        self.thread = threading.Thread(target=self._work, name=f"backup of {repository.name}")
        self._workspace, self._board = call.console.workspace, call.board
        self._repository = repository
        self._task, self._trigger = task, Trigger.SCHEDULE if call.arguments.scheduled else Trigger.CLI
        # A user who watches one of the runs in a window may stop only that one.
        self._cancel = call.cancel.child()
        self._progress = call.progress(repository.name, self._cancel)

    def _work(self) -> None:
        workspace, repository = self._workspace, self._repository
        try:
            self.run = recipe.run(workspace, repository, self._task, self._trigger, self._tell, self._cancel)
            if self._trigger is Trigger.SCHEDULE:
                _notify(workspace, self.run)
        except AlreadyStarted as error:
            self._board.line(f"{self._repository.name}: {error}")
        except BorgDeskError as error:
            self.failed = True
            self._board.line(f"borgdesk: {self._repository.name}: {error}")
        except Exception as error:
            self.failed = True
            _log.exception("the backup of %s met a defect", self._repository.name)
            self._board.line(
                _("borgdesk: {repository}: Unexpected error ({kind}: {error}). Details are in {file}.").format(
                    repository=self._repository.name,
                    kind=type(error).__name__,
                    error=error,
                    file=self._workspace.paths.state / logs.FILE_NAME,
                )
            )
        finally:
            self.queued.set()

    def _tell(self, event: Event) -> None:
        if isinstance(event, RunQueued):
            self.queued.set()
        self._progress(event)


def _notify(workspace: Workspace, run: Run) -> None:
    """Notify the user of a scheduled run. A window that is open does so for its own runs only."""
    ended = RunEnded(run.id, run.repository, run.status, run_sentence(run))
    notices.send_without_window(workspace, notices.of_end(workspace, workspace.store.settings.read(), ended))


def _board(console: Console) -> LiveScreen:
    return LiveScreen(console.err)


def _answer(console: Console, runs: Sequence[Run]) -> None:
    def write(out: Screen) -> None:
        for run in runs:
            told = " ".join(filter(None, (run_sentence(run), run.note)))
            out.line(out.paint(told, words.style(run.status)))

    console.answer([json_values.run(run, story_of(console.workspace, run)) for run in runs], write)


def _recover_first(call: _Call) -> None:
    """Run what dead runs still owe before anything new is stopped. Its failures do not affect the new run."""
    try:
        recover_all(call.console.workspace, _Recovery(call), call.cancel)
    except BorgDeskError as error:
        call.board.line(_("borgdesk: An earlier run could not be completed. {error}").format(error=error))
        return
    _tell_recovered(call.console, call.board)


def recover(console: Console, arguments: argparse.Namespace) -> int:
    """Run what dead runs still owe."""
    cancel, board = Cancel(), _board(console)
    if arguments.again:
        for run in runs_that_left_something_down(console.workspace):
            try:
                owe_again(console.workspace, run.id)
            except InUse as error:
                board.line(f"borgdesk: {error}")
    with stopping(cancel, board.line):
        recovered = recover_all(console.workspace, _Recovery(_Call(console, arguments, board, cancel)), cancel)
    _tell_recovered(console, board, said=recovered)
    known = {run.id for run in recovered}
    left = [run for run in left_undone(console.workspace) if run.id not in known]
    for run in left:
        board.line(
            _(
                "borgdesk: Run {run} of “{repository}” may still owe something, but another process is "
                "using its location. Try again later."
            ).format(run=run.id, repository=run.repository)
        )
    unmounted = recover_mounts(console.workspace)
    for mount in unmounted:
        board.line(_("{folder} was unmounted: the program that had mounted it is gone.").format(folder=mount.folder))
    if not (recovered or left or unmounted):
        console.say(_("Nothing is owed."))
    _answer(console, recovered)
    return FAILURE if left or _still_owed(recovered) else 0


def _tell_recovered(console: Console, board: LiveScreen, said: Sequence[Run] = ()) -> None:
    """Report recoveries, by this command or an earlier guardian, that the user has not seen yet.

    Those in *said* are already part of the command's output.

    They count as seen if there is a terminal. Output of timers or the login autostart is seen by nobody.
    """
    runs = console.workspace.store.runs
    try:
        untold = runs.untold()
        known = {run.id for run in said}
        for run in untold:
            if run.id not in known:
                board.line(recovery_sentence(run, words.moment))
        if untold and console.err.is_terminal:
            runs.mark_told([run.id for run in untold])
    except BorgDeskError as error:
        _log.warning("what was recovered cannot be told: %s", error)


class _Recovery:
    """Shows the events of several runs, one after the other, each below a title line."""

    def __init__(self, call: _Call) -> None:
        self._runs = call.console.workspace.store.runs
        self._board = call.board
        self._progress = call.progress("", call.cancel)
        self._quiet = call.arguments.quiet
        self._named: set[RunId] = set()

    def __call__(self, event: Event) -> None:
        if event.run_id is not None and event.run_id not in self._named and not self._quiet:
            self._named.add(event.run_id)
            run = self._runs.get(event.run_id, with_output=False)
            self._progress.kind = run.kind
            began = words.moment(run.started_at or run.queued_at)
            what = (
                _("Run {run} of “{repository}” ({began}) still owes something. Running what it owes:")
                if run.status.is_final
                else _("Run {run} of “{repository}” ({began}) was interrupted. Running what it owes:")
            )
            self._board.line(what.format(run=run.id, repository=run.repository, began=began))
        self._progress(event)


def _still_owed(runs: Sequence[Run]) -> bool:
    return any(execution.status is ExecutionStatus.PENDING for run in runs for execution in run.executions)


COMMANDS: Commands = {"run": run, "recover": recover}
