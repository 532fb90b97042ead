"""Where ssh would connect to, as the real ssh says without connecting."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from borgdesk.domain.server import Connection
from borgdesk.engine.borg_calls.ssh_target import ssh_target

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh on this machine")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config"
    config.write_text(
        "Host nas\n HostName nas.example.org\n Port 2222\n"
        "Host behind\n ProxyJump hop\n"
        "Host hop\n HostName hop.example.org\n Port 2200\n"
    )
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "BORG_RSH": f"ssh -F {config}"}


@pytest.mark.parametrize(
    ("location", "jump_host", "target"),
    [
        ("ssh://me@nas/x", "", ("nas.example.org", 2222)),
        ("ssh://me@nas:22/x", "", ("nas.example.org", 22)),
        ("me@[::1]:x", "", ("::1", 22)),
        ("ssh://behind/x", "", None),
        ("ssh://nas/x", "me@hop", ("hop.example.org", 2200)),
        ("ssh://nas/x", "hop:7", ("hop.example.org", 7)),
        ("ssh://nas/x", "behind", None),
        ("/here", "", None),
        ("no location", "", None),
    ],
)
def test_the_host_that_must_be_reachable(
    environment: dict[str, str], location: str, jump_host: str, target: tuple[str, int] | None
) -> None:
    assert ssh_target(location, environment, Connection(jump_host=jump_host)) == target


@pytest.mark.parametrize("rsh", ["/bin/tunnel", "ssh 'unfinished", "/nowhere/ssh"])
def test_nobody_can_tell(environment: dict[str, str], rsh: str) -> None:
    assert ssh_target("ssh://nas/x", environment | {"BORG_RSH": rsh}) is None
