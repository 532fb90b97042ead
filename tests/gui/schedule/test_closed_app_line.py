"""Whether backups start while the program is closed, and the button that makes it so; systemctl is a stand-in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.engine.schedule.unit_texts import NAMES
from borgdesk.gui.schedule.closed_app_line import ClosedAppLine
from borgdesk.gui.workers.background import Background
from tests import empty_database

SYSTEMCTL = """#!/bin/sh
shift
case "$1" in
    "$(cat "$HOME/failing")") echo "Failed to $1: not today." >&2; exit 1 ;;
    enable) echo enabled >"$HOME/state" ;;
    show) echo "UnitFileState=$(cat "$HOME/state")" ;;
esac
"""


class Machine:
    """The folders of a user, and programs of systemd."""

    def __init__(self, folder: Path) -> None:
        self.folder, programs = folder, folder / "programs"
        self.units = folder / "config" / "systemd" / "user"
        self.private = folder / "runtime" / "systemd" / "private"
        programs.mkdir()
        self.private.parent.mkdir(parents=True)
        self.private.touch()
        for name, text in (("systemctl", SYSTEMCTL), ("systemd-analyze", "#!/bin/sh\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.say("state", "disabled")
        self.say("failing", "nothing")
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "BORGDESK_HOME": os.environ["BORGDESK_HOME"],
        }
        self.workspace = empty_database.opened(self.environment)

    def say(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.workspace.store.close()


def shown(machine: Machine, background: Background, qtbot: QtBot) -> ClosedAppLine:
    line = ClosedAppLine(machine.workspace, background)
    qtbot.addWidget(line)
    with qtbot.waitSignal(line.shown, timeout=30_000):
        line.refresh()
    return line


def press(line: ClosedAppLine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(line.shown, timeout=30_000):
        line.button.click()


def test_one_click_lets_backups_start_while_the_program_is_closed(
    machine: Machine, background: Background, qtbot: QtBot
) -> None:
    line = shown(machine, background, qtbot)
    assert line.text.text().startswith("Backups start only while BorgDesk is running, in its window")
    assert line.button.isVisibleTo(line)
    press(line, qtbot)
    assert sorted(path.name for path in machine.units.iterdir() if path.is_file()) == sorted(NAMES)
    assert line.text.text().startswith("Backups also start while BorgDesk is closed.")
    assert not line.button.isVisibleTo(line)
    machine.say("state", "disabled")
    with qtbot.waitSignal(line.shown, timeout=30_000):
        line.refresh()
    assert "turned off" in line.text.text()
    press(line, qtbot)
    assert line.text.text().startswith("Backups also start while BorgDesk is closed.")
    (machine.units / NAMES[0]).write_text("[Unit]\n")
    with qtbot.waitSignal(line.shown, timeout=30_000):
        line.refresh()
    assert line.button.text() == "Repair"


def test_what_systemd_refuses_is_told_beside_the_button(machine: Machine, background: Background, qtbot: QtBot) -> None:
    line = shown(machine, background, qtbot)
    machine.say("failing", "enable")
    press(line, qtbot)
    assert "not today" in line.problem.text
    assert line.button.isEnabled()
    machine.say("failing", "nothing")
    press(line, qtbot)
    assert line.problem.text == ""
    assert not line.button.isVisibleTo(line)


def test_without_systemd_it_is_said_in_one_sentence(machine: Machine, background: Background, qtbot: QtBot) -> None:
    machine.private.unlink()
    line = shown(machine, background, qtbot)
    assert "because systemd is not available here" in line.text.text()
    assert not line.button.isVisibleTo(line)
