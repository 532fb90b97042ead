"""A server that disappears while Borg sends to it: the scripts after the backup run, and the schedule tries again."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, Trigger
from borgdesk.domain.schedule import Conditions, Schedule, SlotState
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.schedule import due
from tests.engine.desk import POST, PRE, Desk, statuses, wait_until
from tests.engine.ssh_server import Server, through
from tests.real_borg import PROGRAM

QUICKLY = ("-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1")
"""The user's own options come first; otherwise, this takes 75 seconds."""

LOST = ("The host stopped responding, and the connection was closed after", "The connection to the repository's host")
"""Borg may end before it has read ssh's message."""

MUCH = 64 * 1024 * 1024
"""More than connection and buffers can hold."""


@contextmanager
def silent_network(server: Server) -> Iterator[tuple[int, Callable[[], None]]]:
    """Provide a port that leads to the server until the returned function is called; then nothing gets through."""
    cut = threading.Event()
    sockets: list[socket.socket] = []

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        try:
            while (data := source.recv(65536)) and not cut.is_set():
                target.sendall(data)
            if not cut.is_set():
                target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve() -> None:
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", server.port))
            sockets.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], cut.set
        listener.shutdown(socket.SHUT_RDWR)
    for one in sockets:
        one.close()


def far_repository(desk: Desk, server: Server, port: int | None = None) -> Repository:
    """Add a repository on the server, and scripts around its backup; what is backed up cannot be buffered."""
    options = server.options("-o", "HostKeyAlias=server", *QUICKLY)
    (server.folder / "known_hosts").write_text("server " + (server.folder / "host.pub").read_text())
    through(desk, options)
    with (desk.source / "noise").open("wb") as file:
        for _each in range(MUCH >> 20):
            file.write(os.urandom(1 << 20))
    wanted = Repository(RepositoryId(0), "Far", server.location(port), (str(desk.source),))
    far = add_repository(desk.workspace, wanted, None, Encryption.NONE)
    desk.add("stop", PRE, repository=far)
    desk.add("start", POST, repository=far, run_on="always")
    return far


def has_received(server: Server) -> bool:
    data = server.folder / "repository" / "data"
    return sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) > MUCH // 8


def sessions(server: Server) -> list[int]:
    """Return the processes that sshd has for its connections, and what they have started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, new = [], [server.pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    yield desk
    desk.close()


def test_a_server_that_stands_still(desk: Desk, server: Server) -> None:
    far = far_repository(desk, server)
    with patch("borgdesk.store.schedules.now", return_value=datetime.now(UTC) - timedelta(days=400)):
        desk.workspace.store.schedules.put(Schedule(far.id, "0 0 1 1 *", Conditions(on_battery=True)))
    found = due.look(desk.workspace, far)
    assert found is not None
    task = Backup(found.slot)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(recipe.run, desk.workspace, far, task, Trigger.SCHEDULE, lambda _: None, Cancel())
        wait_until(lambda: has_received(server))
        stopped = sessions(server)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            run = running.result(60)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGKILL)
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, {"stop": "success", "start": "success"})
    assert (run.error or "").startswith(LOST)
    assert run.finished_at is not None

    with patch("borgdesk.engine.schedule.due.is_settling", return_value=False):
        found = due.look(desk.workspace, far, run.finished_at)
    assert found is not None
    assert found.slot is not None
    assert (found.slot.state, found.start) == (SlotState.WAITING, False)
    assert found.slot.next_try == run.finished_at + timedelta(minutes=15)


def test_a_network_that_swallows_everything(desk: Desk, server: Server) -> None:
    with silent_network(server) as (port, cut):
        far = far_repository(desk, server, port)
        running = desk.start(repository=far)
        wait_until(lambda: has_received(server))
        cut()
        run = running.result()
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, {"stop": "success", "start": "success"})
    assert (run.error or "").startswith(LOST)


def test_the_server_is_back(desk: Desk, server: Server) -> None:
    far = far_repository(desk, server)
    running = desk.start(repository=far)
    wait_until(lambda: has_received(server))
    server.end_sessions()
    assert running.result().outcome is Outcome.FAILURE
    assert desk.run(repository=far).outcome is Outcome.SUCCESS
