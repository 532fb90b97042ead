"""Explains the errors that ssh and the remote host print when a connection fails. Borg only passes them on."""

from __future__ import annotations

import re

from borgdesk.borg.environment import CONNECT_LIMIT, KEEP_ALIVE_COUNT, KEEP_ALIVE_INTERVAL
from borgdesk.translation import N_, _

_PATIENCE = KEEP_ALIVE_INTERVAL * (KEEP_ALIVE_COUNT + 1)
"""Seconds: ssh disconnects when it would send one more message than may stay unanswered."""

_CHANGED = N_(
    "The host key has changed: the host was reinstalled, or another machine is answering in its place, which could "
    "read and change what you send. Nothing was sent. Ask whoever runs the host; only if they confirm the new key, "
    "remove the old one with “ssh-keygen -R HOST”, then accept the new one."
)
_UNKNOWN = N_(
    "The host key is not known yet. Check it and accept it on the repository's Connection tab, or with “borgdesk "
    "host-key accept”."
)
_NO_KEY = N_(
    "The SSH key of this repository is not there. Put it back, or choose another one in the repository's connection "
    "settings."
)
_OPEN_FILE = N_("ssh refuses to use a file that others can read or write. Correct its permissions with “chmod 600”.")
_MANY_KEYS = N_(
    "The host refused the login because too many keys were offered. Set the right one with IdentityFile in "
    "~/.ssh/config."
)
_DENIED = N_(
    "The host refused the login. Check that your public key is in its authorized_keys, and that the key either has "
    "no passphrase or is loaded with “ssh-add”."
)
_NO_NAME = N_("The host was not found. Check the spelling of its name and your network connection.")
_NO_ROUTE = N_("The host is unreachable. Check that it is switched on, and that the network or VPN is up.")
_REFUSED = N_("The host refused the connection. Check that its SSH server is running and that the port is correct.")
_SILENT = N_(
    "The host did not respond within {limit} seconds. Check that it is switched on and not blocked by a firewall."
)
_LOST = N_(
    "The host stopped responding, and the connection was closed after {patience} seconds. Check that the network is "
    "stable."
)
_NO_BORG = N_("Borg was not found on the host. Install borgbackup there, or add it to the search path of its shell.")
_CLOSED = N_("The host closed the connection before the login. Check that it allows connections from this machine.")
_NO_METHOD = N_("ssh here and on the host have no encryption method in common. Update the older one.")

_UNVERIFIED = "Host key verification failed"

_TROUBLES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in {
        r"Identity file .* not accessible": _NO_KEY,
        r"bad permissions$": _OPEN_FILE,
        r"REMOTE HOST IDENTIFICATION HAS CHANGED": _CHANGED,
        _UNVERIFIED: _UNKNOWN,
        r"UNPROTECTED PRIVATE KEY FILE|Bad owner or permissions on": _OPEN_FILE,
        r"Too many authentication failures": _MANY_KEYS,
        r"Permission denied \(": _DENIED,
        r"Could not resolve hostname": _NO_NAME,
        r"No route to host|Network is unreachable": _NO_ROUTE,
        r"Connection refused": _REFUSED,
        r"timed out": _SILENT,
        r"Timeout, server .* not responding": _LOST,
        r"borg\S*: (?:(?:command )?not found|No such file or directory)": _NO_BORG,
        r"kex_exchange_identification|Connection (?:closed|reset) by": _CLOSED,
        r"no matching (?:host key type|key exchange method|cipher|MAC)": _NO_METHOD,
    }.items()
)

_NO_SSH = re.compile(r"No such file or directory: '(?P<program>[^']*ssh[^']*)'")


def connection_sentence(line: str) -> str | None:
    """Return the meaning of a line printed by ssh or the remote shell; None if it does not explain a failure."""
    sentence = next((sentence for pattern, sentence in _TROUBLES if pattern.search(line)), None)
    if sentence is None:
        return None
    return _(sentence).format(limit=CONNECT_LIMIT, patience=_PATIENCE)


def is_host_unknown(words: str) -> bool:
    """Return whether ssh refused the connection, as *words* say, because it does not know the host's key."""
    return _UNVERIFIED in words


def missing_ssh(exception: str) -> str | None:
    """Return a sentence if Borg's exception says that ssh could not be started."""
    match = _NO_SSH.search(exception)
    if match is None:
        return None
    return _("{program} is not installed. Install the package openssh-client.").format(program=match["program"])
