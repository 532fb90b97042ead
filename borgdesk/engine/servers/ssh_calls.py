"""Calls of the programs of OpenSSH: with a time limit, and stopped when nobody waits for the answer any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.errors import BorgDeskError, stopped_before_changes
from borgdesk.domain.events import Stream
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import call_marker, marked
from borgdesk.translation import _

_ENOUGH = 256 * 1024
"""Bytes of each output."""


@dataclass(frozen=True, slots=True)
class SshAnswer:
    """How a program of OpenSSH ended, and what it printed."""

    code: int
    out: str
    err: str
    timed_out: bool = False


def call_ssh(argv: Sequence[str], base: Mapping[str, str], limit: float, cancel: Cancel | None = None) -> SshAnswer:
    """Run a program of OpenSSH for at most *limit* seconds, with English messages and without questions.

    Raises:
        BorgDeskError: it could not be started.
        Stopped: *cancel* was asked.
    """
    if cancel is not None and cancel.asked:
        raise stopped_before_changes()
    marker = call_marker()
    environment = {**base, "LC_ALL": "C.UTF-8", "SSH_ASKPASS_REQUIRE": "never"} | marked(marker)
    printed = {stream: bytearray() for stream in Stream}

    def hear(stream: Stream, chunk: bytes) -> None:
        printed[stream] += chunk[: _ENOUGH - len(printed[stream])]

    def watch(elapsed: float) -> process.StopReason | None:
        if cancel is not None and cancel.asked:
            return process.StopReason.CANCELLED
        return process.StopReason.TIMED_OUT if elapsed >= limit else None

    try:
        ending = process.run(process.Program(tuple(argv), environment, marker), hear, watch)
    except process.StartFailed as error:
        raise BorgDeskError(
            _("{error} Install the package openssh-client if it is missing.").format(error=error)
        ) from error
    # A quick program may end before anybody looks whether it is still wanted.
    if cancel is not None and cancel.asked:
        raise stopped_before_changes()
    out, err = (printed[stream].decode("utf-8", "replace") for stream in (Stream.STDOUT, Stream.STDERR))
    return SshAnswer(ending.exit_code, out, err, timed_out=ending.stopped is not None)
