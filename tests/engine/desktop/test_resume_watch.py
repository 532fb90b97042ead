"""What is heard of the end of sleep, from a private bus that stands in for the system's."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from jeepney import DBusAddress, new_method_call, new_signal
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from borgdesk.engine.desktop.resume_watch import ResumeWatch
from tests.engine.desk import wait_until

LOGIND = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DBusConnection]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("a private bus needs dbus-daemon")
    address = f"unix:path={tmp_path}/bus"
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address"], stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with open_dbus_connection("SYSTEM") as connection:
            yield connection
        daemon.terminate()


def has_thread() -> bool:
    return any(thread.name == "resume watch" for thread in threading.enumerate())


def wait_until_it_listens(bus: DBusConnection) -> None:
    """Wait for the rule of the watch, which the bus lists among those of its peers."""
    stats = DBusAddress(
        "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus.Debug.Stats"
    )

    def listens() -> bool:
        reply = bus.send_and_get_reply(new_method_call(stats, "GetAllMatchRules"), timeout=30)
        return "PrepareForSleep" in str(reply.body)

    wait_until(listens)


def send(bus: DBusConnection, *body: Any, signature: str = "b") -> None:
    bus.send(new_signal(LOGIND, "PrepareForSleep", signature, body))


def test_it_is_told_when_the_computer_has_woken_up(bus: DBusConnection) -> None:
    heard: Queue[str] = Queue()
    watch = ResumeWatch(lambda: heard.put("resumed"))
    watch.start()
    wait_until_it_listens(bus)
    send(bus, "nonsense", signature="s")
    send(bus, True)
    assert heard.empty()
    send(bus, False)
    assert heard.get(timeout=30) == "resumed"
    assert heard.empty(), "going to sleep is no waking up"
    watch.close()
    wait_until(lambda: not has_thread())


def test_without_a_bus_nothing_is_heard() -> None:
    watch = ResumeWatch(lambda: None)
    watch.start()
    wait_until(lambda: not has_thread())
    watch.close()
    watch.start()
    assert not has_thread()
