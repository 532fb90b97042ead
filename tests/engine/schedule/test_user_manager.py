"""The units in a real systemd user manager.

The program that the units start is a script that says what it is called with, and in which environment.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.schedule.unit_texts import NAMES, RUN, TICK, TIMER, mount_unit
from borgdesk.engine.schedule.units import Units, install, refresh, start_run, state, uninstall
from tests.user_manager import PATIENCE, UserManager

PROGRAM = """#!/bin/sh
say() { echo "$*" >"$BORGDESK_HOME/said"; }
if [ "$1" = run ]; then
    (read -r _ <"$BORGDESK_HOME/asked"; say guarded) &
fi
say "$* $TZ"
if [ "$1" = run ]; then
    read -r code <"$BORGDESK_HOME/code"
    exit "$code"
fi
"""
AT_THE_END = r"""[Service]
ExecStopPost=/bin/sh -c 'echo "ended: $$SERVICE_RESULT" >"$$BORGDESK_HOME/said"'
"""
SOON = """[Timer]
AccuracySec=1ms
OnActiveSec=1ms
OnUnitActiveSec=100ms
"""


class Manager(UserManager):
    """A user manager, and what its services say."""

    def __init__(self, folder: Path) -> None:
        # Characters that mean something to systemd or to a shell.
        self.home = folder / 'it\'s "100%h" of $HOME; é\n\\x41'
        self.home.mkdir(mode=0o700)
        self._pipes = {}
        for name in ("said", "asked", "code"):
            os.mkfifo(self.home / name)
            self._pipes[name] = os.open(self.home / name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        own = {"HOME": str(folder), "TZ": "Pacific/Chatham", "BORGDESK_HOME": str(self.home)}
        super().__init__(folder, {**os.environ, **own})

    def end(self) -> None:
        """Kill it and all of its services."""
        super().end()
        for pipe in self._pipes.values():
            os.close(pipe)

    def provide(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let BorgDesk be installed in another folder."""
        folder = self.home / name
        folder.mkdir()
        (folder / "borgdesk").write_text(PROGRAM)
        (folder / "borgdesk").chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(folder / "python"))

    def said(self) -> str:
        """Wait for the next line that a service writes."""
        said = b""
        while not said.endswith(b"\n"):
            assert select.select([self._pipes["said"]], [], [], PATIENCE)[0], said
            said += os.read(self._pipes["said"], 1)
        return said.decode().strip()

    def tell(self, name: str, line: str) -> None:
        os.write(self._pipes[name], f"{line}\n".encode())


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    manager.start()
    try:
        manager.provide("program", monkeypatch)
        manager.drop_in(RUN, AT_THE_END)
        yield manager
    finally:
        manager.end()


def test_the_timer_starts_what_is_due_again_and_again(manager: Manager) -> None:
    assert state(manager.environment).units is Units.MISSING
    drop_in = manager.drop_in(TIMER, SOON)
    install(manager.environment)
    assert [manager.said(), manager.said()] == ["due --start Pacific/Chatham"] * 2
    assert state(manager.environment).units is Units.CURRENT
    assert drop_in.read_text() == SOON


def test_a_run_that_is_killed_leaves_its_guardian_alive(manager: Manager) -> None:
    install(manager.environment)
    start_run(manager.environment, RepositoryId(7))
    assert manager.said() == "run --scheduled 7 Pacific/Chatham"
    manager.systemctl("kill", "--kill-who=main", "--signal=KILL", "borgdesk-run@7.service")
    assert manager.said() == "ended: signal"
    manager.tell("asked", "go")
    assert manager.said() == "guarded"


def test_a_run_is_started_once(manager: Manager) -> None:
    install(manager.environment)
    service = "borgdesk-run@7.service"
    start_run(manager.environment, RepositoryId(7))
    assert manager.said() == "run --scheduled 7 Pacific/Chatham"
    first = manager.systemctl("show", "--property=MainPID", service)
    start_run(manager.environment, RepositoryId(7))
    manager.systemctl("start", service)  # returns when systemd has done all it was asked for before
    assert manager.systemctl("show", "--property=MainPID", service) == first


