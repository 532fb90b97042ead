"""Real SSH server on this machine, for remote repositories."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.desk import Desk
from tests.real_borg import borg_program

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Server:
    """An SSH server with one user, who has one key."""

    folder: Path
    port: int
    pid: int = 0

    def location(self, port: int | None = None, host: str = "127.0.0.1") -> str:
        return f"ssh://{getpass.getuser()}@{host}:{port or self.port}{self.folder}/repository"

    def options(self, *more: str, key: str = "id", known: str = "known_hosts") -> str:
        fixed = {
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.folder / known),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
        }
        options = [word for name, value in fixed.items() for word in ("-o", f"{name}={value}")]
        return shlex.join(["ssh", "-F", "none", "-i", str(self.folder / key), *options, *more])

    def allow(self, command: str = "") -> None:
        """Authorise the key, only for *command* if it is given."""
        restriction = f'command="{command}" ' if command else ""
        (self.folder / "authorized_keys").write_text(restriction + (self.folder / "id.pub").read_text())

    def allow_line(self, line: str) -> None:
        """Let the file with authorised keys consist of this line."""
        (self.folder / "authorized_keys").write_text(line + "\n")

    def end_sessions(self) -> None:
        """Disconnect all sessions, as if the connection had been cut."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                # Before the parent's pid, any character may occur, but the last parenthesis ends that part.
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.pid:
                    os.kill(int(stat.parent.name), signal.SIGKILL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Provide a server of the test's own."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    with ssh_server(folder) as made:
        yield made


@contextmanager
def ssh_server(folder: Path) -> Iterator[Server]:
    """Run a server with keys and settings in *folder*, and with the same Borg as here."""
    if SSHD is None:
        pytest.skip("there is no SSH server on this machine")
    program, port = borg_program(), free_port()
    for name in ("host", "id", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    config = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": folder / "sshd.pid",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "SetEnv": f"BORG_BASE_DIR={folder}/server-base PATH={Path(program).parent}:{os.environ['PATH']}",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in config.items()))
    made = Server(folder, port)
    made.allow()
    for name, key in (("known_hosts", "host"), ("changed", "other")):
        words = (folder / f"{key}.pub").read_text().split()[:2]
        (folder / name).write_text(f"[127.0.0.1]:{port} {' '.join(words)}\n")
    (folder / "unknown").touch()
    with subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.PIPE) as sshd:
        assert sshd.stderr is not None
        assert b"listening" in sshd.stderr.readline()
        made.pid = sshd.pid
        try:
            yield made
        finally:
            sshd.kill()


def through(desk: Desk, rsh: str) -> None:
    """Let Borg connect to other hosts by this command."""
    object.__setattr__(desk.workspace, "environment", {**desk.environment, "BORG_RSH": rsh})
