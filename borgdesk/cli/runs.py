"""``borgdesk run`` and ``borgdesk recover``."""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from borgdesk.cli import json_values
from borgdesk.cli.console import Console
from borgdesk.cli.progress import Progress
from borgdesk.cli.stopping import stopping
from borgdesk.cli.terminal import Screen
from borgdesk.cli.timeline import sentence, timeline
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Trigger, exit_code_of, worst
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
    cancel = Cancel()
    with stopping(console, [cancel]):
        _recover_first(console, arguments, cancel)
        jobs = [_Job(console, repository, arguments, cancel, len(repositories) == 1) for repository in repositories]
        for job in jobs:
            job.thread.start()
        for job in jobs:
            while job.thread.is_alive():
                job.thread.join(_GLANCE)
    done = [job.run for job in jobs if job.run is not None]
    console.answer([json_values.run(one) for one in done], lambda _: None)
    return worst(_FAILURE if job.run is None else exit_code_of(job.run.status) for job in jobs)


class _Job:
    """One repository's run, in a thread of its own."""

    def __init__(
        self, console: Console, repository: Repository, arguments: argparse.Namespace, cancel: Cancel, alone: bool
    ) -> None:
        self.run: Run | None = None
        self.thread = threading.Thread(target=self._work, name=f"backup of {repository.name}")
        self._console = console
        self._repository = repository
        self._cancel = cancel
        self._progress = _progress(console, repository.name, arguments, alone=alone)

    def _work(self) -> None:
        try:
            self.run = backup.run(self._console.workspace, self._repository, Trigger.CLI, self._progress, self._cancel)
        except BorgDeskError as error:
            self._console.say(f"borgdesk: {self._repository.name}: {error}")
        except Exception as error:
            _log.exception("the backup of %s met a defect", self._repository.name)
            self._console.say(
                f"borgdesk: {self._repository.name}: Something went wrong that should not have ({error})."
            )


def _progress(console: Console, name: str, arguments: argparse.Namespace, *, alone: bool) -> Progress:
    # With --json the answer is on standard output, so what happens is said on the other one.
    screen = console.err if console.json else console.out
    return Progress(screen, name, alone=alone, quiet=arguments.quiet, verbose=arguments.verbose)


def _recover_first(console: Console, arguments: argparse.Namespace, cancel: Cancel) -> None:
    """What dead runs still owe comes before anything new is stopped."""
    recovered = recover_all(console.workspace, _progress(console, "recovery", arguments, alone=False), cancel)
    for one in recovered:
        console.say(f"Run {one.id} of “{one.repository}” had been interrupted; what it owed was done first.")


def recover(console: Console, arguments: argparse.Namespace) -> int:
    """Do what dead runs still owe."""
    cancel = Cancel()
    with stopping(console, [cancel]):
        recovered = recover_all(console.workspace, _progress(console, "recovery", arguments, alone=False), cancel)
    if not recovered:
        console.say("Nothing is owed.")
    console.answer([json_values.run(one) for one in recovered], lambda out: _show(out, recovered))
    return _FAILURE if _still_owed(recovered) else 0


def _show(out: Screen, runs: Sequence[Run]) -> None:
    for run in runs:
        sentence(out, run)
        timeline(out, run)


def _still_owed(runs: Sequence[Run]) -> bool:
    return any(execution.status is ExecutionStatus.PENDING for run in runs for execution in run.executions)


COMMANDS: Mapping[str, Callable[[Console, argparse.Namespace], int]] = {"run": run, "recover": recover}
