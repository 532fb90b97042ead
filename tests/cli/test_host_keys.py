"""``borgdesk host-key``, against a real SSH server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.lab import BorgDesk
from tests.engine.ssh_server import Server


@pytest.fixture
def known(desk: BorgDesk, server: Server) -> Path:
    file = desk.folder / "known_hosts"
    options = f"-o UserKnownHostsFile={file} -o GlobalKnownHostsFile=/dev/null"
    desk.environment["BORG_RSH"] = f"ssh -F none -i {server.folder}/id {options}"
    return file


def test_from_the_unknown_server_to_the_backup(desk: BorgDesk, server: Server, known: Path) -> None:
    location = server.location()
    add = ("repo", "add", "Far", "--location", location, "--source", str(desk.source), "--init", "none")
    refused = desk(*add)
    assert refused.code == 2
    assert "The host key is not known yet." in refused.err
    assert "“borgdesk host-key accept LOCATION” shows the key" in refused.err

    shown = desk("host-key", "show", location, "--json")
    assert shown.code == 1
    (key,) = shown.json
    assert (key["host"], key["type"], key["state"], key["jump_host"], key["file"]) == (
        f"[127.0.0.1]:{server.port}", "ED25519", "unknown", False, str(known)
    )  # fmt: skip
    unattended = desk("host-key", "accept", location)
    assert unattended.code == 2
    assert f"shows the ED25519 key {key['fingerprint']}. To accept it, use --fingerprint" in unattended.err
    wrong = desk("host-key", "accept", location, "--fingerprint", "SHA256:" + "a" * 43)
    assert wrong.code == 2
    assert "shows another key" in wrong.err
    assert not known.exists()

    desk.ok("host-key", "accept", location, "--fingerprint", key["fingerprint"])
    desk.ok(*add)
    assert "is known already" in desk.ok("host-key", "accept", "Far").err
    assert desk.ok("host-key", "show", "Far", "--json").json == [key | {"state": "known"}]
    desk.ok("run", "Far")


def test_a_changed_key(desk: BorgDesk, server: Server, known: Path) -> None:
    before = (server.folder / "changed").read_text()
    known.write_text(before)
    location = server.location()
    refused = desk("repo", "add", "Far", "--location", location, "--source", str(desk.source))
    assert "The host key has changed" in refused.err
    assert "host-key accept LOCATION" not in refused.err
    shown = desk("host-key", "show", location)
    assert (shown.code, "BorgDesk does not connect to it." in shown.err) == (1, True)
    fingerprint = desk("host-key", "show", location, "--json").json[0]["fingerprint"]
    for more in ((), ("--fingerprint", fingerprint)):
        answer = desk("host-key", "accept", location, *more)
        assert answer.code == 2
        assert "shows a different key from the one that was accepted" in answer.err
    assert known.read_text() == before


def test_what_has_no_host_key(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Docs")
    assert "“Docs” is on this machine, so there is no server." in desk("host-key", "show", "Docs").err
    assert "There is no repository “Nowhere”." in desk("host-key", "accept", "Nowhere").err
