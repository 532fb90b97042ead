"""Host keys, as a real SSH server shows them: asked, accepted once, and never replaced."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped, StoreUnusable
from borgdesk.domain.server import DIRECT, Connection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers.host_keys import HostKeyState, accept, host_keys
from tests.engine.ssh_server import Server, free_port, ssh_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Return the known_hosts file that ssh uses; it does not exist yet."""
    return tmp_path / "ssh" / "known_hosts"


@pytest.fixture
def environment(known: Path) -> dict[str, str]:
    rsh = f"ssh -F none -o UserKnownHostsFile={known} -o GlobalKnownHostsFile=/dev/null"
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "BORG_RSH": rsh}


def fingerprint(server: Server, key: str = "host") -> str:
    file = server.folder / f"{key}.pub"
    listed = subprocess.run(["ssh-keygen", "-l", "-f", file], capture_output=True, text=True, check=True)
    return listed.stdout.split()[1]


def test_a_key_is_accepted_once(environment: dict[str, str], server: Server, known: Path) -> None:
    (key,) = host_keys(environment, server.location(), DIRECT)
    assert (key.host, key.kind, key.fingerprint) == (f"[127.0.0.1]:{server.port}", "ED25519", fingerprint(server))
    assert (key.state, key.file, key.is_jump_host) == (HostKeyState.UNKNOWN, str(known), False)
    assert not known.exists()

    accept(environment, key)
    accept(environment, key)
    assert known.read_text() == f"{key.line}\n"
    assert (known.stat().st_mode & 0o777, known.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    (again,) = host_keys(environment, server.location(), DIRECT)
    assert again == replace(key, state=HostKeyState.KNOWN)


def test_a_hashed_file(environment: dict[str, str], server: Server, known: Path) -> None:
    environment["BORG_RSH"] += " -o HashKnownHosts=yes"
    (key,) = host_keys(environment, server.location(), DIRECT)
    accept(environment, key)
    accept(environment, key)
    assert known.read_text().startswith("|1|")
    assert known.read_text().count("\n") == 1
    assert [one.state for one in host_keys(environment, server.location(), DIRECT)] == [HostKeyState.KNOWN]


def test_what_others_have_written_stays(environment: dict[str, str], server: Server, known: Path) -> None:
    known.parent.mkdir()
    known.write_text("# mine\nother ssh-ed25519 AAAA")
    (key,) = host_keys(environment, server.location(), DIRECT)
    accept(environment, key)
    assert known.read_text() == f"# mine\nother ssh-ed25519 AAAA\n{key.line}\n"


def test_a_changed_key_is_never_accepted(environment: dict[str, str], server: Server, known: Path) -> None:
    known.parent.mkdir()
    before = (server.folder / "changed").read_text()
    known.write_text(before)
    (key,) = host_keys(environment, server.location(), DIRECT)
    assert (key.state, key.fingerprint) == (HostKeyState.CHANGED, fingerprint(server))
    assert key.known == (f"ED25519 {fingerprint(server, 'other')}",)
    with pytest.raises(InvalidInput) as refused:
        accept(environment, key)
    assert "shows a different key from the one that was accepted" in str(refused.value)
    assert "BorgDesk does not connect to it." in str(refused.value)
    assert key.fingerprint in str(refused.value)
    assert known.read_text() == before
    # What the sentence says makes it possible to accept the new one.
    subprocess.run(key.remedy, shell=True, check=True, capture_output=True)
    (key,) = host_keys(environment, server.location(), DIRECT)
    assert key.state is HostKeyState.UNKNOWN


def test_a_key_that_somebody_else_accepted_meanwhile(environment: dict[str, str], server: Server, known: Path) -> None:
    (key,) = host_keys(environment, server.location(), DIRECT)
    known.parent.mkdir()
    known.write_text((server.folder / "changed").read_text())
    with pytest.raises(InvalidInput, match="shows a different key"):
        accept(environment, key)


def test_a_jump_host_comes_first(environment: dict[str, str], server: Server) -> None:
    way = Connection(str(server.folder / "id"), f"{getpass.getuser()}@localhost:{server.port}")
    (jump,) = host_keys(environment, server.location(), way)
    assert (jump.host, jump.is_jump_host, jump.state) == (f"[localhost]:{server.port}", True, HostKeyState.UNKNOWN)
    accept(environment, jump)
    jump, target = host_keys(environment, server.location(), way)
    assert (jump.state, target.state, target.is_jump_host) == (HostKeyState.KNOWN, HostKeyState.UNKNOWN, False)
    accept(environment, target)
    assert [one.state for one in host_keys(environment, server.location(), way)] == [HostKeyState.KNOWN] * 2


def test_a_jump_host_of_the_users_configuration(
    environment: dict[str, str], server: Server, tmp_path: Path, known: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host far\n HostName 127.0.0.1\n Port {server.port}\n ProxyJump hop\n HostKeyAlias alias\n"
        f"Host hop\n HostName localhost\n Port {server.port}\n"
        f"Host *\n UserKnownHostsFile {known}\n IdentityFile {server.folder}/id\n"
    )
    environment["BORG_RSH"] = f"ssh -F {config}"
    (jump,) = host_keys(environment, "ssh://far/x", DIRECT)
    assert (jump.host, jump.is_jump_host) == (f"[localhost]:{server.port}", True)
    accept(environment, jump)
    assert host_keys(environment, "ssh://far/x", DIRECT)[-1].host == "alias"


def test_a_host_that_is_not_there(environment: dict[str, str], server: Server) -> None:
    with pytest.raises(BorgDeskError, match="The host refused the connection"):
        host_keys(environment, server.location(free_port()), DIRECT)
    with pytest.raises(BorgDeskError, match="The host was not found"):
        host_keys(environment, "ssh://no-such-host.invalid/x", DIRECT)
    with pytest.raises(BorgDeskError, match="The host was not found"):
        host_keys(environment, server.location(), Connection(jump_host="no-such-host.invalid"))


def test_a_host_that_never_answers(environment: dict[str, str], server: Server) -> None:
    environment["BORG_RSH"] += " -o ConnectTimeout=1"
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(BorgDeskError, match="did not respond within"):
        host_keys(environment, server.location(silent.getsockname()[1]), DIRECT)


def test_stop(environment: dict[str, str], server: Server) -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        host_keys(environment, server.location(), DIRECT, cancel)


def test_what_has_no_host_key(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="is on this machine"):
        host_keys(environment, "/here", DIRECT)
    with pytest.raises(InvalidInput, match="keeps no host keys"):
        host_keys(environment | {"BORG_RSH": "ssh -F none -o UserKnownHostsFile=/dev/null"}, "ssh://h/x", DIRECT)
    with pytest.raises(InvalidInput, match="BORG_RSH is “/bin/tunnel”"):
        host_keys(environment | {"BORG_RSH": "/bin/tunnel"}, "ssh://h/x", DIRECT)
    with pytest.raises(InvalidInput, match="BORG_RSH is “ssh -i 'unfinished”"):
        host_keys(environment | {"BORG_RSH": "ssh -i 'unfinished"}, "ssh://h/x", DIRECT)


def test_a_file_that_cannot_be_written(environment: dict[str, str], server: Server, known: Path) -> None:
    (key,) = host_keys(environment, server.location(), DIRECT)
    known.mkdir(parents=True)
    with pytest.raises(StoreUnusable, match="The host key cannot be written to"):
        accept(environment, key)


pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh on this machine")
