"""Every way to end the program with every kind of tray: separate processes, a real display, real tray hosts."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step, Trigger
from borgdesk.engine.runs.planning import plan
from borgdesk.engine.runs.run_folders import now
from tests.e2e.screen import Screen
from tests.e2e.trays import Bus, StatusNotifierHost, XEmbedHost
from tests.e2e.window import Window
from tests.gui.scene import POST, PRE, Scene

pytestmark = [pytest.mark.gui, pytest.mark.slow]

DEAD = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    bus = Bus(tmp_path_factory.mktemp("bus"))
    yield bus
    bus.close()


class Desktop:
    """Environment of one test: a kind of tray, and windows started there."""

    def __init__(self, screen: Screen, bus: Bus, tray: str) -> None:
        self.screen, self.tray = screen, tray
        self.notifier = StatusNotifierHost(bus.address) if tray == "StatusNotifier" else None
        self.xembed = XEmbedHost(screen) if tray == "XEmbed" else None
        self.environment = {**screen.environment, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        self.windows: list[Window] = []

    def start(self, scene: Scene) -> Window:
        assert scene.workspace.paths.home is not None
        self.windows.append(Window(self.environment, scene.workspace.paths.home))
        seen = self.windows[-1].until(lambda seen: seen["open"])
        assert seen["tray"] is (self.tray != "none")
        return self.windows[-1]

    def quit_in_tray(self, window: Window) -> None:
        """Choose *Quit* in the icon's menu, in the way of that tray."""
        if self.notifier is not None:
            self.notifier.item().choose("Quit")
        if self.xembed is not None:
            icon = self.xembed.icon()
            # A click while the icon is still being embedded is lost.
            while not (seen := self._open_menu(icon, window)):
                pass
            self.screen.click(*seen["quit_at"])

    def _open_menu(self, icon: str, window: Window) -> dict[str, Any] | None:
        self.screen.xdotool("mousemove", 600, 400, "mousemove", "--window", icon, 8, 8, "click", 3)
        with contextlib.suppress(Empty):
            return window.until(lambda seen: seen["quit_at"], patience=2)
        return None

    def close(self) -> None:
        for window in self.windows:
            window.close()
        for host in (self.notifier, self.xembed):
            if host is not None:
                host.close()


@pytest.fixture
def desktop(request: pytest.FixtureRequest, screen: Screen, bus: Bus) -> Iterator[Desktop]:
    desktop = Desktop(screen, bus, request.param)
    yield desktop
    desktop.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def leave(way: str, desktop: Desktop, window: Window) -> None:
    """End the program in that way."""
    if way == "Ctrl+Q":
        desktop.screen.focus("BorgDesk")
        desktop.screen.type_keys("ctrl+q")
    elif way == "Quit in the tray":
        desktop.quit_in_tray(window)
    elif way == "session manager":
        window.tell("quit")
    else:
        window.process.send_signal(getattr(signal, way))


ASKING = ("Ctrl+Q", "Quit in the tray")
"""Ways of ending in which the user is asked about what would be lost."""
WAYS = (*ASKING, "SIGTERM", "SIGINT", "SIGHUP", "session manager")
TRAYS = ("StatusNotifier", "XEmbed", "none")
STATES = ("idle", "hidden", "running", "recovering", "unsaved")
_QUICK = {
    *(("StatusNotifier", way, "idle") for way in WAYS),
    *(("XEmbed", way, "idle") for way in ASKING),
    ("StatusNotifier", "SIGTERM", "hidden"),
    ("StatusNotifier", "Quit in the tray", "running"),
    ("StatusNotifier", "SIGTERM", "recovering"),
    ("StatusNotifier", "Quit in the tray", "unsaved"),
    ("XEmbed", "Quit in the tray", "hidden"),
    ("none", "session manager", "running"),
}
"""Combinations that every test run includes; the campaign tries all."""


def cases() -> Iterator[Any]:
    for tray in TRAYS:
        for way in WAYS:
            for state in STATES:
                impossible = tray == "none" and (way == "Quit in the tray" or state == "hidden")
                if impossible or (way == "Ctrl+Q" and state == "hidden"):
                    continue
                quick = (tray, way, state) in _QUICK
                yield pytest.param(tray, way, state, marks=() if quick else pytest.mark.faults)


@pytest.mark.parametrize(("desktop", "way", "state"), [*cases()], indirect=["desktop"])
def test_every_way_ends_it(desktop: Desktop, scene: Scene, way: str, state: str) -> None:
    gate = scene.folder / "gate"
    prepare(scene, state, gate)
    window = desktop.start(scene)
    bring_about(window, state)
    leave(way, desktop, window)
    if way in ASKING and state in ("running", "recovering", "unsaved"):
        assert window.until(lambda seen: seen["question"])
        window.tell("press Discard" if state == "unsaved" else "press Stop and quit")
    gate.touch()
    assert window.ends() == 0
    assert not [line for line in window.errors if "Traceback" in line]
    check(scene, way, state)


@pytest.mark.parametrize("desktop", ["StatusNotifier"], indirect=True)
def test_a_closed_window_comes_back(desktop: Desktop, scene: Scene) -> None:
    """By its icon, and by another start; the first time, a notification says that it is still running."""
    assert desktop.notifier is not None
    notified = desktop.notifier.notified
    window = desktop.start(scene)
    icon = desktop.notifier.item()
    bring_about(window, "hidden")
    assert notified.get(timeout=60) == ("BorgDesk is still running", "To quit, use its icon in the tray.")
    icon.activate()
    window.until(lambda seen: seen["visible"])
    bring_about(window, "hidden")
    assert scene.workspace.paths.home is not None
    second = Window(desktop.environment, scene.workspace.paths.home)
    desktop.windows.append(second)
    assert second.ends() == 0
    window.until(lambda seen: seen["visible"])
    assert notified.empty()