def test_only_a_failed_run_is_a_failed_service(manager: Manager) -> None:
    install(manager.environment)
    for code, result in ((0, "success"), (1, "success"), (75, "success"), (130, "success"), (2, "exit-code")):
        start_run(manager.environment, RepositoryId(code))
        manager.said()
        manager.tell("code", str(code))
        assert manager.said() == f"ended: {result}"


def test_what_is_turned_off_stays_off_when_the_program_has_moved(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(manager.environment)
    manager.systemctl("disable", "--now", TIMER)
    manager.provide("moved", monkeypatch)
    shutil.rmtree(manager.home / "program")
    assert refresh(manager.environment)
    assert state(manager.environment).units is Units.TURNED_OFF
    manager.systemctl("start", TICK)
    assert manager.said() == "due --start Pacific/Chatham"
    install(manager.environment)
    assert state(manager.environment).units is Units.CURRENT


def test_a_disk_starts_its_backup_each_time_it_appears(manager: Manager, tmp_path: Path) -> None:
    disk, folder = tmp_path / "My dïsk-1.x", tmp_path / "inside"
    disk.mkdir()
    folder.mkdir()
    install(manager.environment, {RepositoryId(7): str(disk)})
    for _ in range(2):
        manager.mount(folder, disk)
        assert manager.said() == "due --connected 7 Pacific/Chatham"
        manager.unmount(disk, mount_unit(str(disk)))
        manager.stopped("borgdesk-disk-7.service")


def test_a_disk_that_is_there_at_the_login_counts_as_connected(manager: Manager, tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "inside"
    disk.mkdir()
    folder.mkdir()
    install(manager.environment, {RepositoryId(7): str(disk)})
    manager.log_out()
    subprocess.run(["mount", "--bind", folder, disk], check=True)
    try:
        manager.start()
    finally:
        subprocess.run(["umount", disk], check=True)
    assert manager.said() == "due --connected 7 Pacific/Chatham"


def test_a_disk_that_is_mounted_elsewhere_now(manager: Manager, tmp_path: Path) -> None:
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "inside"
    for each in (old, new, folder):
        each.mkdir()
    install(manager.environment, {RepositoryId(7): str(old)})
    assert refresh(manager.environment, {RepositoryId(7): str(new)})
    assert state(manager.environment, {RepositoryId(7): str(new)}).units is Units.CURRENT
    manager.mount(folder, old)
    manager.mount(folder, new)
    assert manager.said() == "due --connected 7 Pacific/Chatham"
    assert "borgdesk" not in manager.systemctl("show", "--property=Wants", mount_unit(str(old)))
    assert refresh(manager.environment)
    assert list(manager.units.rglob("*disk*")) == []


def test_uninstalling_leaves_nothing(manager: Manager) -> None:
    install(manager.environment, {RepositoryId(7): "/media/disk"})
    start_run(manager.environment, RepositoryId(7))
    manager.said()
    manager.tell("code", "2")
    assert manager.said() == "ended: exit-code"
    manager.stopped("borgdesk-run@7.service")
    assert uninstall(manager.environment)
    assert [path for path in manager.units.rglob("*") if path.is_file() or path.is_symlink()] == [
        manager.units / f"{RUN}.d" / "test.conf"
    ]
    assert manager.systemctl("list-units", "--all", "--plain", "--no-legend", "borgdesk-tick*") == ""
    assert manager.systemctl("list-units", "--failed", "--plain", "--no-legend", "borgdesk*") == ""
    assert state(manager.environment).units is Units.MISSING


def test_a_run_under_way_keeps_its_unit_until_it_has_ended(manager: Manager) -> None:
    install(manager.environment)
    start_run(manager.environment, RepositoryId(7))
    manager.said()
    assert uninstall(manager.environment)
    assert [name for name in NAMES if (manager.units / name).exists()] == [RUN]
    assert state(manager.environment).units is Units.MISSING
    manager.systemctl("kill", "--kill-who=main", "--signal=KILL", "borgdesk-run@7.service")
    assert manager.said() == "ended: signal"
    manager.tell("asked", "go")
    assert manager.said() == "guarded"
    manager.stopped("borgdesk-run@7.service")
    assert refresh(manager.environment)
    assert [name for name in NAMES if (manager.units / name).exists()] == []
