"""Host keys: asks ssh which key a server shows, and adds it to the user's known_hosts once the user has accepted it.

ssh itself is asked, with the options that Borg's calls get, so that ports, aliases, jump hosts and hashed files count
here as they do there. Accepted keys go to the file where ssh looks for them, not to one of our own: what was accepted
then also holds for a terminal and for a restore without BorgDesk, and a key that is removed there is gone here, too.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from borgdesk import private
from borgdesk.borg.connection import connection_sentence, is_host_unknown
from borgdesk.borg.environment import ssh_command, ssh_parts
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.server import Connection, Host, host_of, jump_host
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers.ssh_calls import SshAnswer, call_ssh
from borgdesk.store.files import blamed
from borgdesk.translation import _

_CONNECT_LIMIT = 10
_LIMIT = 30.0
"""Seconds for one connection, through a jump host too."""

_QUICK = 10.0
"""Seconds for ssh-keygen, and for ssh to read its configuration."""

_LISTED = re.compile(r"\d+ (?P<fingerprint>\S+) .*\((?P<kind>[\w-]+)\)")
_OF_FOUND = re.compile(r"\S+ (?P<kind>[\w-]+) (?P<fingerprint>SHA256:\S+)")
_CHANGED = "HOST IDENTIFICATION HAS CHANGED"
_REVOKED = "REVOKED HOST KEY"
_LOGIN = re.compile(r"Permission denied|Too many authentication failures|^Authenticated to", re.MULTILINE)
"""What ssh only says after it has accepted the host's key."""

_NO_FILES = ("none", "/dev/null")


