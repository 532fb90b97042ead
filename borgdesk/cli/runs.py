"""``borgdesk run`` and ``borgdesk recover``."""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from borgdesk.cli import json_values, words
from borgdesk.cli.board import Board
from borgdesk.cli.console import Console
from borgdesk.cli.progress import Progress
from borgdesk.cli.stopping import stopping
from borgdesk.cli.terminal import Screen
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Event, RunQueued
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Trigger, exit_code_of, worst
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine import backup
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.recovery import recover_all

_log = logging.getLogger(__name__)

_FAILURE = 2
_GLANCE = 0.2
"""Seconds after which the main thread looks whether a signal has come: it is the one that handles them."""


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Back up the repositories, side by side where they are at different places."""
    store = console.workspace.store
    repositories = list({one.id: one for one in map(store.repositories.get, arguments.repositories)}.values())
    cancel, board = Cancel(), _board(console)
    with stopping(cancel, board.line):
        _recover_first(console, arguments, board, cancel)
        jobs = [_Job(console, one, arguments, board, cancel, len(repositories) == 1) for one in repositories]
        for job in jobs:
            job.thread.start()
            # One after the other, so that those at one location have their turn in the given order.
            while not job.queued.wait(_GLANCE):
                pass
        for job in jobs:
            while job.thread.is_alive():
                job.thread.join(_GLANCE)
    _answer(console, [job.run for job in jobs if job.run is not None])
    return worst(_FAILURE if job.run is None else exit_code_of(job.run.status) for job in jobs)


class _Job:
    """One repository's run, in a thread of its own."""

    def __init__(
        self,
        console: Console,
        repository: Repository,
        arguments: argparse.Namespace,
        board: Board,
        cancel: Cancel,
        alone: bool,
    ) -> None:
        self.run: Run | None = None
        self.queued = threading.Event()
        """Whether it has its place in the queue, or never will."""
        self.thread = threading.Thread(target=self._work, name=f"backup of {repository.name}")
        self._workspace = console.workspace
        self._repository = repository
        self._board = board
        self._cancel = cancel
        self._progress = Progress(
            board, repository.name, cancel, alone=alone, quiet=arguments.quiet, verbose=arguments.verbose
        )

    def _work(self) -> None:
        try:
            self.run = backup.run(self._workspace, self._repository, Trigger.CLI, self._tell, self._cancel)
        except BorgDeskError as error:
            self._board.line(f"borgdesk: {self._repository.name}: {error}")
        except Exception as error:
            _log.exception("the backup of %s met a defect", self._repository.name)
            self._board.line(
                f"borgdesk: {self._repository.name}: Something went wrong that should not have "
                f"({type(error).__name__}: {error})."
            )
        finally:
            self.queued.set()

    def _tell(self, event: Event) -> None:
        if isinstance(event, RunQueued):
            self.queued.set()
        self._progress(event)


def _board(console: Console) -> Board:
    return Board(console.err)


def _answer(console: Console, runs: Sequence[Run]) -> None:
    def write(out: Screen) -> None:
        for run in runs:
            out.line(out.paint(run_sentence(run), words.style(run.status)))

    console.answer([json_values.run(run) for run in runs], write)


def _recover_first(console: Console, arguments: argparse.Namespace, board: Board, cancel: Cancel) -> None:
    """What dead runs still owe comes before anything new is stopped. Their trouble is not the new run's."""
    try:
        recovered = recover_all(console.workspace, _Recovery(console, arguments, board, cancel), cancel)
    except BorgDeskError as error:
        board.line(f"borgdesk: An earlier run could not be finished. {error}")
        return
    for run in recovered:
        board.line(run_sentence(run))


def recover(console: Console, arguments: argparse.Namespace) -> int:
    """Do what dead runs still owe."""
    cancel, board = Cancel(), _board(console)
    with stopping(cancel, board.line):
        recovered = recover_all(console.workspace, _Recovery(console, arguments, board, cancel), cancel)
    if not recovered:
        console.say("Nothing is owed.")
    _answer(console, recovered)
    return _FAILURE if _still_owed(recovered) else 0


class _Recovery:
    """Shows the events of several runs, one after the other, each below a line that says which it is."""

    def __init__(self, console: Console, arguments: argparse.Namespace, board: Board, cancel: Cancel) -> None:
        self._runs = console.workspace.store.runs
        self._board = board
        self._progress = Progress(board, "", cancel, alone=True, quiet=arguments.quiet, verbose=arguments.verbose)
        self._quiet = arguments.quiet
        self._named: set[int] = set()

    def __call__(self, event: Event) -> None:
        if event.run_id is not None and event.run_id not in self._named and not self._quiet:
            self._named.add(event.run_id)
            run = self._runs.get(event.run_id, with_output=False)
            began = words.moment(run.started_at or run.queued_at)
            self._board.line(f"Run {run.id} of “{run.repository}” ({began}) was interrupted. What it owes is done now:")
        self._progress(event)


def _still_owed(runs: Sequence[Run]) -> bool:
    return any(execution.status is ExecutionStatus.PENDING for run in runs for execution in run.executions)


COMMANDS: Mapping[str, Callable[[Console, argparse.Namespace], int]] = {"run": run, "recover": recover}
