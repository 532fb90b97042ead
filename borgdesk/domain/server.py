"""How a repository on another machine is reached: the ssh key, the jump host, and Borg's path there.

User, host and port are in the location, where Borg reads them.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.location import parse_location
from borgdesk.translation import _

PORTS = range(1, 65536)

_JUMP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[\w.+\\~-]+)@)?(?P<host>[\w.%-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,9}))?/?"
)
"""Nothing that a shell could take for its own: ssh connects to a jump host by a command line."""
_EXPANDED = re.compile(r"%|\$\{|[\0-\x1f\x7f]")
"""What ssh replaces in the path of a key, or what no path of a key contains."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What Borg and ssh need, besides the location, to reach a repository; all empty for one on this machine."""

    ssh_key: str = ""
    """Path of the private key; empty for what ssh uses by itself."""
    jump_host: str = ""
    """``user@host:port`` of the host through which ssh connects; user and port are optional."""
    remote_path: str = ""
    """Borg's path on the other machine; empty for the one that its shell finds."""


DIRECT = Connection()
"""Nothing but what the location and the user's configuration say."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host that ssh connects to."""

    name: str
    """Without brackets, also for an IPv6 address."""
    user: str | None = None
    port: int | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its port and name, as arguments of ssh."""
        port = ("-p", str(self.port)) if self.port else ()
        return (*port, f"{self.user}@{self.name}" if self.user else self.name)


def host_of(location: str) -> Host | None:
    """Return the host of a location; None if it is a local path.

    Raises:
        InvalidInput: it is no location.
    """
    place = parse_location(location)
    return None if place.host is None else Host(place.host.strip("[]"), place.user, place.port)


def jump_host(text: str) -> Host:
    """Parse a jump host that :func:`check_jump_host` has accepted.

    Raises:
        InvalidInput: it is none.
    """
    match = _JUMP.fullmatch(text)
    if match is None or any(part and part.startswith("-") for part in (match["user"], match["host"])):
        if "," in text:
            raise InvalidInput(
                _(
                    "“{text}” names more than one jump host. Enter the last one here, and set ProxyJump for it in "
                    "~/.ssh/config."
                ).format(text=text)
            )
        raise InvalidInput(_("“{text}” is not a jump host: enter it as user@host or user@host:port.").format(text=text))
    port = check_port(int(match["port"])) if match["port"] else None
    return Host(match["host"].strip("[]"), match["user"], port)


def check_jump_host(text: str) -> str:
    """Return a jump host as it is stored; empty for none.

    Raises:
        InvalidInput: it is not ``user@host:port``.
    """
    text = text.strip()
    if text:
        jump_host(text)
    return text


def check_ssh_key(text: str, home: str) -> str:
    """Return the path of a key as it is stored, with *home* in place of a leading ``~``; empty for none.

    Raises:
        InvalidInput: it is not an absolute path, or one that ssh would read differently.
    """
    text = text.strip()
    if not text:
        return ""
    path = home + text[1:] if text == "~" or text.startswith("~/") else text
    if not posixpath.isabs(path):
        raise InvalidInput(_("The path of the SSH key must be absolute: “{path}”.").format(path=path))
    if _EXPANDED.search(path):
        raise InvalidInput(
            _("ssh cannot use a key whose path contains “%”, “${{” or control characters: “{path}”.").format(path=path)
        )
    if path.endswith(".pub"):
        raise InvalidInput(
            _("{path} is a public key. Choose the private one: {private}.").format(path=path, private=path[:-4])
        )
    return posixpath.normpath(path)


def check_remote_path(text: str) -> str:
    """Return Borg's path on the other machine as it is stored; empty for the one that its shell finds.

    Raises:
        InvalidInput: it contains what no command has.
    """
    text = text.strip()
    if re.search(r"[\0-\x1f\x7f{}]", text):
        raise InvalidInput(
            _("“{text}” cannot be the path of Borg on the host: it contains braces or control characters.").format(
                text=text
            )
        )
    if text.startswith("-"):
        raise InvalidInput(_("“{text}” cannot be the path of Borg on the host.").format(text=text))
    return text


def check_port(port: int) -> int:
    """Return *port*.

    Raises:
        InvalidInput: there is no such port.
    """
    if port not in PORTS:
        raise InvalidInput(
            _("{port} is not a port: it must be between {lowest} and {highest}.").format(
                port=port, lowest=PORTS[0], highest=PORTS[-1]
            )
        )
    return port


def port_of(location: str) -> int | None:
    """Return the port that a location names; None for ssh's default, or if it is not on another machine."""
    try:
        return parse_location(location).port
    except InvalidInput:
        return None


def with_port(location: str, port: int | None) -> str:
    """Return *location* with another port; None for ssh's default.

    Raises:
        InvalidInput: there is no such port, or the location is not on another machine.
    """
    place = parse_location(location)
    if place.host is None:
        if port is None:
            return location
        raise InvalidInput(_("Only a repository on another machine has a port: “{text}” is a path on this one.").format(
            text=location
        ))  # fmt: skip
    if port == place.port:
        return location
    whom = f"{place.user}@{place.host}" if place.user else place.host
    # The path is taken over as it was written, with its placeholders.
    is_url = location.startswith("ssh://")
    written = location.removeprefix("ssh://")
    if not written.startswith(whom):
        raise InvalidInput(_("Enter the port as part of the location: ssh://user@host:port/path."))
    rest = written[len(whom) :]
    path = rest[rest.index("/") :] if is_url else _as_in_a_url(rest[1:])
    return f"ssh://{whom}{'' if port is None else f':{check_port(port)}'}{path}"


def _as_in_a_url(path: str) -> str:
    """Return the path of an scp-like location as it is written in a URL."""
    if path.startswith("/"):
        return path
    return f"/{path}" if path.startswith("~") else f"/./{path}"
