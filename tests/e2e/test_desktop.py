"""Notifications and the tray icon with a real notification daemon and a real panel."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtGui import QColor

from borgdesk.domain.events import RunEnded
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus
from borgdesk.domain.schedule import Conditions, Hours
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine import notices
from borgdesk.engine.desktop.notification_session import name_on_bus
from borgdesk.gui.look.theme import Tone
from borgdesk.store.clock import now
from tests.e2e.desktop import MISSING, Desktop
from tests.e2e.window import Window
from tests.engine.desk import wait_until
from tests.gui.scene import POST, PRE, Scene
from tests.real_borg import borg_program

pytestmark = [
    pytest.mark.gui,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"this desktop needs {', '.join(MISSING)}"),
]

AGAIN, SHOW = ("again", "Back up again"), ("show", "Show log")
BAD, WORKING = (tone.value[0] for tone in (Tone.BAD, Tone.WORKING))
NOT_YET = QColor(WORKING).lighter(220).name()
"""The colour of what is left of a backup, on the icon."""


class Bench:
    """A desktop, and BorgDesk on it."""

    def __init__(self, scene: Scene, desktop: Desktop) -> None:
        self.scene, self.desktop = scene, desktop
        self.home = scene.workspace.paths.home
        assert self.home is not None
        # For commands that the scene starts, and for a window that they open.
        self.environment = {**desktop.environment, "BORGDESK_HOME": str(self.home)}
        scene.workspace = replace(scene.workspace, environment=self.environment)
        self.windows: list[Window] = []

    def open(self, **environment: str) -> Window:
        """Open the window, and wait until it shows the notifications of all processes."""
        assert self.home is not None
        self.windows.append(Window({**self.environment, **environment}, self.home))
        self.windows[-1].until(lambda seen: seen["open"] and not seen["busy"])
        wait_until(self.shows_notifications)
        return self.windows[-1]

    def shows_notifications(self) -> bool:
        """Return whether a process is there that shows the notifications of others."""
        return self.desktop.owns(name_on_bus(self.scene.workspace.paths))

    def run(self, repository: Repository) -> None:
        """Back up and tell of it as a timer does."""
        workspace, run = self.scene.workspace, self.scene.run(repository)
        ended = RunEnded(run.id, run.repository, run.status, run_sentence(run))
        notices.send_without_window(workspace, notices.of_end(workspace, workspace.store.settings.read(), ended))

    def statuses(self) -> list[RunStatus]:
        """Return how the runs have ended, the latest first."""
        return [run.status for run in self.scene.workspace.store.runs.list()]

    def wait_for_runs(self, *statuses: RunStatus) -> None:
        """Wait until the runs are these, the latest first."""
        wait_until(lambda: self.statuses() == [*statuses])
        if self.windows:
            self.windows[-1].until(lambda seen: not seen["busy"])

    def breaks(self, repository: Repository) -> Path:
        """Give a repository a script that fails until the file that is returned exists."""
        mended = self.scene.folder / f"mended-{repository.name}"
        self.scene.hook(repository, f"Stop {repository.name}", f"[ -e {shlex.quote(str(mended))} ]", PRE)
        return mended


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[[bool], Bench]]:
    scene = Scene(tmp_path)
    benches: list[Bench] = []

    def make(tray: bool) -> Bench:
        benches.append(Bench(scene, Desktop(tmp_path / "desktop", tray=tray)))
        return benches[-1]

    yield make
    for bench in benches:
        for window in bench.windows:
            window.close()
        bench.desktop.__exit__()
    scene.close()


@pytest.fixture
def bench(make_bench: Callable[[bool], Bench]) -> Bench:
    return make_bench(True)


@pytest.fixture(params=[True, False], ids=["tray", "no tray"])
def any_bench(make_bench: Callable[[bool], Bench], request: pytest.FixtureRequest) -> Bench:
    return make_bench(request.param)


def test_a_failure_is_tried_again_and_shown_by_its_buttons(any_bench: Bench) -> None:
    bench, desktop = any_bench, any_bench.desktop
    repository = bench.scene.repository()
    bench.breaks(repository)
    window = bench.open()
    bench.run(repository)
    first = desktop.notification(1)
    assert (first.title, first.urgency) == ("Backup failed", "CRITICAL")
    assert first.text == "Backup of Documents failed. The script “Stop Documents” failed (exit 1)."
    assert first.buttons == {AGAIN, SHOW, ("default", "Show log")}
    desktop.press("Back up again")
    second = desktop.notification(2)
    bench.wait_for_runs(RunStatus.FAILURE, RunStatus.FAILURE)
    assert desktop.visible() == 1, "a click has closed the first"
    assert second.buttons == first.buttons
    window.until(lambda seen: seen["steps"])
    window.tell("open_page overview")
    window.until(lambda seen: not seen["steps"])
    desktop.press("Show log")
    assert window.until(lambda seen: seen["steps"])["steps"] == ["Stop Documents", "Backup (Borg)"]
    wait_until(lambda: desktop.visible() == 0)


def test_each_repository_has_one_notification_and_hears_that_it_works_again(bench: Bench) -> None:
    """Without a window, as the timer runs them."""
    desktop = bench.desktop
    documents, photos = bench.scene.repository("Documents"), bench.scene.repository("Photos")
    mended = bench.breaks(documents)
    bench.breaks(photos)
    numbers: list[int] = []
    for repository in (documents, photos, documents, photos):
        bench.run(repository)
        numbers.append(desktop.notification(len(numbers) + 1).number)
    assert numbers[:2] == numbers[2:]
    assert desktop.visible() == 2
    mended.touch()
    bench.run(documents)
    good = desktop.notification(5)
    assert (good.number, good.title, good.urgency) == (numbers[0], "Backups work again", "NORMAL")
    assert "again" not in dict(good.buttons)
    bench.run(documents)
    assert len(desktop.received) == 5, "one good backup after another is no news"
    assert desktop.visible() == 2
    assert bench.shows_notifications()
    desktop.close_all()
    wait_until(lambda: not bench.shows_notifications())


def test_a_click_on_what_nobody_shows_any_more_opens_the_window(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.breaks(repository)
    bench.run(repository)
    bench.desktop.notification(1)
    bench.desktop.click()
    found = bench.desktop.screen.xdotool("search", "--sync", "--onlyvisible", "--name", "^BorgDesk")
    process = int(bench.desktop.screen.xdotool("getwindowpid", found.splitlines()[0]))
    try:
        assert bench.desktop.icon().menu()["Quit"]
        wait_until(lambda: bench.desktop.visible() == 0)
    finally:
        os.kill(process, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{process}").exists())


def test_what_is_overdue_can_be_backed_up_at_once(any_bench: Bench) -> None:
    bench, desktop = any_bench, any_bench.desktop
    repository = bench.scene.repository()
    # Nothing starts by itself at this time of the day.
    begin, end = ((datetime.now() + timedelta(hours=hours)).time() for hours in (3, 4))  # noqa: DTZ005 - local time
    conditions = Conditions(on_battery=True, between=Hours.parse(f"{begin:%H:%M}-{end:%H:%M}"))
    bench.scene.schedule(repository, "0 2 * * *", since=now() - timedelta(days=9), conditions=conditions)
    bench.open()
    told = desktop.notification(1)
    assert (told.title, told.urgency) == ("The backup of “Documents” is overdue", "CRITICAL")
    assert told.text == "There has been no good backup yet."
    desktop.press("Back up now")
    bench.wait_for_runs(RunStatus.SUCCESS)
    assert desktop.visible() == 0


def test_the_panel_shows_the_icon_and_its_menu(bench: Bench) -> None:
    desktop, scene = bench.desktop, bench.scene
    repository = scene.repository()
    gate = scene.gate()
    scene.hook(repository, "Stop containers", f"{gate.line}; exit 1", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    window = bench.open()
    icon = desktop.icon()
    wait_until(lambda: "Documents" in icon.menu())
    assert icon.menu() == {
        "Nothing is running": False, "Back up now": True, "Documents": True, "Stop all backups": False,
        "Open BorgDesk": True, "Quit": True,
    }  # fmt: skip
    assert not {BAD, WORKING} & desktop.colours_in_tray()
    icon.choose("Documents")
    window.until(lambda seen: seen["scripts"] == ["Stop containers"])
    wait_until(lambda: WORKING in desktop.colours_in_tray())
    assert NOT_YET not in desktop.colours_in_tray(), "nobody knows how far it is"
    assert icon.menu()["Stop all backups"]
    assert "Documents: running “Stop containers”" in icon.menu()
    gate.open()
    bench.wait_for_runs(RunStatus.FAILURE)
    wait_until(lambda: BAD in desktop.colours_in_tray() and WORKING not in desktop.colours_in_tray())
    assert "Nothing is running" in icon.menu()


def test_the_icon_fills_as_a_backup_proceeds(bench: Bench) -> None:
    """Half of the last good backup, as its size says."""
    borg, progress = bench.scene.folder / "borg", bench.scene.folder / "progress"
    borg.write_text(f"""#!/bin/bash
