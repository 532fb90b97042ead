"""Real database servers for tests, each in a folder of its own with its socket."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.templates.bench import SYSTEM_PATH

PASSWORD = "pass:w\\ord\"'% ü"
"""Contains every character that a password file or an option file treats specially."""

START_TIMEOUT = 60
"""Seconds for a server to answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    socket: Path
    """Its socket, or for PostgreSQL the socket's folder."""
    user: str
    port: int = 0
    data: Path = Path("/")


def program(name: str) -> str:
    """Return the path of a server's program; Debian keeps PostgreSQL's out of PATH."""
    places = [SYSTEM_PATH, *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    for place in places:
        if found := shutil.which(name, path=place):
            return found
    raise FileNotFoundError(f"{name} is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def own_folder(owner: str | None = None) -> Iterator[Path]:
    """Provide a folder with a short path (a socket's is limited to 107 bytes) for another user."""
    folder = Path(tempfile.mkdtemp(prefix="bd-"))
    if owner:
        shutil.chown(folder, owner)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def running(command: list[str], asks: list[str]) -> Iterator[None]:
    """Run a server until the block ends; asks is a command that exits with 0 as soon as the server answers."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + START_TIMEOUT
            while subprocess.run(asks, capture_output=True, check=False).returncode:
                assert server.poll() is None, f"{command} ended with {server.returncode}"
                assert time.monotonic() < deadline, f"{command} does not answer"
                time.sleep(0.05)
            yield
        finally:
            server.terminate()
            server.wait()


def _made(command: Sequence[str], cwd: str | None = None) -> None:
    """Run the command that creates a server's data; if it fails, show its output."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"


def _other_user() -> list[str]:
    """Return the command prefix for programs that refuse to run as root."""
    if os.geteuid():
        return []
    user = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    """Run PostgreSQL with password authentication for everybody."""
    become = _other_user()
    with own_folder("nobody" if become else None) as folder:
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        password_file.chmod(0o644)
        data = folder / "data"
        login = ["-U", "admin", "-A", "scram-sha-256", f"--pwfile={password_file}"]
        initdb = [*become, program("initdb"), "-D", str(data), "-E", "UTF8", "--no-sync", *login]
        _made(initdb, cwd="/")
        port = free_port()
        options = ["-k", str(folder), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        command = [*become, program("postgres"), "-D", str(data), *options]
        ready = [program("pg_isready"), "-q", "-h", str(folder), "-p", str(port)]
        with running(command, ready):
            yield Server(folder, "admin", port, data)


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    """Run MariaDB with an account "backup" that has a password."""
    with own_folder() as folder:
        data = folder / "data"
        me = pwd.getpwuid(os.geteuid()).pw_name
        # On its start, a server removes all temporary tables in this folder, including those of other servers.
        common = ["--no-defaults", f"--datadir={data}", f"--tmpdir={folder}", f"--user={me}"]
        small = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0"]
        small += ["--innodb-use-native-aio=0"]  # the kernel limits these contexts
        options = ["--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=normal"]
        _made([program("mariadb-install-db"), *common, *small, *options])
        path = folder / "socket"
        command = [program("mariadbd"), *common, *small, f"--socket={path}", "--skip-networking"]
        client = [program("mariadb"), "--no-defaults", f"--socket={path}", "-u", "root"]
        with running(command, [*client, "-e", "SELECT 1"]):
            quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
            sql = f"CREATE USER backup@localhost IDENTIFIED BY '{quoted}'; GRANT ALL ON *.* TO backup@localhost;"
            arguments = [*client, "--default-character-set=utf8mb4"]
            subprocess.run(arguments, input=sql, text=True, check=True, capture_output=True)
            yield Server(path, "backup", data=data)


@contextlib.contextmanager
def redis() -> Iterator[Server]:
    """Run Redis with a password."""
    with own_folder() as folder:
        path = folder / "socket"
        options = ["--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", "", "--appendonly", "no"]
        options += ["--requirepass", "redis-secret-7", "--enable-protected-configs", "yes"]
        # No second replica is expected, so there is no need to wait for one.
        options += ["--repl-diskless-sync-delay", "0"]
        ask = [program("redis-cli"), "-e", "-s", str(path), "--no-auth-warning", "-a", "redis-secret-7", "PING"]
        with running([program("redis-server"), *options], ask):
            yield Server(path, "default", data=folder)
