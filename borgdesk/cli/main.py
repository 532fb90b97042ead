"""One call of the command line, from its parsed arguments to its exit code."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from borgdesk import logs
from borgdesk.cli.terminal import Screen
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.paths import Paths

if TYPE_CHECKING:
    from borgdesk.cli.console import Console

_log = logging.getLogger(__name__)

FAILURE = 2
CANCELLED = 130

Handler = Callable[["Console", argparse.Namespace], int]


def execute(arguments: argparse.Namespace) -> int:
    """Do what the command line says; whatever goes wrong is a sentence on standard error."""
    out, err = _screen(sys.stdout), _screen(sys.stderr)
    try:
        return _execute(arguments, out, err)
    except Stopped as error:
        err.line(f"borgdesk: {error}")
        return CANCELLED
    except BorgDeskError as error:
        err.line(f"borgdesk: {error}")
        return FAILURE
    except Exception as error:
        _log.exception("the command %s met a defect", arguments.command)
        log = Paths.from_environment(os.environ).state / "borgdesk.log"
        err.line(
            f"borgdesk: Something went wrong that should not have ({type(error).__name__}: {error}). "
            f"Details are in {log}."
        )
        return FAILURE


def _screen(stream: TextIO | None) -> Screen:
    """A screen for one of our streams, which is None where whoever started us had closed it."""
    if stream is None:
        # As long as the process lives: closing it is left to its end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stream = open(nowhere, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return Screen(stream, os.environ)


def _execute(arguments: argparse.Namespace, out: Screen, err: Screen) -> int:
    logs.start(Paths.from_environment(os.environ).state)
    if arguments.command == "demo":
        from borgdesk.cli import demo

        return demo.demo(arguments, out, err)
    # Not at the top: SQLAlchemy takes longer to import than all that wrong usage needs.
    from borgdesk.cli.console import Console
    from borgdesk.engine.workspace import Workspace

    handler = _handler(arguments.command, getattr(arguments, "action", None))
    workspace = Workspace.open(os.environ)
    try:
        return handler(Console(workspace, out, err, arguments.json), arguments)
    finally:
        workspace.store.close()


def _handler(command: str, action: str | None) -> Handler:
    """The function for a command; only its module is imported."""
    match command:
        case "repo":
            from borgdesk.cli import repositories

            return repositories.COMMANDS[str(action)]
        case "script" if action == "test":
            from borgdesk.cli import trial

            return trial.test
        case "script":
            from borgdesk.cli import scripts

            return scripts.COMMANDS[str(action)]
        case "assignment":
            from borgdesk.cli import assignments

            return assignments.COMMANDS[str(action)]
        case "plan":
            from borgdesk.cli import plans

            return plans.plan
        case "history":
            from borgdesk.cli import history

            return history.show if action else history.history
        case _:
            from borgdesk.cli import runs

            return runs.COMMANDS[command]
