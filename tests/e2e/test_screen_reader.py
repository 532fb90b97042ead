"""The window as a screen reader meets it: over the real accessibility bus of the desktop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.run import RunStatus
from tests.e2e.screen import Screen
from tests.e2e.screen_reader import Event, ScreenReader, SessionBus
from tests.gui.scene import POST, PRE, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


@pytest.fixture
def environment(screen: Screen) -> Iterator[dict[str, str]]:
    """Provide a session bus; the folders have short names, as sockets need."""
    with tempfile.TemporaryDirectory(prefix="bd-") as folder:
        short = dict.fromkeys(("XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "HOME"), folder)
        variables = {**screen.environment, **short, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        bus = SessionBus(variables)
        yield {**variables, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        bus.close()


def test_a_backup_without_looking_at_the_screen(scene: Scene, screen: Screen, environment: dict[str, str]) -> None:
    repository = scene.repository()
    gate = scene.gate()
    scene.hook(repository, "Stop containers", gate.line, PRE)
    scene.hook(repository, "Start containers", "true", POST)
    reader = ScreenReader(environment["DBUS_SESSION_BUS_ADDRESS"])
    window = subprocess.Popen(
        [sys.executable, "-m", "borgdesk"],
        env={
            **environment,
            "BORGDESK_HOME": str(scene.workspace.paths.home),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    try:
        reader.wait_for("push button", "Documents")
        screen.focus("BorgDesk")
        back_up(reader)
        gate.open()
        reader.hear(lambda event: event.kind == "Announcement" and "Documents: " in str(event.text))
        (run,) = scene.workspace.store.runs.list()
        assert run.status is RunStatus.SUCCESS
        start = scene.workspace.store.executions.of_run(run.id)[1]
        scene.workspace.store.executions.still_owed(start.id)
        reader.hear(lambda event: appears(event) and is_told_of_start(reader, event))
    finally:
        window.send_signal(signal.SIGTERM)
        reader.close()
        window.wait(60)


def back_up(reader: ScreenReader) -> None:
    """Go through the pages with their list, and press the button of the repository."""
    card = reader.wait_for("push button", "Documents")
    assert "Press Enter to open the repository." in reader.describe(card)
    assert "Press" in reader.actions(card)
    pages = {node.name for node in reader.nodes() if node.role == "list item"}
    assert pages == {"Overview", "Repositories", "Archives", "Scripts", "History", "Settings"}
    button = reader.wait_for("push button", "Back up now")
    reader.focus(button)
    reader.hear(
        lambda event: (event.kind, event.detail, event.value, event.path) == ("StateChanged", "focused", 1, button.path)
    )
    reader.act(button, "Press")
    reader.wait_for("progress bar", "Progress of Documents")
    reader.wait_for("push button", "Stop")


def appears(event: Event) -> bool:
    return (event.kind, event.detail, event.value) == ("StateChanged", "showing", 1)


def is_told_of_start(reader: ScreenReader, event: Event) -> bool:
    role, name = reader.name_of(event)
    return role == "notification" and "“Start containers”" in name