class HostKeyState(StrEnum):
    """What ssh knows about the key that a host shows."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    """Another key is known for this host."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """The key that a host shows."""

    host: str
    """Its name in known_hosts, for example ``[host]:2222``."""
    kind: str
    """As ssh-keygen names it, for example ``ED25519``."""
    fingerprint: str
    state: HostKeyState
    line: str
    """For known_hosts, not hashed."""
    file: str
    """The known_hosts file for accepted keys."""
    hashed: bool
    """Whether host names are to be hashed there."""
    known: tuple[str, ...] = ()
    """Kinds and fingerprints of the keys that are known for this host."""
    is_jump_host: bool = False

    @property
    def remedy(self) -> str:
        """The command that removes the known keys of this host."""
        return shlex.join(["ssh-keygen", "-R", self.host, "-f", self.file])


def host_keys(
    environment: Mapping[str, str], location: str, connection: Connection, cancel: Cancel | None = None
) -> list[HostKey]:
    """Return the keys of the hosts on the way to *location*, jump hosts first, up to the first that is not known.

    Beyond that one, nobody can be asked before its key is accepted.

    Raises:
        InvalidInput: the location is on this machine, or Borg does not use ssh directly.
        BorgDeskError: a host cannot be reached; the sentence says why.
        Stopped: *cancel* was asked.
    """
    found: list[HostKey] = []
    for way in _ways(environment, location, connection, cancel):
        found.append(_ask(way, cancel))
        if found[-1].state is not HostKeyState.KNOWN:
            break
    return found


def accept(environment: Mapping[str, str], key: HostKey, cancel: Cancel | None = None) -> None:
    """Add a key that the user has accepted to known_hosts. One that is known already is not added again.

    Raises:
        InvalidInput: another key is known for this host, which is never replaced here.
        StoreUnusable: the file cannot be written.
        BorgDeskError: ssh-keygen failed.
        Stopped: *cancel* was asked; nothing was added.
    """
    if key.state is HostKeyState.CHANGED:
        raise InvalidInput(changed_sentence(key))
    if key.state is HostKeyState.KNOWN:
        return
    _name, kind, data = key.line.split()[:3]
    found = call_ssh(["ssh-keygen", "-F", key.host, "-f", key.file], environment, _QUICK, cancel)
    for line in found.out.splitlines():
        words = line.split()
        if words[1:3] == [kind, data]:
            return
        if words[1:2] == [kind]:
            raise InvalidInput(changed_sentence(key))
    line = _hashed(environment, key.line, cancel) if key.hashed else key.line
    with blamed(_("The host key cannot be written to {file}").format(file=key.file)):
        _append(Path(key.file), line)


def changed_sentence(key: HostKey) -> str:
    """Return what to say about a host that shows another key than the one that is known."""
    return _(
        "{host} shows a different key from the one that was accepted: the host was reinstalled, or another machine is "
        "answering in its place, which could read and change what you send. BorgDesk does not connect to it. Ask "
        "whoever runs the host for the fingerprint of its {kind} key. Only if it is {fingerprint}, remove the old key "
        "with “{command}” and accept the new one."
    ).format(host=key.host, kind=key.kind, fingerprint=key.fingerprint, command=key.remedy)


@dataclass(frozen=True, slots=True)
class _Way:
    """The ssh call that reaches one of the hosts."""

    environment: Mapping[str, str]
    ssh: Sequence[str]
    """The program, with everything before its options."""
    options: Sequence[str]
    host: Host
    is_jump_host: bool

    def call(self, limit: float, cancel: Cancel | None, *own: str, last: Sequence[str] = ()) -> SshAnswer:
        """Call ssh with options that come first, so that they count."""
        argv = [*self.ssh, *own, *self.options, *self.host.arguments, *last]
        return call_ssh(argv, self.environment, limit, cancel)


def _ways(
    environment: Mapping[str, str], location: str, connection: Connection, cancel: Cancel | None
) -> Iterator[_Way]:
    """Yield how to reach each host on the way, as Borg's ssh will do it."""
    target = host_of(location)
    if target is None:
        raise InvalidInput(_("{location} is on this machine, so there is no host key.").format(location=location))
    own = environment.get("BORG_RSH")
    parts = ssh_parts(ssh_command(own, connection, _CONNECT_LIMIT))
    if parts is None:
        raise InvalidInput(
            _("Host keys can only be checked if Borg calls ssh itself, but BORG_RSH is “{command}”.").format(
                command=own
            )
        )
    program, options = parts
    way = _Way(environment, program, options, target, is_jump_host=False)
    if connection.jump_host:
        alone = ssh_parts(ssh_command(own, replace(connection, jump_host=""), _CONNECT_LIMIT))
        assert alone is not None
        yield replace(way, options=alone[1], host=jump_host(connection.jump_host), is_jump_host=True)
    else:
        passed: list[str] = []
        for hop in _settings(way, cancel).get("proxyjump", "none").split(","):
            if hop == "none":
                break
            through = ["-J", ",".join(passed)] if passed else ["-o", "ProxyJump=none"]
            yield replace(way, options=[*through, *way.options], host=jump_host(hop), is_jump_host=True)
            passed.append(hop)
    yield way


def _settings(way: _Way, cancel: Cancel | None) -> dict[str, str]:
    """Return what ssh's configuration says about the host, without connecting."""
    answer = way.call(_QUICK, cancel, "-G")
    if answer.code != 0:
        raise BorgDeskError(_trouble(answer))
    lines = (line.partition(" ") for line in answer.out.splitlines())
    return {name: value.strip() for name, _blank, value in lines}


