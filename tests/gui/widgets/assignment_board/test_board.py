"""The board over a real store: what people do with mouse and keyboard is what is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, Hook, Outcome
from borgdesk.engine.assigning import Changes, edit_assignment
from borgdesk.engine.confiding import secret_owner
from borgdesk.gui.background import Background
from borgdesk.gui.widgets.assignment_board.board import AssignmentBoard
from borgdesk.gui.widgets.assignment_board.cards import CARD_MIME, CARD_ROLE
from tests.gui.scene import LAST, POST, PRE, Scene
from tests.gui.stage import drag

Make = Callable[..., AssignmentBoard]


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return add_repository(scene, "Documents")


def add_repository(scene: Scene, name: str) -> Repository:
    """Nothing here asks Borg, so none needs to be made."""
    return scene.workspace.store.repositories.add(Repository(0, name, f"/backup/{name}", (str(scene.source),)))


@pytest.fixture
def make(scene: Scene, background: Background, qtbot: QtBot, repository: Repository) -> Make:
    def make(*shape: str) -> AssignmentBoard:
        """Lanes by the letters of their scripts: ``make("ab", "c")``; a script called "x" is in the library only."""
        scripts = {letter: scene.script(letter, "true") for letter in sorted({*"".join(shape), "x"})}
        for hook, letters in zip(LANES, shape, strict=False):
            for letter in letters:
                scene.assign(repository, scripts[letter], hook)
        board = AssignmentBoard(scene.workspace, background)
        qtbot.addWidget(board)
        board.resize(700, 760)
        with qtbot.waitExposed(board):
            board.show()
        with qtbot.waitSignal(board.shown):
            board.show_repository(repository.id)
        return board

    return make


def stored(scene: Scene, repository: Repository) -> list[str]:
    found = scene.workspace.store.assignments.list(repository.id)
    return ["".join(one.script for one in found if one.hook is hook) for hook in LANES]


def shown(board: AssignmentBoard) -> list[str]:
    lanes = [board.lanes[hook].cards for hook in LANES]
    return ["".join(lane.card(row).assignment.script for row in range(lane.rowCount())) for lane in lanes]


def pick(board: AssignmentBoard, name: str) -> int:
    one = next(one for one in board.assignments if one.script == name)
    board.select(one.id)
    board.lanes[one.hook].view.setFocus()
    return one.id


def changed(qtbot: QtBot, board: AssignmentBoard, act: Callable[[], object]) -> None:
    with qtbot.waitSignal(board.changed):
        act()


def middle(board: AssignmentBoard, hook: Hook, row: int, part: float = 0.5) -> QPoint:
    view = board.lanes[hook].view
    rect = view.visualRect(view.lane.index(row))
    return QPoint(rect.center().x(), rect.top() + round(rect.height() * part))


def test_it_shows_the_lanes(make: Make) -> None:
    board = make("ab", "c", "d")
    assert shown(board) == ["ab", "c", "d"]


def test_keys_move_cards_and_go_on_in_the_next_lane(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("ab", "c")
    alt = Qt.KeyboardModifier.AltModifier
    pick(board, "a")
    expected = [["ba", "c", ""], ["b", "ac", ""], ["b", "ca", ""], ["b", "c", "a"]]
    for now in expected:
        view = next(lane.view for lane in board.lanes.values() if lane.view.selected_id() is not None)
        changed(qtbot, board, lambda view=view: QTest.keyClick(view, Qt.Key.Key_Down, alt))  # type: ignore[misc]
        assert stored(scene, repository) == shown(board) == now
    view = board.lanes[LAST].view
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Up, alt))
    assert shown(board) == ["b", "ca", ""]


def test_delete_removes_and_space_switches(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("ab")
    pick(board, "a")
    view = board.lanes[PRE].view
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Space))
    assert [one.enabled for one in scene.workspace.store.assignments.list(repository.id)] == [False, True]
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Delete))
    assert stored(scene, repository) == ["b", "", ""]
    assert [script.name for script in scene.workspace.store.scripts.list()] == ["a", "b", "x"]


def test_a_click_on_the_switch_switches_and_one_beside_it_does_not(make: Make, qtbot: QtBot) -> None:
    board = make("a")
    view = board.lanes[PRE].view
    rect = view.visualRect(view.lane.index(0))
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(view.viewport(), left, Qt.KeyboardModifier.NoModifier, rect.center())
    assert board.selected() is not None
    changed(
        qtbot,
        board,
        lambda: QTest.mouseClick(
            view.viewport(), left, Qt.KeyboardModifier.NoModifier, rect.topLeft() + QPoint(16, 16)
        ),
    )
    assert not board.assignments[0].enabled


@dataclass(frozen=True)
class Drag:
    """Of a card before the backup to a point of a card: above its middle means before it."""

    name: str
    hook: Hook
    row: int
    part: float
    expected: list[str]


@pytest.mark.parametrize(
    "case",
    [
        Drag("a", PRE, 1, 0.95, ["ba", "c", ""]),
        Drag("b", PRE, 0, 0.05, ["ba", "c", ""]),
        Drag("a", POST, 0, 0.05, ["b", "ac", ""]),
        Drag("a", POST, 0, 0.95, ["b", "ca", ""]),
    ],
)
def test_cards_are_dragged(make: Make, qtbot: QtBot, scene: Scene, repository: Repository, case: Drag) -> None:
    board = make("ab", "c")
    source, target = board.lanes[PRE].view, board.lanes[case.hook].view
    end = middle(board, case.hook, case.row, case.part)
    changed(qtbot, board, lambda: drag(source, "ab".index(case.name), target.viewport(), end))
    assert stored(scene, repository) == shown(board) == case.expected
    selected = board.selected()
    assert selected is not None
    assert selected.script == case.name


def test_into_an_empty_lane_and_out_of_all(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("a")
    source, target = board.lanes[PRE].view, board.lanes[LAST].view
    end = target.viewport().rect().center()
    changed(qtbot, board, lambda: drag(source, 0, target.viewport(), end))
    assert stored(scene, repository) == ["", "", "a"]
    library = board.library.list.viewport()
    changed(qtbot, board, lambda: drag(target, 0, library, library.rect().center()))
    assert stored(scene, repository) == ["", "", ""]


def test_scripts_are_dragged_from_the_library(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("a")
    target = board.lanes[PRE].view.viewport()
    changed(qtbot, board, lambda: drag(board.library.list, 1, target, middle(board, PRE, 0, 0.05)))
    assert stored(scene, repository) == ["xa", "", ""]
    selected = board.selected()
    assert selected is not None
    assert selected.script == "x"


def test_a_drag_from_another_program_is_refused(make: Make) -> None:
    board = make("a")
    data = QMimeData()
    data.setData(CARD_MIME, QByteArray(b"rm -rf"))
    assert not board.lanes[PRE].cards.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    data.setText("text")
    assert board.assignments[0].script == "a"


def test_undo_and_redo(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("ab")
    first = scene.workspace.store.assignments.list(repository.id)
    changed(qtbot, board, lambda: board.remove(pick(board, "a")))
    changed(qtbot, board, lambda: board.add_script(scene.workspace.store.scripts.get("x").id, POST))
    control = Qt.KeyboardModifier.ControlModifier
    view = board.lanes[PRE].view
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Z, control))
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Z, control))
    assert scene.workspace.store.assignments.list(repository.id) == first
    shift = control | Qt.KeyboardModifier.ShiftModifier
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Z, shift))
    changed(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Z, shift))
    assert stored(scene, repository) == ["b", "x", ""]


def test_many_quick_changes_all_happen(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("abcd")
    ids = [one.id for one in board.assignments]
    for one in ids:
        board.put(one, POST, 0)
    qtbot.waitUntil(lambda: shown(board) == ["", "dcba", ""])
    assert stored(scene, repository) == ["", "dcba", ""]


def test_a_removed_secret_is_forgotten_when_the_board_is_left(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("a")
    one = edit_assignment(scene.workspace, board.assignments[0], Changes(secrets={"TOKEN": "hush"}))
    with qtbot.waitSignal(board.shown):
        board.reload()
    changed(qtbot, board, lambda: board.remove(one.id))
    assert scene.workspace.secrets.get(secret_owner(one.id), "TOKEN") == "hush"
    other = add_repository(scene, "Other")
    with qtbot.waitSignal(board.shown):
        board.show_repository(other.id)
    qtbot.waitUntil(lambda: scene.workspace.secrets.get(secret_owner(one.id), "TOKEN") is None)


def test_what_happens_if(make: Make, scene: Scene, repository: Repository, qtbot: QtBot) -> None:
    scene.hook(repository, "only failure", "true", POST, run_on="failure")
    board = make("a", "b")
    board.outcomes.button(Outcome.SUCCESS).click()
    cards = [board.lanes[POST].cards.card(row) for row in range(2)]
    assert [card.is_dim for card in cards] == [True, False]
    assert cards[0].remark == "Condition is failure, outcome was success"
    board.outcomes.button(Outcome.FAILURE).click()
    cards = [board.lanes[POST].cards.card(row) for row in range(2)]
    assert [card.is_dim for card in cards] == [False, False]
    board.outcomes.button(Outcome.FAILURE).click()
    assert all(board.lanes[POST].cards.card(row).decision is None for row in range(2))


def test_a_repository_s_own_script_can_move_to_the_library(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    scene.workspace.store.repositories.update(replace(repository, pre_script="true\n"))
    board = make("", "")
    button = next(one for one in board.lanes[PRE].findChildren(QPushButton) if one.text() == "Move to library")
    changed(qtbot, board, button.click)
    qtbot.waitUntil(lambda: shown(board)[0] != "")
    assert scene.workspace.store.repositories.get(repository.id).pre_script == ""


def test_a_script_that_is_gone_is_told_and_nothing_is_changed(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("a")
    gone = scene.workspace.store.scripts.get("x")
    scene.workspace.store.scripts.remove(gone.id)
    board.add_script(gone.id, PRE)
    qtbot.waitUntil(lambda: bool(board.notice.text))
    assert "There is no script" in board.notice.text
    assert stored(scene, repository) == ["a", "", ""]


def test_search_finds_words_in_any_order(make: Make, scene: Scene, qtbot: QtBot) -> None:
    scene.script("Stop containers of Nextcloud", "true")
    board = make("a")
    QTest.keyClicks(board.library.search, "next stop")
    model = board.library.list.model()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["Stop containers of Nextcloud"]


def test_screen_readers_hear_all_of_a_card(make: Make) -> None:
    board = make("a")
    index = board.lanes[PRE].cards.index(0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "a. Always · at most 5 min"
    assert index.data(CARD_ROLE).assignment.script == "a"