@pytest.mark.parametrize("desktop", ["StatusNotifier"], indirect=True)
def test_what_a_hidden_window_refuses_is_told_where_it_is_seen(desktop: Desktop, scene: Scene) -> None:
    """As after *Back up now* in the tray."""
    assert desktop.notifier is not None
    gate = scene.folder / "gate"
    prepare(scene, "running", gate)
    window = desktop.start(scene)
    bring_about(window, "running")
    window.tell("close")
    window.until(lambda seen: not seen["visible"])
    assert desktop.notifier.notified.get(timeout=60)[0] == "BorgDesk is still running"
    window.process.terminate()
    window.until(lambda seen: "Start containers" in seen["scripts"])
    window.tell("back_up 1")
    told = desktop.notifier.notified.get(timeout=60)
    assert told == ("Backup not started", "BorgDesk is quitting, so no new backup can be started.")
    gate.touch()
    assert window.ends() == 0


@pytest.mark.parametrize("desktop", ["XEmbed"], indirect=True)
def test_a_tray_that_goes_away_gives_its_window_back(desktop: Desktop, scene: Scene) -> None:
    assert desktop.xembed is not None
    window = desktop.start(scene)
    bring_about(window, "hidden")
    desktop.xembed.close()
    desktop.xembed = None
    window.until(lambda seen: seen["minimized"])
    window.tell("close")
    assert window.ends() == 0


@pytest.mark.parametrize("desktop", ["none"], indirect=True)
def test_without_a_tray_an_idle_window_that_is_closed_ends(desktop: Desktop, scene: Scene) -> None:
    window = desktop.start(scene)
    bring_about(window, "idle")
    window.tell("close")
    assert window.ends() == 0


def test_a_display_that_goes_away_leaves_nothing_undone(bus: Bus, scene: Scene) -> None:
    """As at the end of many sessions: pending scripts are run by us, or by the guardian if Qt terminates us at once."""
    gate = scene.folder / "gate"
    gate.touch()
    prepare(scene, "running", gate)
    screen = Screen()
    desktop = Desktop(screen, bus, "none")
    try:
        window = desktop.start(scene)
        bring_about(window, "running")
        screen.__exit__()
        window.ends()
        runs = scene.workspace.store.runs
        while not runs.list()[0].status.is_final:
            time.sleep(0.1)
        last = scene.workspace.store.executions.of_run(runs.list()[0].id)[-1]
        assert (last.planned.name, last.status) == ("Start containers", ExecutionStatus.SUCCESS)
    finally:
        desktop.close()


@pytest.mark.parametrize("desktop", ["none"], indirect=True)
def test_a_signal_does_not_wait_for_an_answer(desktop: Desktop, scene: Scene) -> None:
    """The question about unsaved changes has its own event loop; the changes are kept as a draft."""
    window = desktop.start(scene)
    bring_about(window, "unsaved")
    leave("Ctrl+Q", desktop, window)
    window.until(lambda seen: seen["question"])
    window.process.terminate()
    assert window.ends() == 0
    check(scene, "SIGTERM", "unsaved")


def prepare(scene: Scene, state: str, gate: Path) -> None:
    """Prepare the state before the start."""
    if state in ("running", "recovering"):
        repository = scene.repository()
        scene.hook(repository, "Stop containers", "exec sleep 60", PRE)
        scene.hook(repository, "Start containers", f"while [ ! -e '{gate}' ]; do sleep 0.05; done", POST)
    if state == "recovering":
        runs = scene.workspace.store.runs
        dead = runs.queue(repository, Trigger.USER, DEAD, now())
        armed = runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
        scene.workspace.store.executions.begin(armed.executions[0].id, now())
        runs.set_step(dead.id, Step.PRE_BACKUP)


def bring_about(window: Window, state: str) -> None:
    """Create the work that is in progress at the end."""
    if state == "hidden":
        window.until(lambda seen: seen["visible"] and not seen["busy"])
        window.tell("close")
        window.until(lambda seen: not seen["visible"])
    elif state == "running":
        window.tell("back_up 1")
        window.until(lambda seen: "Stop containers" in seen["scripts"])
    elif state == "recovering":
        window.until(lambda seen: seen["busy"] and seen["recovers"])
    elif state == "unsaved":
        window.tell("edit")
        window.until(lambda seen: seen["unsaved"])
    else:
        window.until(lambda seen: not seen["busy"])


def check(scene: Scene, way: str, state: str) -> None:
    """Check that pending scripts have run and nothing was lost without a question."""
    runs = scene.workspace.store.runs
    if state in ("running", "recovering"):
        (run,) = runs.list()
        assert run.status is (RunStatus.CANCELLED if state == "running" else RunStatus.INTERRUPTED)
        last = scene.workspace.store.executions.of_run(run.id)[-1]
        assert (last.planned.name, last.status) == ("Start containers", ExecutionStatus.SUCCESS)
    if state == "unsaved":
        from borgdesk.engine.scripts.drafts import Drafts

        kept = [draft.edited.text for draft in Drafts(scene.workspace.paths.state).list()]
        assert kept == ([] if way in ASKING else ["#!/bin/bash\necho precious\n"])
