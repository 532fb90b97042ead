"""Runs the command that was parsed and returns its exit code."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from borgdesk import logs
from borgdesk.cli.terminal import PATIENCE, Screen, printable
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.exit_codes import CANCELLED, FAILURE
from borgdesk.domain.version import VERSION
from borgdesk.paths import Paths
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.cli.console import Console

_log = logging.getLogger(__name__)

_MODULES = {
    "repo": "repositories",
    "repo add": "repository_changes",
    "repo edit": "repository_changes",
    "repo remove": "repository_changes",
    "repo preview": "previews",
    "script": "scripts",
    "script test": "script_test",
    "assignment": "assignments",
    "archive": "archives",
    "archive diff": "differences",
    "archive rename": "archive_changes",
    "archive comment": "archive_changes",
    "archive delete": "archive_changes",
    "mount": "mounts",
    "umount": "mounts",
    "info": "maintenance",
    "statistics": "statistics",
    "prune": "maintenance_runs",
    "compact": "maintenance_runs",
    "check": "maintenance_runs",
    "retention": "maintenance",
    "restore": "restores",
    "restore undo": "restores",
    "restore list": "restores",
    "break-lock": "remedies",
    "key": "keys",
    "passphrase": "keys",
    "emergency-sheet": "keys",
    "ssh-key": "ssh_keys",
    "host-key": "host_keys",
    "plan": "plans",
    "history": "history",
    "schedule": "schedules",
    "due": "due",
    "owed": "owed",
    "held": "held",
    "settings": "settings",
    "import": "imports",
    "config": "configuration",
    "pack": "packs",
    "library": "library",
    "install-desktop": "menu_entry",
    "remove-desktop": "menu_entry",
}
"""Modules of the commands; all others are in ``runs``."""

_RUNS = ("run", "restore", "prune", "compact", "check", "recover", "demo")
"""Commands that are runs, or finish them."""

Handler = Callable[["Console", argparse.Namespace], int]


def execute(arguments: argparse.Namespace) -> int:
    """Execute the parsed command line; every error becomes a sentence on standard error."""
    out, err = _screen(sys.stdout), _screen(sys.stderr)
    if _runs_scripts(arguments):
        # A run must finish even if nobody reads its output.
        out.patience = err.patience = PATIENCE
    try:
        return _execute(arguments, out, err)
    except Stopped as error:
        err.line(printable(f"borgdesk: {error}"))
        return CANCELLED
    except BorgDeskError as error:
        err.line(printable(f"borgdesk: {error}"))
        return FAILURE
    except Exception as error:
        _log.exception("the command %s met a defect", arguments.command)
        log = Paths.from_environment(os.environ).state / logs.FILE_NAME
        err.line(
            _("borgdesk: Unexpected error ({kind}: {error}). Details are in {file}.").format(
                kind=type(error).__name__, error=error, file=log
            )
        )
        return FAILURE


def _runs_scripts(arguments: argparse.Namespace) -> bool:
    command, action = arguments.command, getattr(arguments, "action", None)
    return command in _RUNS or (command, action) == ("script", "test")


def _screen(stream: TextIO | None) -> Screen:
    """Return a screen for one of our streams, which is None if it was closed by the parent process."""
    if stream is None:
        # Stays open as long as the process lives.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stream = open(nowhere, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return Screen(stream, os.environ)


def _execute(arguments: argparse.Namespace, out: Screen, err: Screen) -> int:
    logs.start(Paths.from_environment(os.environ).state)
    # Without arguments, which may be secret.
    _log.debug("BorgDesk %s: %s %s", VERSION, arguments.command, getattr(arguments, "action", None) or "")
    if arguments.command == "demo":
        from borgdesk.cli import demo

        _collect_garbage()
        return demo.demo(arguments, out, err)
    # Not at the top: importing SQLAlchemy takes longer than everything needed for a usage error.
    from borgdesk.cli.console import Console
    from borgdesk.engine.workspace import Workspace

    handler = _handler(arguments.command, getattr(arguments, "action", None))
    _collect_garbage()
    workspace = Workspace.open(os.environ)
    try:
        return handler(Console(workspace, out, err, arguments.json), arguments)
    finally:
        workspace.store.close()


def _collect_garbage() -> None:
    """Begin with garbage collection after the imports, and leave out what they made.

    Scanning it, at last when the process ends, takes a quarter of the time of a short command.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _handler(command: str, action: str | None) -> Handler:
    """Return the function for a command, importing only its module."""
    name = f"{command} {action}" if action else command
    module = _MODULES.get(name) or _MODULES.get(command, "runs")
    handlers: Mapping[str, Handler] = import_module(f"borgdesk.cli.{module}").COMMANDS
    return handlers.get(name) or handlers[str(action)]