case " $* " in
    *' create '*) while cat {shlex.quote(str(progress))} >&2; do sleep 0.2; done ;;
esac
exec {shlex.quote(borg_program())} "$@"
""")
    borg.chmod(0o700)
    repository = bench.scene.repository()
    good = bench.scene.run(repository)
    assert good.statistics is not None
    half = good.statistics.original_size // 2
    sizes = {"original_size": half, "compressed_size": half, "deduplicated_size": half}
    progress.write_text(json.dumps({"type": "archive_progress", **sizes, "nfiles": 1, "path": "letter"}) + "\n")
    bench.open(BORGDESK_BORG=str(borg))
    icon = bench.desktop.icon()
    wait_until(lambda: "Documents" in icon.menu())
    icon.choose("Documents")
    wait_until(lambda: {NOT_YET, WORKING} <= bench.desktop.colours_in_tray())
    progress.unlink()
    bench.wait_for_runs(RunStatus.SUCCESS, RunStatus.SUCCESS)
    wait_until(lambda: not {NOT_YET, WORKING, BAD} & bench.desktop.colours_in_tray())


def test_a_closed_window_comes_back_from_the_panel(bench: Bench) -> None:
    """By a click on the icon, and by the menu that the panel shows."""
    window = bench.open()
    bench.desktop.icon()
    for back in ("click", "menu"):
        window.tell("close")
        window.until(lambda seen: not seen["visible"])
        if back == "click":
            bench.desktop.click_icon()
        else:
            bench.desktop.click_icon(3)
            # From the end: Quit, and before it Open.
            bench.desktop.screen.type_keys("Up", "Up", "Return")
        window.until(lambda seen: seen["visible"])
    assert bench.desktop.notification(1).title == "BorgDesk is still running"


def test_without_a_tray_a_closed_window_is_minimised(make_bench: Callable[[bool], Bench]) -> None:
    bench = make_bench(False)
    repository = bench.scene.repository()
    gate = bench.scene.gate()
    bench.scene.hook(repository, "Stop containers", gate.line, PRE)
    window = bench.open()
    assert not window.until(lambda seen: seen["visible"])["tray"]
    window.tell(f"back_up {repository.id}")
    window.until(lambda seen: seen["scripts"])
    window.tell("close")
    window.until(lambda seen: seen["minimized"])
    gate.open()
    bench.wait_for_runs(RunStatus.SUCCESS)
