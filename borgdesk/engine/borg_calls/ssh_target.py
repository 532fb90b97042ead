"""Finds out where ssh would connect to for a location, according to the user's ssh configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.server import DIRECT, Connection, host_of, jump_host
from borgdesk.engine.processes import process

_LIMIT = 5.0
_INDIRECT = ("proxycommand", "proxyjump")


def ssh_target(
    location: str, environment: Mapping[str, str], connection: Connection = DIRECT
) -> tuple[str, int] | None:
    """Return host name and port of the TCP connection that ssh makes; None if there is none, or nobody can tell.

    That is the jump host's, if *connection* has one. ssh does not connect for this question (``ssh -G``). Through
    another program, or a jump host of the user's configuration, nobody can tell.
    """
    try:
        host = jump_host(connection.jump_host) if connection.jump_host else host_of(location)
        command = shlex.split(environment.get("BORG_RSH") or "ssh")
    except (InvalidInput, ValueError):
        return None
    if host is None or not command or command[0].rpartition("/")[2] != "ssh":
        return None
    try:
        code, out, _ = process.capture([*command, "-G", *host.arguments], environment, _LIMIT)
    except process.StartFailed:
        return None
    lines = (line.partition(" ") for line in out.decode(errors="replace").splitlines())
    found = {name: value.strip() for name, _, value in lines}
    if code or any(found.get(name, "none") != "none" for name in _INDIRECT):
        return None
    number = found.get("port", "")
    return (found["hostname"], int(number)) if number.isdecimal() and "hostname" in found else None
