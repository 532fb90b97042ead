"""Repositories behind a real SSH server on this machine: successful use, and messages if it cannot be reached."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.repositories.registration import add_repository
from tests.engine.desk import POST, PRE, Desk, statuses
from tests.engine.ssh_server import Server, free_port, ssh_server, through
from tests.real_borg import PROGRAM


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def reach(tmp_path: Path, server: Server) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    yield desk
    desk.close()


def refusal(desk: Desk, location: str) -> str:
    """Return why a repository at that location cannot be added."""
    wanted = Repository(RepositoryId(0), "Far", location, (str(desk.source),))
    with pytest.raises(BorgDeskError) as raised:
        add_repository(desk.workspace, wanted, None)
    return str(raised.value)


def test_a_host_that_is_reached(reach: Desk, server: Server) -> None:
    through(reach, server.options())
    wanted = Repository(RepositoryId(0), "Far", server.location(), (str(reach.source),))
    far = add_repository(reach.workspace, wanted, None, Encryption.NONE)
    reach.add("pre", PRE, repository=far)
    assert reach.run(repository=far).outcome is Outcome.SUCCESS


def test_the_wrong_key(reach: Desk, server: Server) -> None:
    through(reach, server.options(key="other"))
    said = refusal(reach, server.location())
    assert "The host refused the login. Check that your public key is in its authorized_keys" in said
    assert "Permission denied (publickey)" in said


def test_a_host_whose_key_is_unknown(reach: Desk, server: Server) -> None:
    through(reach, server.options(known="unknown"))
    said = refusal(reach, server.location())
    assert "The host key is not known yet. Check it and accept it" in said
    assert "Host key verification failed." in said


def test_a_host_whose_key_has_changed(reach: Desk, server: Server) -> None:
    through(reach, server.options(known="changed"))
    said = refusal(reach, server.location())
    assert "The host key has changed" in said
    assert "ssh-keygen -R" in said


def test_a_port_where_nobody_listens(reach: Desk, server: Server) -> None:
    through(reach, server.options())
    said = refusal(reach, server.location(free_port()))
    assert "The host refused the connection. Check that its SSH server is running and that the port is correct." in said
    assert "Connection refused" in said


def test_a_host_that_is_not_there(reach: Desk, server: Server) -> None:
    through(reach, server.options())
    said = refusal(reach, server.location(host="no-such-host.invalid"))
    assert "The host was not found. Check the spelling of its name and your network connection." in said


def test_a_host_that_does_not_answer(reach: Desk, server: Server) -> None:
    through(reach, server.options("-o", "ConnectTimeout=1"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = refusal(reach, server.location(silent.getsockname()[1]))
    assert "The host did not respond within 30 seconds. Check that it is switched on" in said
    assert "timed out" in said


def test_a_host_without_borg(reach: Desk, server: Server) -> None:
    through(reach, server.options())
    server.allow("borg-that-is-missing serve")
    try:
        said = refusal(reach, server.location())
    finally:
        server.allow()
    assert "Borg was not found on the host" in said
    assert "borg-that-is-missing" in said


def test_no_ssh_on_this_machine(reach: Desk, server: Server) -> None:
    through(reach, "/nowhere/ssh")
    assert "/nowhere/ssh is not installed. Install the package openssh-client." in refusal(reach, server.location())


def test_a_run_says_it_too(reach: Desk, server: Server) -> None:
    through(reach, server.options(key="other"))
    reach.repository = reach.workspace.store.repositories.update(replace(reach.repository, location=server.location()))
    reach.add("post", POST, run_on="always")
    run = reach.run()
    assert run.outcome is Outcome.FAILURE
    assert "Permission denied (publickey)" in (run.error or "")
    assert statuses(run) == {"post": "success"}
