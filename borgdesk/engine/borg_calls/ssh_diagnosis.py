"""Calls ssh to find out why a host cannot be reached; Borg loses its message if the connection ends right away."""

from __future__ import annotations

from collections.abc import Mapping

from borgdesk.borg.environment import ssh_parts
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.events import Stream
from borgdesk.domain.server import host_of
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.procfs import Marker

_CONNECT_LIMIT = 10
_LIMIT = 15.0
"""Seconds for the whole diagnosis: services may be down meanwhile."""

_ENOUGH = 64 * 1024
"""Bytes."""


def ssh_output(location: str, environment: Mapping[str, str], marker: Marker, cancel: Cancel) -> list[str]:
    """Return what ssh, or the shell at *location*, prints when Borg's version is requested there.

    *environment* is Borg's. Empty if Borg does not use ssh directly, or there is no host.
    """
    argv = _call(location, environment.get("BORG_RSH", ""), environment.get("BORG_REMOTE_PATH", "borg"))
    if argv is None:
        return []
    complaint = bytearray()

    def hear(stream: Stream, chunk: bytes) -> None:
        if stream is Stream.STDERR:
            complaint.extend(chunk[: _ENOUGH - len(complaint)])

    def watch(elapsed: float) -> process.StopReason | None:
        if cancel.asked:
            return process.StopReason.CANCELLED
        return process.StopReason.TIMED_OUT if elapsed >= _LIMIT else None

    try:
        process.run(process.Program(argv, environment, marker), hear, watch)
    except process.StartFailed as error:
        return [str(error)]
    return complaint.decode(errors="replace").splitlines()


def _call(location: str, rsh: str, borg: str) -> list[str] | None:
    try:
        host, parts = host_of(location), ssh_parts(rsh)
    except InvalidInput:
        return None
    if host is None or parts is None:
        return None
    program, options = parts
    limit = ["-o", f"ConnectTimeout={_CONNECT_LIMIT}"]
    return [*program, *limit, *options, *host.arguments, borg, "--version"]
