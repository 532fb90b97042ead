"""Real keyring (gnome-keyring) on a private D-Bus, for tests of secrets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_secret_service = pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-daemon")),
    reason="needs gnome-keyring and dbus-daemon",
)

WAIT_FOR_SERVICE = """
from jeepney import MatchRule, message_bus
from jeepney.io.blocking import open_dbus_connection
with open_dbus_connection("SESSION") as bus:
    rule = MatchRule(type="signal", sender="org.freedesktop.DBus", member="NameOwnerChanged")
    rule.add_arg_condition(0, "org.freedesktop.secrets")
    bus.send_and_get_reply(message_bus.AddMatch(rule))
    with bus.filter(rule) as changes:
        if not bus.send_and_get_reply(message_bus.NameHasOwner("org.freedesktop.secrets")).body[0]:
            bus.recv_until_filtered(changes, timeout=20)
"""


def in_python(program: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def session_bus(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Provide the environment of a bus without service activation."""
    configuration = tmp_path / "bus.conf"
    configuration.write_text(
        f"<busconfig><type>session</type><listen>unix:dir={tmp_path}</listen><policy context='default'>"
        "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy>"
        "</busconfig>"
    )
    with subprocess.Popen(
        ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        text=True,
    ) as daemon:
        assert daemon.stdout is not None
        folders = {name: str(tmp_path / name.lower()) for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
        for folder in folders.values():
            Path(folder).mkdir(mode=0o700)
        yield {
            **os.environ,
            **folders,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DBUS_SESSION_BUS_ADDRESS": daemon.stdout.readline().strip(),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        }
        daemon.terminate()


@contextmanager
def secret_service(bus: dict[str, str], *, unlocked: bool) -> Iterator[None]:
    """Run a new keyring on that bus, unlocked or locked."""
    command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
    with subprocess.Popen(
        [*command, "--unlock"] if unlocked else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=bus,
    ) as daemon:
        try:
            assert daemon.stdin is not None
            daemon.stdin.write("password of the keyring" if unlocked else "")
            daemon.stdin.close()
            in_python(WAIT_FOR_SERVICE, bus)
            yield
        finally:
            daemon.terminate()
