"""Runs the passphrase command, with a time limit and once per run. Borg would run it itself, with neither."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from borgdesk.borg.environment import borg_environment
from borgdesk.borg.passcommand import for_a_shell
from borgdesk.domain.errors import BorgDeskError, SecretsUnavailable, Stopped, stopped_before_changes
from borgdesk.domain.events import Stream
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.processes.markers import marked
from borgdesk.engine.processes.procfs import Marker
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_LIMIT = 120.0
"""Seconds for the command: enough to unlock a keyring that asks for its password."""

_LARGEST_OUTPUT = 1024 * 1024
"""Bytes. The rest of a longer output is not read."""


def passphrase_from(workspace: Workspace, command: str, marker: Marker, cancel: Cancel) -> str:
    """Return the output of a passphrase command as Borg interprets it: without a shell, line breaks stripped.

    Raises:
        SecretsUnavailable: it cannot be run, failed, or printed far more than a passphrase.
        NoAnswer: it did not end in time.
        Stopped: *cancel* was asked meanwhile.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SecretsUnavailable(
            _("The command that prints the passphrase failed: {error}.").format(error=error)
        ) from None
    heard = _Heard(cancel)
    environment = borg_environment(workspace.environment) | marked(marker)
    try:
        program = process.Program(words, environment, marker, cwd=_home(environment, cancel))
        ending = process.run(program, heard.hear, heard.watch)
    except process.StartFailed as error:
        raise SecretsUnavailable(
            _("The command that prints the passphrase failed: {error}").format(error=error)
        ) from error
    if ending.stopped is process.StopReason.CANCELLED:
        raise stopped_before_changes()
    if heard.too_much:
        raise SecretsUnavailable(
            _(
                "The command that should print the passphrase prints more than {limit} MiB and "
                "was ended: is “{program}” the right one?"
            ).format(limit=_LARGEST_OUTPUT // 1024**2, program=words[0])
        )
    if ending.stopped is not None:
        raise NoAnswer(
            _(
                "The command that should print the passphrase did not end within {seconds:.0f} seconds: "
                "does it wait for a keyring to be unlocked? Try it in a terminal."
            ).format(seconds=_LIMIT)
        )
    if ending.exit_code != 0:
        last = heard.text(Stream.STDERR).strip().rpartition("\n")[2]
        sentence = _("The command that prints the passphrase failed (exit {exit_code}). {words}").format(
            exit_code=ending.exit_code, words=last or _("Try it in a terminal.")
        )
        raise SecretsUnavailable(f"{sentence} {for_a_shell(command)}".rstrip())
    return heard.text(Stream.STDOUT).rstrip("\n")


def _home(environment: Mapping[str, str], cancel: Cancel) -> Path:
    """Return the user's home, or the root folder if that cannot be entered, or is on a disk that does not respond."""
    home = environment.get("HOME", "/")
    try:
        return Path(home if probe([("folder", home)], cancel) == [True] else "/")
    except Stopped:
        raise stopped_before_changes() from None
    except BorgDeskError:
        return Path("/")


class _Heard:
    """Collects the command's output up to the limit."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel
        self._printed = {stream: bytearray() for stream in Stream}

    def hear(self, stream: Stream, chunk: bytes) -> None:
        printed = self._printed[stream]
        printed += chunk[: _LARGEST_OUTPUT - len(printed)]

    @property
    def too_much(self) -> bool:
        return any(len(printed) == _LARGEST_OUTPUT for printed in self._printed.values())

    def watch(self, elapsed: float) -> process.StopReason | None:
        if self._cancel.asked:
            return process.StopReason.CANCELLED
        return process.StopReason.TIMED_OUT if self.too_much or elapsed >= _LIMIT else None

    def text(self, stream: Stream) -> str:
        return self._printed[stream].decode("utf-8", "surrogateescape")
