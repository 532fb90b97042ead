"""Sharing a pair on the board."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunOn
from borgdesk.gui.lanes.board import AssignmentBoard
from borgdesk.gui.lanes.cards import facts_of
from borgdesk.gui.lanes.chips import Chip, chips_of
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return scene.repository("Documents")


def board_of(scene: Scene, background: Background, qtbot: QtBot, repository: Repository) -> AssignmentBoard:
    for name, hook in (("Stop web", Hook.PRE_BACKUP), ("Start web", Hook.POST_BACKUP), ("Report", Hook.POST_RUN)):
        scene.assign(repository, scene.script(name, "true"), hook)
    board = AssignmentBoard(scene.workspace, background)
    qtbot.addWidget(board)
    with qtbot.waitExposed(board):
        board.show()
    with qtbot.waitSignal(board.shown):
        board.show_repository(repository.id)
    return board


def menu_of(board: AssignmentBoard, place: int) -> dict[str, QAction]:
    one = board.assignments[place]
    board.select(one.id)
    opened: list[QMenu] = []
    with patch.object(QMenu, "popup", lambda menu, _point: opened.append(menu)):
        board.board_actions.open_menu(one, QPoint(0, 0))
    return {action.text(): action for action in opened[0].actions()}


def test_a_pair_is_shared_from_the_menu_of_either_card(
    scene: Scene, background: Background, qtbot: QtBot, repository: Repository
) -> None:
    board = board_of(scene, background, qtbot, repository)
    name = "S&hare this pair with other backups"
    assert name not in menu_of(board, 2)
    for place, shared in ((0, ""), (1, None)):
        with qtbot.waitSignal(board.changed):
            menu_of(board, place)[name].trigger()
        assert [one.shared for one in board.assignments] == [shared, shared, None]
    with qtbot.waitSignal(board.changed):
        board.board_actions.undo.trigger()
    stop = scene.workspace.store.assignments.list(repository.id)[0]
    assert stop.shared == ""
    assert Chip("shared") in chips_of(stop)
    assert "shared with other backups" in facts_of(stop)


def test_the_script_after_the_backup_then_runs_always(
    scene: Scene, background: Background, qtbot: QtBot, repository: Repository
) -> None:
    board = board_of(scene, background, qtbot, repository)
    start = board.assignments[1]
    details = scene.workspace.store.scripts.get(start.script_id).details
    scene.workspace.store.scripts.edit(start.script_id, details._replace(run_on=RunOn.parse("success")))
    with qtbot.waitSignal(board.shown):
        board.show_repository(repository.id)
    with qtbot.waitSignal(board.changed):
        board.share(start.id, True)
    assert board.assignments[1].effective.run_on.always
