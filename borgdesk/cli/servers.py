"""The server that a command is about: that of a repository, or of a location that is not added yet."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.repository import check_location, is_local
from borgdesk.domain.server import DIRECT, Connection
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Server:
    """Where a repository is, and how it is reached."""

    name: str
    """The name of the repository, or the location."""
    location: str
    connection: Connection
    append_only: bool = False


def server_of(workspace: Workspace, arguments: argparse.Namespace) -> Server:
    """Return the server that the arguments name; options replace what is stored.

    Raises:
        NotFound: there is no such repository, and it is not a location either.
        InvalidInput: the repository is on this machine.
    """
    server = _named(workspace, arguments.repository)
    if is_local(server.location):
        raise InvalidInput(_("“{name}” is on this machine, so there is no server.").format(name=server.name))
    names = ("ssh_key", "jump_host", "remote_path")
    given = {name: value for name in names if (value := getattr(arguments, name, None)) is not None}
    append_only = getattr(arguments, "append_only", None)
    return replace(
        server,
        connection=replace(server.connection, **given),
        append_only=server.append_only if append_only is None else append_only,
    )


def _named(workspace: Workspace, ref: str) -> Server:
    try:
        found = workspace.store.repositories.get(ref)
    except NotFound:
        if ":" not in ref:
            raise
        return Server(ref, check_location(ref), DIRECT)
    return Server(found.name, found.location, found.connection, found.append_only)
