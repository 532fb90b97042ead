"""``borgdesk ssh-key``, and repositories that log in with a key, against a real SSH server."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.lab import BorgDesk
from tests.engine.ssh_server import Server
from tests.real_borg import PROGRAM


@pytest.fixture
def far(desk: BorgDesk, server: Server) -> BorgDesk:
    """Provide a BorgDesk that knows the server, but has no key for it."""
    known = f"ssh -F none -o UserKnownHostsFile={server.folder}/known_hosts -o GlobalKnownHostsFile=/dev/null"
    desk.environment["BORG_RSH"] = f"{known} -o StrictHostKeyChecking=yes"
    return desk


def test_a_key_is_made_authorised_and_used(far: BorgDesk, server: Server) -> None:
    location = server.location()
    made = json.loads(far.ok("ssh-key", "make", "--json").out)
    assert far.ok("ssh-key", "list", "--json").json == [made]
    key = made["path"]
    said = far("ssh-key", "make")
    assert (said.code, said.said[-1]) == (2, f"borgdesk: The file {key} already exists; it was not overwritten.")

    add = (
        "repo",
        "add",
        "Far",
        "--location",
        location,
        "--source",
        str(far.source),
        "--init",
        "none",
        "--ssh-key",
        key,
    )
    refused = far(*add)
    assert refused.code == 2
    assert "The host refused the login. Check that your public key is in its authorized_keys" in refused.err
    line = far.ok("ssh-key", "show", location, "--ssh-key", key, "--json").json["authorized_keys"]
    server.allow_line(line)
    added = far.ok(*add, "--json").json
    assert (added["ssh_key"], added["ssh_port"], added["jump_host"]) == (key, server.port, None)
    assert far.ok("run", "Far").code == 0
    assert far.ok("ssh-key", "show", "Far").out.strip() == line

    elsewhere = far("repo", "edit", "Far", "--location", f"{location}2")
    assert elsewhere.code == 2
    assert "does not allow access to this path" in elsewhere.err


def test_append_only_is_part_of_the_line(far: BorgDesk, server: Server) -> None:
    key = far.ok("ssh-key", "make", "--json").json["path"]
    shown = far.ok(
        "ssh-key", "show", server.location(), "--ssh-key", key, "--append-only", "--remote-path", "/opt/borg"
    )
    assert shown.out.startswith('command="/opt/borg serve --restrict-to-repository /')
    assert ' --append-only",restrict ssh-ed25519 ' in shown.out


def test_a_port_a_jump_host_and_a_path_of_borg(far: BorgDesk, server: Server) -> None:
    host = f"{os.environ.get('USER', 'root')}@127.0.0.1:{server.port}"
    key = str(server.folder / "id")
    plain = server.location().replace(f":{server.port}", "")
    options = ("--ssh-key", key, "--ssh-port", str(server.port), "--jump-host", host, "--remote-path", str(PROGRAM))
    add = ("repo", "add", "Far", "--location", plain, "--source", str(far.source), "--init", "none")
    added = far.ok(*add, *options, "--json").json
    assert added["location"] == server.location()
    assert (added["jump_host"], added["remote_path"]) == (host, PROGRAM)
    assert far.ok("run", "Far").code == 0

    before = far.ok("repo", "show", "Far", "--json").json
    for option, value, said in (
        ("--remote-path", "/nowhere/borg", "Borg was not found on the host"),
        ("--jump-host", "no-such-host.invalid", "The host was not found"),
        ("--ssh-port", "1", "The host refused the connection"),
    ):
        refused = far("repo", "edit", "Far", option, value)
        assert refused.code == 2
        assert said in refused.err
    assert far.ok("repo", "show", "Far", "--json").json == before
    cleared = far.ok("repo", "edit", "Far", "--clear", "jump-host", "--clear", "remote-path", "--json").json
    assert (cleared["jump_host"], cleared["remote_path"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--ssh-key", "/nowhere/id"), 2, "There is no SSH key /nowhere/id. Choose another file, or make a new key."),
        (("--ssh-key", "/"), 2, "/ is a folder, not an SSH key."),
        (("--ssh-key", ""), 64, "It is empty."),
        (("--ssh-key", "/id.pub"), 64, "is a public key. Choose the private one: /id."),
        (("--ssh-port", "70000"), 64, "70000 is not a port"),
        (("--jump-host", "a,b"), 64, "names more than one jump host"),
        (("--remote-path", "{x}"), 64, "cannot be the path of Borg"),
    ],
)
def test_what_cannot_be_used(desk: BorgDesk, arguments: tuple[str, ...], code: int, said: str) -> None:
    desk.add_pretended_repository("Docs")
    answer = desk("repo", "edit", "Docs", *arguments)
    assert answer.code == code
    assert said in answer.err


def test_whose_line_cannot_be_shown(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Docs")
    assert "“Docs” is on this machine, so there is no server." in desk("ssh-key", "show", "Docs").err
    assert "“u@h:x” has no SSH key of its own" in desk("ssh-key", "show", "u@h:x").err
