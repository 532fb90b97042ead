"""Progress in the task bar, as one that listens on a private bus receives it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, MatchRule
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from borgdesk.engine.desktop.launcher import Launcher, LauncherState

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="a private bus needs dbus-daemon")

INTERFACE = "com.canonical.Unity.LauncherEntry"
RULE = MatchRule(type="signal", interface=INTERFACE)
Shown = tuple[float, bool, bool]


class Dock:
    """Receives what a task bar would, with the bus's rules for it."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        connection.send_and_get_reply(message_bus.AddMatch(RULE))

    def next(self) -> Shown:
        """Return the next progress, whether it is visible, and whether the entry is urgent."""
        while True:
            message = self._connection.receive(timeout=30)
            if message.header.fields.get(HeaderFields.interface) == INTERFACE:
                assert message.header.fields[HeaderFields.member] == "Update"
                entry, values = message.body
                assert entry == "application://org.borgdesk.BorgDesk.desktop"
                assert {name: kind for name, (kind, _) in values.items()} == {
                    "progress": "d",
                    "progress-visible": "b",
                    "urgent": "b",
                }
                return values["progress"][1], values["progress-visible"][1], values["urgent"][1]

    def until(self, wanted: Shown) -> list[Shown]:
        """Return all that comes, up to *wanted*."""
        found = [self.next()]
        while found[-1] != wanted:
            found.append(self.next())
        return found


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    address = f"unix:path={tmp_path}/bus"
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address"], stdout=subprocess.PIPE
    )
    assert bus.stdout is not None
    bus.stdout.readline()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    bus.terminate()
    bus.communicate()


@pytest.fixture
def dock(address: str) -> Iterator[Dock]:
    with ExitStack() as open_now:
        yield Dock(open_now.enter_context(open_dbus_connection("SESSION")))


def test_progress_is_shown_and_cleared(address: str, dock: Dock) -> None:
    launcher = Launcher({"DBUS_SESSION_BUS_ADDRESS": address})
    launcher.show(LauncherState(0.25))
    assert dock.next() == (0.25, True, False)
    launcher.show(LauncherState(None, urgent=True))
    assert dock.next() == (0.0, False, True)
    launcher.close()
    assert dock.next() == (0.0, False, False)


def test_what_is_shown_when_the_program_ends_is_cleared(address: str, dock: Dock) -> None:
    launcher = Launcher({"DBUS_SESSION_BUS_ADDRESS": address})
    launcher.show(LauncherState(0.5))
    assert dock.next() == (0.5, True, False)
    launcher.show(LauncherState(0.75))
    launcher.close()
    assert dock.until((0.0, False, False))[-1] == (0.0, False, False)
    assert not [one for one in threading.enumerate() if one.name == "launcher"]
    launcher.show(LauncherState(0.9))
    assert not [one for one in threading.enumerate() if one.name == "launcher"], "nothing is shown any more"


def test_a_thousand_changes_are_a_few_messages(address: str, dock: Dock) -> None:
    launcher = Launcher({"DBUS_SESSION_BUS_ADDRESS": address})
    for number in range(1000):
        launcher.show(LauncherState(number / 1000))
    launcher.show(LauncherState(1.0))
    found = dock.until((1.0, True, False))
    launcher.close()
    assert len(found) < 50


@pytest.mark.parametrize("environment", [{}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/at/all"}])
def test_without_a_bus_nothing_happens(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    launcher = Launcher(environment)
    launcher.show(LauncherState(0.5))
    launcher.close()
    launcher.show(LauncherState(0.6))