def _ask(way: _Way, cancel: Cancel | None) -> HostKey:
    settings = _settings(way, cancel)
    files = settings.get("userknownhostsfile", "").split()
    if not files or files[0] in _NO_FILES:
        raise InvalidInput(
            _(
                "Your ssh configuration keeps no host keys for {host} (UserKnownHostsFile), so none can be accepted."
            ).format(host=way.host.name)
        )
    state = _state(way, cancel)
    with tempfile.TemporaryDirectory(prefix="borgdesk-") as folder:
        seen = Path(folder, "known_hosts")
        answer = way.call(
            _LIMIT, cancel, *_strictly("accept-new"), *_options(
                UserKnownHostsFile=f'"{seen}"', GlobalKnownHostsFile="/dev/null", KnownHostsCommand="none",
                HashKnownHosts="no", UpdateHostKeys="no", CheckHostIP="no", VerifyHostKeyDNS="no",
            ), last=["exit"],
        )  # fmt: skip
        line = seen.read_text().partition("\n")[0].strip() if seen.exists() else ""
        if not line:
            raise BorgDeskError(_trouble(answer))
        listed = call_ssh(["ssh-keygen", "-l", "-f", str(seen)], way.environment, _QUICK, cancel)
    match = _LISTED.match(listed.out)
    if match is None:
        raise BorgDeskError(_trouble(listed))
    known = [*files, *settings.get("globalknownhostsfile", "").split()]
    name, file = line.split()[0], os.path.expanduser(files[0])  # noqa: PTH111 - what ssh prints may begin with ~
    return HostKey(
        name, match["kind"], match["fingerprint"], state, line, file, settings.get("hashknownhosts") == "yes",
        _known(way, name, known, cancel) if state is HostKeyState.CHANGED else (), way.is_jump_host,
    )  # fmt: skip


def _state(way: _Way, cancel: Cancel | None) -> HostKeyState:
    answer = way.call(_LIMIT, cancel, *_strictly("yes"), last=["exit"])
    if _REVOKED in answer.err:
        raise BorgDeskError(
            _("The key of {host} was revoked in known_hosts: do not connect to it, and ask its administrator.").format(
                host=way.host.name
            )
        )
    if _CHANGED in answer.err:
        return HostKeyState.CHANGED
    if is_host_unknown(answer.err):
        return HostKeyState.UNKNOWN
    if answer.code == 0 or _LOGIN.search(answer.err):
        return HostKeyState.KNOWN
    raise BorgDeskError(_trouble(answer))


def _strictly(how: str) -> list[str]:
    """Return options for a connection that ends before the login."""
    return _options(StrictHostKeyChecking=how, PreferredAuthentications="none", LogLevel="INFO")


def _options(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def _known(way: _Way, name: str, files: Sequence[str], cancel: Cancel | None) -> tuple[str, ...]:
    found = []
    for file in files:
        path = os.path.expanduser(file)  # noqa: PTH111 - as above
        answer = call_ssh(["ssh-keygen", "-l", "-F", name, "-f", path], way.environment, _QUICK, cancel)
        found += [f"{match['kind']} {match['fingerprint']}" for match in _OF_FOUND.finditer(answer.out)]
    return tuple(dict.fromkeys(found))


def _trouble(answer: SshAnswer) -> str:
    """Return why ssh failed."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    if answer.timed_out and not lines:
        return _("The host did not respond within {limit} seconds.").format(limit=round(_LIMIT))
    sentence = next((found for line in lines if (found := connection_sentence(line))), None)
    last = lines[-1] if lines else _("no reason was given.")
    if sentence is None:
        return _("The host's key could not be read. ssh says: “{words}”").format(words=last)
    return _("{sentence} ssh says: “{words}”").format(sentence=sentence, words=last)


def _hashed(environment: Mapping[str, str], line: str, cancel: Cancel | None) -> str:
    with tempfile.TemporaryDirectory(prefix="borgdesk-") as folder:
        file = Path(folder, "line")
        file.write_text(line + "\n")
        answer = call_ssh(["ssh-keygen", "-H", "-f", str(file)], environment, _QUICK, cancel)
        if answer.code != 0:
            raise BorgDeskError(_trouble(answer))
        return file.read_text().strip()


def _append(file: Path, line: str) -> None:
    """Append a line in one piece: others write to this file, too."""
    private.make_missing(file.parent)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        unfinished = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        end_of_last = "\n" if unfinished else ""
        os.write(descriptor, f"{end_of_last}{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
