"""Calls to the desktop and the login manager, which never raise and never block for long."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, Message

from borgdesk.engine.desktop import session

WITHOUT_THREADS = """
import os, resource, threading
from borgdesk.engine.desktop.session import awake, notify
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)  # root may have as many as it likes
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
try:
    threading.Thread(target=print).start()
except RuntimeError:
    print("no threads")
for wait in (True, False):
    with awake("a test", wait=wait):
        print("awake")
print(notify(os.environ, "title", "text", urgent=True))
"""


@pytest.fixture
def deaf_bus(tmp_path: Path) -> Iterator[str]:
    """Provide the address of a bus that does not even accept connections, so that connecting blocks forever."""
    path = str(tmp_path / "deaf")
    with socket.socket(socket.AF_UNIX) as bus, socket.socket(socket.AF_UNIX) as first:
        bus.bind(path)
        bus.listen(0)
        first.connect(path)
        with socket.socket(socket.AF_UNIX) as second:
            second.setblocking(False)
            assert second.connect_ex(path) == errno.EAGAIN
        yield f"unix:path={path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root is it sure how many processes the other user has")
def test_without_threads_all_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THREADS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/no/bus"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split("\n") == ["no threads", "awake", "awake", "False", ""], done.stderr


@pytest.mark.parametrize("urgent", [True, False])
def test_only_an_urgent_notification_stays(monkeypatch: pytest.MonkeyPatch, urgent: bool) -> None:
    bodies: list[tuple[Any, ...]] = []

    def ask(_: object, message: Message) -> tuple[Any, ...]:
        if not message.body:
            return (["body-markup"],)
        bodies.append(message.body)
        return (7,)

    monkeypatch.setattr(session, "_PATIENCE", 30.0)
    monkeypatch.setattr(session, "_ask", ask)
    monkeypatch.setattr(session, "open_dbus_connection", lambda *_, **__: contextlib.nullcontext())
    assert session.notify({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, "Title", "a < b", urgent=urgent)
    (body,) = bodies
    assert body[3:5] == ("Title", "a &lt; b")
    assert (body[6]["urgency"], body[7]) == ((("y", 2), 0) if urgent else (("y", 1), -1))


def test_a_bus_that_does_not_accept_is_given_up(deaf_bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_PATIENCE", 0.1)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", deaf_bus)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", deaf_bus)
    with session.awake("a test"):
        pass
    assert not session.notify(os.environ, "title", "text", urgent=False)


def test_the_end_of_the_program_does_not_wait_for_it(deaf_bus: str) -> None:
    code = (
        "from borgdesk.engine.desktop.session import awake\nwith awake('a test', wait=False): print('done', flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DBUS_SYSTEM_BUS_ADDRESS": deaf_bus},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.returncode) == ("done\n", 0)


def test_names_in_a_notification_are_no_markup() -> None:
    text = "Backup of <b>Docs</b> & “more”: failed"
    assert (
        session.body_for(["actions", "body", "body-markup"], text)
        == "Backup of &lt;b&gt;Docs&lt;/b&gt; &amp; “more”: failed"
    )
    assert session.body_for(["actions", "body"], text) == text


@pytest.mark.parametrize(("kind", "began"), [("wayland", 12.5), ("x11", 12.5), ("tty", None), ("unspecified", None)])
def test_a_login_counts_at_the_screen_only(monkeypatch: pytest.MonkeyPatch, kind: str, began: float | None) -> None:
    properties = {"Type": ("s", kind), "TimestampMonotonic": ("t", 12_500_000), "Class": ("s", "user")}
    monkeypatch.setattr(session, "_PATIENCE", 30.0)
    monkeypatch.setattr(session, "_ask", lambda *_: (properties,))
    monkeypatch.setattr(session, "open_dbus_connection", lambda *_, **__: contextlib.nullcontext())
    assert session.graphical_login() == began


@pytest.mark.parametrize("on_battery", [True, False])
def test_upower_is_asked_for_the_battery(monkeypatch: pytest.MonkeyPatch, on_battery: bool) -> None:
    asked: list[tuple[Any, ...]] = []

    def ask(_: object, message: Message) -> tuple[Any, ...]:
        asked.append((message.header.fields[HeaderFields.destination], message.body))
        return (("b", on_battery),)

    monkeypatch.setattr(session, "_PATIENCE", 30.0)
    monkeypatch.setattr(session, "_ask", ask)
    monkeypatch.setattr(session, "open_dbus_connection", lambda *_, **__: contextlib.nullcontext())
    assert session.is_on_battery() is on_battery
    assert asked == [("org.freedesktop.UPower", ("org.freedesktop.UPower", "OnBattery"))]


def test_without_upower_nobody_knows_of_a_battery() -> None:
    assert session.is_on_battery() is None


def test_without_logind_nobody_knows_of_a_login() -> None:
    assert session.graphical_login() is None
