"""The line for ``authorized_keys`` on a server that lets a key do nothing but use one repository."""

from __future__ import annotations

import shlex

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import parse_location
from borgdesk.translation import _

_FROM_HOME = "/./"


def authorized_line(public_key: str, location: str, remote_path: str = "", *, append_only: bool = False) -> str:
    """Return the line that lets *public_key* use the repository at *location*, and nothing else.

    sshd starts Borg in place of whatever the client asks for, with the user's shell and in the home folder;
    ``restrict`` forbids everything else, such as forwarding ports. *remote_path* is Borg's, if the shell finds none.
    *append_only* makes Borg keep what the client deletes.

    Raises:
        InvalidInput: the location is not on another machine.
    """
    place = parse_location(location)
    if place.host is None:
        raise InvalidInput(_("{location} is on this machine, where no SSH key is needed.").format(location=location))
    words = [remote_path or "borg", "serve", "--restrict-to-repository", _path_there(place.path)]
    if append_only:
        words.append("--append-only")
    command = " ".join(words).replace('"', '\\"')
    return f'command="{command}",restrict {public_key}'


def _path_there(path: str) -> str:
    """Return the path for the shell of the server."""
    if path.startswith(_FROM_HOME):
        return shlex.quote("./" + path.removeprefix(_FROM_HOME))
    if path.startswith("/~"):
        user, slash, rest = path[1:].partition("/")
        return f"{user}{slash}{shlex.quote(rest) if rest else ''}"
    return shlex.quote(path)
