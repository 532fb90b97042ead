"""What backups keep stopped together, beside the title of the overview."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RunId
from borgdesk.engine.runs.held_services import HeldService, HoldState
from borgdesk.gui.overview.held_line import HeldLine


def held(name: str, state: HoldState, *runs: int) -> HeldService:
    return HeldService("0", name, state, tuple(map(RunId, runs)), None)


def test_it_names_the_service_and_the_runs(qtbot: QtBot) -> None:
    line = HeldLine()
    qtbot.addWidget(line)
    line.show_services([held("Stop web", HoldState.HELD, 17, 18)])
    assert line.text() == line.toolTip() == "“Stop web”: stopped for runs 17 and 18"
    assert not line.isHidden()
    line.show_services([held("Stop web", HoldState.TAKING, 17), held("Stop db", HoldState.RELEASING, 18)])
    assert line.text() == "“Stop web”: being stopped for run 17 (and 1 more service)"
    assert line.toolTip().splitlines()[1] == "“Stop db”: to be started again by run 18"
    line.show_services([])
    assert line.isHidden()
