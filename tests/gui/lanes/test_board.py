"""Assignment board over a real store: actions with mouse and keyboard, and what they store."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.downtime import Side
from borgdesk.domain.errors import BorgDeskError, StoreUnusable
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import ALWAYS, LANES, ExecutionStatus, Hook, OnFailure, Outcome, RunOn
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import RepositoryLanes
from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from borgdesk.engine.lanes.copying import assign_in, copies
from borgdesk.engine.lanes.inline_scripts import InlineChange, change_inline
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.gui.lanes import lane_view
from borgdesk.gui.lanes.advice_row import AdviceRow
from borgdesk.gui.lanes.board import AssignmentBoard
from borgdesk.gui.lanes.cards import CARD_ROLE
from borgdesk.gui.lanes.chips import chips_of, values_of
from borgdesk.gui.lanes.comparison_dialog import ComparisonDialog
from borgdesk.gui.lanes.drag import CARD_MIME, SCRIPT_MIME
from borgdesk.gui.lanes.drag_scroller import DragScroller
from borgdesk.gui.lanes.gutter import was_down
from borgdesk.gui.lanes.inline_card import InlineCard
from borgdesk.gui.lanes.inline_scripts import ScriptRequest
from borgdesk.gui.lanes.repositories_dialog import RepositoriesDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import LAST, POST, PRE, Scene
from tests.gui.stage import drag

Make = Callable[..., AssignmentBoard]


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return add_repository(scene, "Documents")


def add_repository(scene: Scene, name: str) -> Repository:
    """Add a repository without creating it: nothing here calls Borg."""
    return scene.workspace.store.repositories.add(
        Repository(RepositoryId(0), name, f"/backup/{name}", (str(scene.source),))
    )


@pytest.fixture
def make(scene: Scene, background: Background, qtbot: QtBot, repository: Repository) -> Make:
    def make(*shape: str) -> AssignmentBoard:
        """Create lanes from the letters of their scripts: ``make("ab", "c")``; script "x" is only in the library."""
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
    return ["".join(one.script for one in found if one.hook is hook) for hook in LANES[:3]]


def shown(board: AssignmentBoard) -> list[str]:
    lanes = [board.lanes[hook].cards for hook in LANES[:3]]
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


def keyboard(board: AssignmentBoard) -> tuple[str, str]:
    """Return the selected card and the card that receives keys."""
    selected = board.selected()
    lane = next((lane for lane in board.lanes.values() if lane.view.hasFocus()), None)
    index = lane.view.currentIndex() if lane is not None else QModelIndex()
    return selected.script if selected else "", index.data() if index.isValid() else ""


def press(qtbot: QtBot, board: AssignmentBoard, *keys: str) -> None:
    """Press keys on the focused widget; each of them changes something."""
    for key in keys:
        (combination,) = [QKeySequence(key)[0]]  # type: ignore[index] # PySide6's stubs lack __getitem__
        target = QApplication.focusWidget()
        assert target is not None
        with qtbot.waitSignal(board.changed):
            QTest.keyClick(target, combination.key(), combination.keyboardModifiers())


def test_the_keyboard_stays_with_the_card(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("ab", "c")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    pick(board, "a")
    for number, now in enumerate((["ba", "c", ""], ["b", "ac", ""], ["b", "ca", ""], ["b", "c", "a"])):
        press(qtbot, board, "Alt+Down")
        assert stored(scene, repository) == now, number
        assert keyboard(board) == ("a", "a")
    press(qtbot, board, "Ctrl+Z", "Ctrl+Z", "Ctrl+Z")
    assert keyboard(board) == ("a", "a")
    assert shown(board) == ["ba", "c", ""]
    press(qtbot, board, "Ctrl+Y", "Alt+Up")
    assert keyboard(board) == ("a", "a")
    assert shown(board) == ["ba", "c", ""]
    changed(qtbot, board, lambda: board.put(board.selection.ids[0], LAST, 0))
    assert keyboard(board) == ("a", "a")
    assert shown(board) == ["b", "c", "a"]


def test_keys_move_all_that_is_selected(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("abc", "d")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    pick(board, "b")
    QTest.keyClick(board.lanes[PRE].view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, board, "Alt+Up")
    assert stored(scene, repository) == shown(board) == ["bca", "d", ""]
    press(qtbot, board, "Alt+Down", "Alt+Down")
    assert stored(scene, repository) == shown(board) == ["a", "bcd", ""]
    assert [one.script for one in board.assignments if one.id in board.selection.ids] == ["b", "c"]


def test_an_empty_lane_shows_that_it_has_the_keyboard(make: Make, qtbot: QtBot) -> None:
    board = make("a")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    pick(board, "a")
    view = board.lanes[LAST].view
    without = view.grab().toImage()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: view.grab().toImage() != without)
    board.lanes[PRE].view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: view.grab().toImage() == without)


def test_the_keyboard_goes_on_after_a_card_was_removed(make: Make, qtbot: QtBot) -> None:
    board = make("abc", "d")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    pick(board, "b")
    press(qtbot, board, "Delete")
    assert keyboard(board) == ("c", "c")
    press(qtbot, board, "Delete")
    assert keyboard(board) == ("a", "a")
    press(qtbot, board, "Ctrl+Z")
    assert keyboard(board) == ("c", "c")
    press(qtbot, board, "Ctrl+Z")
    assert keyboard(board) == ("b", "b")
    press(qtbot, board, "Delete", "Delete", "Delete")
    assert shown(board) == ["", "d", ""]
    assert keyboard(board) == ("", "")
    view = board.lanes[PRE].view
    assert view.hasFocus()
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert keyboard(board) == ("", "")


class Held:
    """The store of a change, which lasts until it may end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: BorgDeskError | None = None) -> None:
        self.may_end = threading.Event()
        arrange = arrangement.arrange

        def slow(*args: Any) -> RepositoryLanes:
            assert self.may_end.wait(60)
            if error is not None:
                raise error
            return arrange(*args)

        monkeypatch.setattr(arrangement, "arrange", slow)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda board, _x: board.put(AssignmentId(pick(board, "a")), POST, 0), ["b", "ac", ""]),
        (lambda board, _x: board.remove([AssignmentId(pick(board, "a"))]), ["b", "c", ""]),
        (lambda board, x: board.add_script(x, LAST), ["ab", "c", "x"]),
    ],
    ids=["move", "remove", "add"],
)
def test_a_change_is_shown_before_it_is_stored(
    make: Make,
    qtbot: QtBot,
    scene: Scene,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[AssignmentBoard, ScriptId], object],
    expected: list[str],
) -> None:
    board = make("ab", "c")
    held = Held(monkeypatch)
    act(board, scene.workspace.store.scripts.get("x").id)
    selected = board.selection.ids
    assert (shown(board), stored(scene, repository)) == (expected, ["ab", "c", ""])
    changed(qtbot, board, held.may_end.set)
    assert shown(board) == stored(scene, repository) == expected
    assert board.selection.ids == tuple(one or board.assignments[-1].id for one in selected)


def test_a_change_that_cannot_be_stored_is_shown_no_longer(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = make("ab", "c")
    held = Held(monkeypatch, StoreUnusable("The database is locked."))
    board.put(AssignmentId(pick(board, "a")), POST, 0)
    assert shown(board) == ["b", "ac", ""]
    held.may_end.set()
    qtbot.waitUntil(lambda: board.notice.text == "The database is locked.")
    assert shown(board) == stored(scene, repository) == ["ab", "c", ""]


def test_undo_selects_what_it_changed_and_leaves_the_keyboard_elsewhere(make: Make, qtbot: QtBot) -> None:
    board = make("ab", "c")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    changed(qtbot, board, lambda: board.put(AssignmentId(pick(board, "a")), LAST, 0))
    pick(board, "c")
    board.library.search.setFocus()
    changed(qtbot, board, board._arranger.undo)
    selected = board.selected()
    assert selected is not None
    assert selected.script == "a"
    assert board.library.search.hasFocus()


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
            view.viewport(), left, Qt.KeyboardModifier.NoModifier, rect.topRight() + QPoint(-20, 16)
        ),
    )
    assert not board.assignments[0].enabled


def test_from_right_to_left_the_switch_is_on_the_left(make: Make, qtbot: QtBot) -> None:
    board = make("a")
    board.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    view = board.lanes[PRE].view
    place = view.visualRect(view.lane.index(0)).topLeft() + QPoint(20, 16)
    left = Qt.MouseButton.LeftButton
    changed(qtbot, board, lambda: QTest.mouseClick(view.viewport(), left, Qt.KeyboardModifier.NoModifier, place))
    assert not board.assignments[0].enabled


@dataclass(frozen=True)
class Drag:
    """Drag of a pre-backup card to a point on another card: above its middle means before it."""

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


def test_a_drop_beside_the_cards_of_a_lane_counts(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("ab", "c")
    title, after = board.lanes[PRE], board.lanes[POST]
    changed(qtbot, board, lambda: drag(board.library.list, 3, title, QPoint(40, 14)))
    assert stored(scene, repository) == ["xab", "c", ""]
    below = QPoint(40, after.height() - 3)
    changed(qtbot, board, lambda: drag(title.view, 1, after, below))
    assert stored(scene, repository) == ["xb", "ca", ""]


def test_a_drag_from_another_program_is_refused(make: Make) -> None:
    board = make("a")
    data = QMimeData()
    data.setData(CARD_MIME, QByteArray(b"rm -rf"))
    cards = board.lanes[PRE].cards
    assert not cards.canDropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert not cards.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert board.assignments[0].script == "a"


_FOREIGN = """
import sys
import threading
from PySide6.QtWidgets import QApplication
from borgdesk.gui.lanes import drag
application = QApplication([])
for mime in (drag.CARD_MIME, drag.SCRIPT_MIME):
    print(bytes(drag.dragged(mime, int(sys.argv[1])).data(mime).data()).decode())
"""


@pytest.mark.parametrize("mime", [CARD_MIME, SCRIPT_MIME])
def test_a_drag_from_another_window_of_borgdesk_is_refused_while_it_hovers(make: Make, mime: str) -> None:
    board = make("a", "b")
    carried = subprocess.run(
        [sys.executable, "-c", _FOREIGN, str(board.assignments[0].id)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, check=True, timeout=60,
    ).stdout.split()[mime == SCRIPT_MIME]  # fmt: skip
    data = QMimeData()
    data.setData(mime, QByteArray(carried))
    targets = [board.library.list.viewport(), *(board.lanes[hook].view.viewport() for hook in (PRE, POST))]
    for target in targets:
        assert not hover(target, data)
    own = board.lanes[PRE].cards.mimeData([board.lanes[PRE].cards.index(0)])
    assert all(hover(target, own) for target in targets)


def test_an_empty_lane_shows_that_something_may_be_dropped(make: Make) -> None:
    board = make("a")
    view = board.lanes[POST].view.viewport()
    corner = QPoint(view.width() // 8, view.height() // 4)
    before = view.grab().toImage().pixelColor(corner)
    assert hover(view, board.lanes[PRE].cards.mimeData([board.lanes[PRE].cards.index(0)]), leave=False)
    assert view.grab().toImage().pixelColor(corner) != before
    QApplication.sendEvent(view, QDragLeaveEvent())
    assert view.grab().toImage().pixelColor(corner) == before


def hover(target: QWidget, data: QMimeData, *, leave: bool = True) -> bool:
    """Return whether a drag may be dropped in the middle of a widget.

    It leaves again: Qt would send the moves of the next drag to the widget, even if that is gone.
    """
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    left, none, point = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, target.rect().center()
    for kind in (QDragEnterEvent, QDragMoveEvent):
        event = kind(point, actions, data, left, none)
        QApplication.sendEvent(target, event)
    if leave and event.isAccepted():
        QApplication.sendEvent(target, QDragLeaveEvent())
        return True
    return event.isAccepted()


def test_the_lane_under_the_pointer_lights_up_and_opens_a_place(make: Make) -> None:
    board = make("ab", "c")
    lane, library = board.lanes[PRE], board.library.list.model()
    cards = [lane.view.visualRect(lane.cards.index(row)) for row in range(2)]
    point = QPoint(40, cards[1].top() + 3)
    enter(lane.view.viewport(), library.mimeData([library.index(3, 0)]), point)
    assert [one.hook for one in board.lanes.values() if one.is_lit] == [PRE]
    opened = lane.view.visualRect(lane.cards.index(1))
    assert opened.bottom() > cards[1].bottom()
    assert lane.view.sizeHint().height() > cards[1].bottom() + 20
    # A pointer that rests in the place that opened keeps it open.
    enter(lane.view.viewport(), library.mimeData([library.index(3, 0)]), QPoint(40, opened.top() + 20))
    assert lane.view.visualRect(lane.cards.index(1)) == opened
    QApplication.sendEvent(lane.view.viewport(), QDragLeaveEvent())
    assert not any(one.is_lit for one in board.lanes.values())
    assert [lane.view.visualRect(lane.cards.index(row)) for row in range(2)] == cards


def test_a_drag_near_the_lower_edge_scrolls_to_the_lanes_below(make: Make, qtbot: QtBot) -> None:
    board = make("abcdefghijkl", "m")
    board.resize(700, 400)
    area, lane = board.pipeline, board.lanes[PRE]
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and area.viewport().height() < lane.y() + lane.height())
    view = lane.view.viewport()
    low = QPoint(40, view.mapFrom(area.viewport(), QPoint(0, area.viewport().height() - 4)).y())
    enter(view, board.library.list.model().mimeData([board.library.list.model().index(0, 0)]), low)
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    QApplication.sendEvent(view, QDragLeaveEvent())
    (scroller,) = area.findChildren(DragScroller)
    assert not scroller.is_scrolling


def test_no_place_opens_where_a_card_is_already(make: Make) -> None:
    board = make("ab")
    view = board.lanes[PRE].view
    cards = [view.visualRect(view.lane.index(row)) for row in range(2)]
    for place in (cards[0].top() + 3, cards[0].bottom() - 3, cards[1].top() + 3):
        enter(view.viewport(), view.lane.mimeData([view.lane.index(0)]), QPoint(40, place))
        assert [view.visualRect(view.lane.index(row)) for row in range(2)] == cards
        QApplication.sendEvent(view.viewport(), QDragLeaveEvent())


def enter(target: QWidget, data: QMimeData, point: QPoint) -> None:
    """Drag something over a point of a widget."""
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    event = QDragEnterEvent(point, actions, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, event)
    assert event.isAccepted()


def test_what_borg_does_stands_between_the_lanes(make: Make, scene: Scene, repository: Repository) -> None:
    kept = Retention(daily=7, weekly=-1)
    sources = ("/home", "/etc")
    scene.workspace.store.repositories.update(replace(repository, sources=sources, retention=kept))
    board = make("a")
    assert [row.text for row in board.pipeline.rows.values()] == [
        "Borg reads 2 folders",
        "Retention: keeps 7 daily, all weekly",
        "Borg restores the files",
    ]


def test_several_cards_are_removed_switched_and_brought_back_at_once(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("abc", "d")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    pick(board, "a")
    view = board.lanes[PRE].view
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert len(view.selected_ids()) == 2
    press(qtbot, board, "Space")
    assert [one.enabled for one in scene.workspace.store.assignments.list(repository.id)] == [False, False, True, True]
    assert len(view.selected_ids()) == 2
    press(qtbot, board, "Delete")
    assert stored(scene, repository) == ["c", "d", ""]
    press(qtbot, board, "Ctrl+Z", "Ctrl+Z")
    assert stored(scene, repository) == ["abc", "d", ""]
    assert all(one.enabled for one in scene.workspace.store.assignments.list(repository.id))


def test_several_cards_and_scripts_are_dragged_at_once(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("abc", "d")
    cards = board.lanes[PRE].cards
    drop(qtbot, board, cards.mimeData([cards.index(2), cards.index(0)]))
    assert stored(scene, repository) == ["b", "acd", ""]
    library = board.library.list.model()
    drop(qtbot, board, library.mimeData([library.index(1, 0), library.index(4, 0)]))
    assert stored(scene, repository) == ["b", "bxacd", ""]
    changed(qtbot, board, board._arranger.undo)
    changed(qtbot, board, board._arranger.undo)
    assert stored(scene, repository) == ["abc", "d", ""]


def drop(qtbot: QtBot, board: AssignmentBoard, data: QMimeData) -> None:
    """Drop something before the first card after the backup."""
    target, point = board.lanes[POST].view.viewport(), middle(board, POST, 0, 0.05)
    enter(target, data, point)
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(point.toPointF(), actions, data, left, none)
    changed(qtbot, board, lambda: QApplication.sendEvent(target, event))


def test_chips_tell_only_what_means_something(make: Make, scene: Scene, repository: Repository) -> None:
    board = make("a", "b")
    before, after = board.assignments
    assert [chip.text for chip in chips_of(before)] == ["5 min"]
    assert [chip.text for chip in chips_of(after)] == ["5 min", "always"]
    alarm = replace(after, run_on=RunOn.parse("warning,failure"), on_failure=OnFailure.CONTINUE)
    assert [chip.text for chip in chips_of(alarm)] == ["may fail", "5 min", "warning, failure"]
    assert [chip.text for chip in chips_of(replace(before, on_failure=OnFailure.SKIP))] == ["skips the backup", "5 min"]
    assert values_of(replace(before, parameters={"CONTAINERS": "web db"}, secrets=frozenset({"TOKEN"}))) == "web db"


def test_undo_and_redo(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("ab")
    first = scene.workspace.store.assignments.list(repository.id)
    changed(qtbot, board, lambda: board.remove([AssignmentId(pick(board, "a"))]))
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
    qtbot.waitUntil(lambda: stored(scene, repository) == ["", "dcba", ""])
    qtbot.waitUntil(lambda: shown(board) == ["", "dcba", ""])


def test_a_removed_secret_comes_back_after_looking_at_another_repository(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("a")
    one = edit_assignment(scene.workspace, board.assignments[0], Changes(secrets={"TOKEN": "hush"}))
    with qtbot.waitSignal(board.shown):
        board.reload()
    changed(qtbot, board, lambda: board.remove([one.id]))
    for shown_now in (add_repository(scene, "Other"), repository):
        with qtbot.waitSignal(board.shown):
            board.show_repository(shown_now.id)
    changed(qtbot, board, board.board_actions.undo.trigger)
    (back,) = board.assignments
    assert (back.id, back.secrets) == (one.id, frozenset({"TOKEN"}))
    assert scene.workspace.secrets.get(secret_owner(one.id), "TOKEN") == "hush"


def highlighted(board: AssignmentBoard) -> list[int]:
    return [one for lane in board.lanes.values() for one in lane.view.selected_ids()]


def test_the_buttons_concern_what_is_highlighted(make: Make, qtbot: QtBot, scene: Scene) -> None:
    board = make("ab", "c")
    pick(board, "c")
    x, a = scene.workspace.store.scripts.get("x"), scene.workspace.store.scripts.get("a")
    for act in (lambda: board.add_scripts([x.id, a.id], PRE, 0), board._arranger.undo, board._arranger.redo):
        changed(qtbot, board, act)
        assert highlighted(board) == [*board.selection.ids]
        assert board.board_actions._remove.isEnabled() is bool(highlighted(board))


def test_selection_spans_lanes(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    board = make("ab", "cd", "e")
    keys, button = Qt.KeyboardModifier, Qt.MouseButton.LeftButton

    def click(hook: Hook, row: int, modifier: Qt.KeyboardModifier = keys.NoModifier) -> str:
        QTest.mouseClick(board.lanes[hook].view.viewport(), button, modifier, middle(board, hook, row))
        chosen = [one.script for one in board.assignments if one.id in board.selection.ids]
        assert highlighted(board) == [one.id for one in board.assignments if one.id in board.selection.ids]
        return "".join(chosen)

    assert click(PRE, 0) == "a"
    assert click(POST, 1, keys.ControlModifier) == "ad"
    assert click(PRE, 0, keys.ControlModifier) == "d"
    assert click(PRE, 1, keys.ShiftModifier) == "bcd", "all in between"
    assert click(POST, 0) == "c", "a plain click leaves one"
    assert click(LAST, 0, keys.ControlModifier) == "ce"
    changed(qtbot, board, lambda: QTest.keyClick(board.lanes[LAST].view, Qt.Key.Key_Space))
    assert [one.enabled for one in board.assignments] == [True, True, False, True, False]
    assert len(board.selection.ids) == 2
    changed(qtbot, board, lambda: QTest.keyClick(board.lanes[LAST].view, Qt.Key.Key_Delete))
    assert stored(scene, repository) == ["ab", "d", ""]


def test_keys_select_across_lanes(make: Make) -> None:
    board = make("ab", "", "c")
    pick(board, "b")
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(board.lanes[PRE].view, Qt.Key.Key_Down, shift)
    assert board.lanes[LAST].view.hasFocus()
    assert [one.script for one in board.assignments if one.id in board.selection.ids] == ["b", "c"]
    QTest.keyClick(board.lanes[LAST].view, Qt.Key.Key_Down, shift)
    assert len(board.selection.ids) == 2, "there is no card below"


def test_cards_of_several_lanes_are_dragged_together(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = make("ab", "c", "d")
    picked = [one.id for one in board.assignments if one.script in "ad"]
    board.selection.ids = tuple(picked)
    board.selection.show()
    data: list[QMimeData] = []
    monkeypatch.setattr(lane_view, "start_drag", lambda _view, what, _action: data.append(what))
    board.lanes[PRE].view.startDrag(Qt.DropAction.MoveAction)
    changed(
        qtbot, board,
        lambda: board.lanes[POST].cards.dropMimeData(data[0], Qt.DropAction.MoveAction, 1, 0, QModelIndex()),
    )  # fmt: skip
    assert stored(scene, repository) == ["b", "cad", ""]


def test_what_happens_if(make: Make, scene: Scene, repository: Repository, qtbot: QtBot) -> None:
    scene.hook(repository, "only failure", "true", POST, run_on="failure")
    board = make("a", "b")
    board.outcomes.button(Outcome.SUCCESS).click()
    cards = [board.lanes[POST].cards.card(row) for row in range(2)]
    assert [card.is_dim for card in cards] == [True, False]
    assert cards[0].remark == "Condition is failure, outcome was success"
    assert cards[0].remark in board.lanes[POST].cards.index(0).data(Qt.ItemDataRole.ToolTipRole)
    board.outcomes.button(Outcome.FAILURE).click()
    cards = [board.lanes[POST].cards.card(row) for row in range(2)]
    assert [card.is_dim for card in cards] == [False, False]
    board.outcomes.button(Outcome.FAILURE).click()
    assert all(board.lanes[POST].cards.card(row).decision is None for row in range(2))


def test_what_happens_if_a_script_before_the_backup_fails(make: Make) -> None:
    board = make("ab", "c", "d")
    names = [action.text() for action in board.outcomes.script.menu().actions()]
    assert names[:2] == ["a", "b"]
    board.outcomes.script.menu().actions()[0].trigger()
    before, after = board.lanes[PRE].cards, board.lanes[POST].cards
    assert [before.card(row).remark for row in range(2)] == ["fails here", "A failed before it"]
    assert [before.card(row).is_dim for row in range(2)] == [False, True]
    assert not after.card(0).is_dim
    assert [row.text for row in board.pipeline.rows.values()] == [
        "Borg reads 1 folder: does not run: a failed before it",
        "Retention: does not run: a failed before it",
        "Borg restores the files",
    ]
    assert board.outcomes.script.isChecked()
    board.outcomes.button(Outcome.FAILURE).click()
    assert not board.outcomes.script.isChecked()
    assert board.pipeline.rows[PRE].text == "Borg reads 1 folder: fails"
    board.outcomes.button(Outcome.FAILURE).click()
    assert board.pipeline.rows[PRE].text == "Borg reads 1 folder"


def test_a_script_that_is_gone_cannot_fail_any_more(make: Make, qtbot: QtBot) -> None:
    board = make("a", "b")
    board.outcomes.script.menu().actions()[0].trigger()
    changed(qtbot, board, lambda: board.remove([board.assignments[0].id]))
    assert not board.outcomes.script.isChecked()
    assert not board.outcomes.script.isEnabled()
    assert board.lanes[POST].cards.card(0).decision is None


def test_a_bracket_joins_what_stops_and_what_starts(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    stop, start = scene.script("Stop web", "true"), scene.script("Start web", "true")
    board = make("a", "")
    assert board.pipeline.gutter.drawn() == []
    changed(qtbot, board, lambda: board.add_script(stop.id, PRE))
    changed(qtbot, board, lambda: board.add_script(start.id, POST))
    QApplication.sendPostedEvents()
    (drawn,) = board.pipeline.gutter.drawn()
    gutter, cards = board.pipeline.gutter, [middle(board, PRE, 1), middle(board, POST, 0)]
    ends = [
        board.lanes[hook].view.viewport().mapTo(gutter, point).y()
        for hook, point in zip((PRE, POST), cards, strict=True)
    ]
    assert [drawn.area.top(), drawn.area.top() + drawn.area.height()] == pytest.approx(ends, abs=1)
    tip = board.lanes[POST].cards.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "No backup has shown for how long yet." in tip
    changed(qtbot, board, lambda: board.switch([board.assignments[1].id], False))
    assert board.pipeline.gutter.drawn() == []


def test_a_bracket_says_how_long_something_was_down(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.hook(repository, "Stop web", "true", PRE)
    scene.hook(repository, "Start web", "true", POST)
    ids = {one.hook: one.id for one in scene.workspace.store.assignments.list(repository.id)}
    began = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def backup(seconds: float) -> dict[AssignmentId, Side]:
        times = {PRE: began, POST: began + timedelta(seconds=seconds)}
        return {ids[hook]: Side("", hook, ExecutionStatus.SUCCESS, time) for hook, time in times.items()}

    monkeypatch.setattr(scene.workspace.store.executions, "latest", lambda *_: [backup(252), backup(660)])
    board = make()
    qtbot.waitUntil(lambda: "Down" in board.lanes[PRE].cards.index(0).data(Qt.ItemDataRole.ToolTipRole))
    said = "Down 4 min 12 s in the last backup, at most 11 min lately"
    assert said in board.lanes[PRE].cards.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert said in board.lanes[POST].cards.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    (drawn,) = board.pipeline.gutter.drawn()
    assert was_down(drawn.bracket) == "down 4 min 12 s"


def test_that_it_shows_what_is_stored_is_said_of_nothing_else(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options that are shown again after that would be those of before."""
    known, executions = threading.Event(), scene.workspace.store.executions
    latest = executions.latest
    monkeypatch.setattr(executions, "latest", lambda *them: latest(*them) if known.wait(60) else [])
    board, told = make("a"), list[int]()
    board.shown.connect(lambda: told.append(len(told)))
    board.outcomes.button(Outcome.SUCCESS).click()
    known.set()
    qtbot.waitUntil(lambda: board._recent[0] == repository.id)
    assert told == []
    with qtbot.waitSignal(board.shown):
        board.reload()


def test_an_advice_is_followed_with_a_click_and_undone(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    scene.hook(repository, "Stop web", "true", PRE)
    scene.script("Start web", "true", "success")
    board = make()
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    button = advised(qtbot, board, PRE)
    assert button.accessibleDescription() == "Nothing starts again what “Stop web” stops."
    changed(qtbot, board, button.click)
    assert stored(scene, repository) == ["Stop web", "Start web", ""]
    assert advice_buttons(board, PRE) == []
    button = advised(qtbot, board, POST)
    assert button.text() == "Run always"
    button.setFocus()
    changed(qtbot, board, lambda: QTest.keyClick(button, Qt.Key.Key_Space))
    assert board.lanes[POST].view.hasFocus()
    assert advice_buttons(board, POST) == []
    assert scene.workspace.store.assignments.list(repository.id)[1].run_on == ALWAYS
    press(qtbot, board, "Ctrl+Z", "Ctrl+Z")
    assert stored(scene, repository) == ["Stop web", "", ""]


def advice_buttons(board: AssignmentBoard, hook: Hook) -> list[QPushButton]:
    return [one for one in board.lanes[hook].findChildren(QPushButton) if one.isVisible()]


def test_the_library_takes_the_keyboard_and_keeps_what_is_selected(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("ab")
    board.activateWindow()
    qtbot.waitUntil(board.isActiveWindow)
    board.library.list.setFocus(Qt.FocusReason.TabFocusReason)
    assert [one.name for one in board.library.selected_all()] == ["a"]
    QTest.keyClick(board.library.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [one.name for one in board.library.selected_all()] == ["a", "b"]
    scene.script("another", "true")
    with qtbot.waitSignal(board.shown):
        board.reload()
    assert [one.name for one in board.library.selected_all()] == ["a", "b"]


def test_an_advice_is_read_whole(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    """In a narrow lane, it takes several lines."""
    for name, hook in (("Stop the services of the whole site", POST), ("Start the services of the whole site", POST)):
        scene.hook(repository, name, "true", hook)
    board = make()
    board.resize(560, 760)
    qtbot.waitUntil(lambda: len(board.findChildren(AdviceRow)) == 1)
    (row,) = board.findChildren(AdviceRow)
    (text,) = [one for one in row.findChildren(QLabel) if one.text()]
    qtbot.waitUntil(lambda: text.height() >= text.heightForWidth(text.width()) > text.fontMetrics().height() * 2)


def advised(qtbot: QtBot, board: AssignmentBoard, hook: Hook) -> QPushButton:
    """Return the button as soon as the layout has shown it."""
    qtbot.waitUntil(lambda: len(advice_buttons(board, hook)) == 1)
    return advice_buttons(board, hook)[0]


def copy_menu(board: AssignmentBoard) -> dict[str, QAction]:
    return {action.text(): action for action in board.board_actions.copy.menu().actions()}


def answer_repositories(qtbot: QtBot, board: AssignmentBoard, *names: str) -> None:
    """Check repositories in the dialog with the keyboard, and accept it."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in board.findChildren(RepositoriesDialog)))
    (dialog,) = (one for one in board.findChildren(RepositoriesDialog) if one.isVisible())
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not button.isEnabled()
    offered = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    for name in names:
        dialog.list.setCurrentRow(offered.index(name))
        QTest.keyClick(dialog.list, Qt.Key.Key_Space)
    assert button.isEnabled()
    changed(qtbot, board, button.click)


def test_a_lane_is_copied_to_other_repositories_and_undone(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    one, two = add_repository(scene, "One"), add_repository(scene, "Two")
    board = make("ab", "c")
    assert not copy_menu(board)["Copy to other &repositories…"].isEnabled()
    assert not copy_menu(board)["The lane “At the end”…"].isEnabled()
    copy_menu(board)["The lane “Before the backup”…"].trigger()
    answer_repositories(qtbot, board, "One", "Two")
    assert stored(scene, one) == stored(scene, two) == ["ab", "", ""]
    assert stored(scene, repository) == ["ab", "c", ""]
    assert board.notice.text == "Added 4 scripts to One and Two."
    assert board.board_actions.undo.toolTip() == "Undo: Copy 2 scripts"
    changed(qtbot, board, board._arranger.undo)
    assert board.notice.text == "Undone in One and Two: Copy 2 scripts"
    assert stored(scene, one) == stored(scene, two) == ["", "", ""]
    changed(qtbot, board, board._arranger.redo)
    assert board.notice.text == "Redone in One and Two: Copy 2 scripts"
    assert stored(scene, one) == stored(scene, two) == ["ab", "", ""]


def test_undo_says_which_repositories_it_left(make: Make, qtbot: QtBot, scene: Scene) -> None:
    one, two = add_repository(scene, "One"), add_repository(scene, "Two")
    board = make("a")
    copy_menu(board)["The lane “Before the backup”…"].trigger()
    answer_repositories(qtbot, board, "One", "Two")
    scene.workspace.store.repositories.remove(one.id)
    changed(qtbot, board, board._arranger.undo)
    assert board.notice.text.startswith("“One” was left as it is: ")
    assert stored(scene, two) == ["", "", ""]


def test_selected_cards_and_all_lanes_are_copied(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    other = add_repository(scene, "Other")
    board = make("ab", "c")
    pick(board, "b")
    copy_menu(board)["Copy to other &repositories…"].trigger()
    answer_repositories(qtbot, board, "Other")
    assert stored(scene, other) == ["b", "", ""]
    copy_menu(board)["&All lanes…"].trigger()
    answer_repositories(qtbot, board, "Other")
    assert stored(scene, other) == ["ba", "c", ""]
    copy_menu(board)["&All lanes…"].trigger()
    answer_repositories(qtbot, board, "Other")
    assert board.notice.text == "All of that is there already."


def test_two_boards_are_compared(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    other, third = add_repository(scene, "Other"), add_repository(scene, "Third")
    board = make("ab", "c")
    assign_in(scene.workspace, copies(scene.workspace, board.assignments), [third.id])
    assign_in(scene.workspace, copies(scene.workspace, board.assignments[:1]), [other.id])
    copy_menu(board)["&Compare with another repository…"].trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in board.findChildren(ComparisonDialog)))
    (dialog,) = board.findChildren(ComparisonDialog)
    qtbot.waitUntil(lambda: dialog.said.text() == "2 scripts differ.")
    every = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
    rows = [[item.text(column) for column in range(3)] for item in dialog.tree.findItems("", every)]
    assert rows == [
        ["Before the backup", "", ""],
        ["a", "1. Always · at most 5 min", "1. Always · at most 5 min"],
        ["b", "2. Always · at most 5 min", "not assigned"],
        ["After the backup", "", ""],
        ["c", "1. Always · at most 5 min", "not assigned"],
    ]
    dialog.other.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.said.text() == "The scripts are the same. Secret values are not compared.")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not board.findChildren(ComparisonDialog))


def test_a_script_is_added_in_several_repositories_at_once(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    other = add_repository(scene, "Other")
    board = make("a")
    board.library.select(scene.workspace.store.scripts.get("x").id)
    board._spreading.ask_to_assign(board.library.selected_all(), POST, "After the backup")
    answer_repositories(qtbot, board, "Documents", "Other")
    assert stored(scene, repository) == ["a", "x", ""]
    assert stored(scene, other) == ["", "x", ""]
    qtbot.waitUntil(lambda: shown(board) == ["a", "x", ""])
    changed(qtbot, board, board._arranger.undo)
    assert stored(scene, repository) == ["a", "", ""]
    assert stored(scene, other) == ["", "", ""]


def test_a_running_backup_is_said_to_keep_its_scripts(make: Make) -> None:
    board = make("a")
    assert board.outcomes.hint.text() == ""
    board.show_running(True)
    assert board.outcomes.hint.text() == "The running backup keeps the scripts it began with."
    board.show_running(False)
    assert board.outcomes.hint.text() == ""


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


def test_scripts_of_restores_have_lanes_of_their_own(
    make: Make, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    board = make("a")
    script = next(one for one in scene.workspace.store.scripts.list())
    changed(qtbot, board, lambda: board.add_script(script.id, Hook.PRE_RESTORE))
    (last,) = (one for one in scene.workspace.store.assignments.list(repository.id) if one.hook is Hook.PRE_RESTORE)
    assert last.script == script.name


def test_without_another_repository_it_is_said(qtbot: QtBot) -> None:
    dialog = RepositoriesDialog("Copy", "Copy “Stop” to:", [])
    qtbot.addWidget(dialog)
    dialog.show()
    assert [label.text() for label in dialog.findChildren(QLabel)] == ["There is no other repository yet."]
    assert not dialog.list.isVisible()


def inline_card(board: AssignmentBoard, hook: Hook) -> InlineCard | None:
    return next((card for card in board.lanes[hook].findChildren(InlineCard) if not card.isHidden()), None)


def test_an_inline_script_is_a_card_that_moves_to_the_library(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    text = "#!/bin/sh\n# Stops it.\n\nsystemctl stop web\necho done\n"
    stored_now = scene.workspace.store.repositories.update(replace(repository, pre_script=text, post_script="true\n"))
    board = make("", "a")
    qtbot.waitUntil(lambda: inline_card(board, POST) is not None)
    before, after = inline_card(board, PRE), inline_card(board, POST)
    assert before is not None
    assert after is not None
    assert (before.command.text(), before.about.text()) == ("systemctl stop web", "Runs here.")
    assert "echo done" in before.toolTip()
    assert after.about.text() == "Not used while scripts are assigned here."
    assert (before.button.isHidden(), after.button.isHidden()) == (False, True)
    changed(qtbot, board, before.button.click)
    qtbot.waitUntil(lambda: inline_card(board, PRE) is None)
    (moved,) = [one for one in board.assignments if one.hook is PRE]
    assert scene.workspace.store.scripts.content(moved.script_id).decode() == text
    assert scene.workspace.store.repositories.get(stored_now.id).pre_script == ""


def test_what_becomes_of_inline_scripts(make: Make, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    stop, start = "#!/bin/sh\nexit 1\n", "#!/bin/sh\ntrue\n"
    scene.workspace.store.repositories.update(replace(repository, pre_script=stop, post_script=start))
    board = make()
    before, after = there(qtbot, board, PRE), there(qtbot, board, POST)
    assert board.lanes[PRE].view.empty_text == "A script dragged here runs instead."
    assert board.lanes[Hook.POST_RUN].view.empty_text == "No scripts. Drag one here."
    assert board.outcomes.script.menu().actions()[0].text() == "Inline script before"
    board.outcomes.script.menu().actions()[0].trigger()
    assert (before.about.text(), before.is_run) == ("Fails here", True)
    assert (after.about.text(), after.is_run) == ("Runs here.", True)
    assert board.pipeline.rows[PRE].text.endswith("Inline script before failed before it")
    board.outcomes.button(Outcome.SUCCESS).click()
    assert before.about.text() == "Runs here."


def test_empty_lanes_say_how_to_begin_without_a_library(
    scene: Scene, background: Background, qtbot: QtBot, repository: Repository
) -> None:
    stored = scene.workspace.store.repositories.update(replace(repository, pre_script="true\n"))
    board = AssignmentBoard(scene.workspace, background)
    qtbot.addWidget(board)
    with qtbot.waitSignal(board.shown):
        board.show_repository(stored.id)
    assert board.lanes[PRE].view.empty_text == ""
    assert board.lanes[POST].view.empty_text == "No scripts. Press Insert to write one."
    scene.script("Stop web", "true")
    with qtbot.waitSignal(board.shown):
        board.reload()
    assert board.lanes[PRE].view.empty_text == "A script dragged here runs instead."
    assert board.lanes[POST].view.empty_text == "No scripts. Drag one here."


def inline_texts(scene: Scene, repository: Repository) -> tuple[str, str]:
    one = scene.workspace.store.repositories.get(repository.id)
    return one.pre_script, one.post_script


def there(qtbot: QtBot, board: AssignmentBoard, hook: Hook) -> InlineCard:
    qtbot.waitUntil(lambda: inline_card(board, hook) is not None)
    card = inline_card(board, hook)
    assert card is not None
    return card


def requested(qtbot: QtBot, board: AssignmentBoard, act: Callable[[], object]) -> ScriptRequest:
    with qtbot.waitSignal(board.inline.requested) as asked:
        act()
    assert asked.args is not None
    request = asked.args[0]
    assert isinstance(request, ScriptRequest)
    return request


def write(qtbot: QtBot, scene: Scene, board: AssignmentBoard, request: ScriptRequest, text: str) -> None:
    """Store an inline script as its dialog does."""
    change = InlineChange(request.hook, request.text, text)
    change = change_inline(scene.workspace, request.repository.id, change)
    with qtbot.waitSignal(board.shown):
        board.inline.record(request, change)


def test_an_inline_script_is_written_edited_and_removed_and_all_of_it_undone(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("", "a")
    view = board.lanes[PRE].view
    request = requested(qtbot, board, lambda: QTest.keyClick(view, Qt.Key.Key_Insert))
    assert (request.hook, request.is_inline, request.text) == (PRE, True, "")
    write(qtbot, scene, board, request, "echo one\r\n")
    card = there(qtbot, board, PRE)
    assert card.command.text() == "echo one"
    request = requested(qtbot, board, lambda: QTest.keyClick(card, Qt.Key.Key_Return))
    assert request.text == "echo one\n"
    write(qtbot, scene, board, request, "echo two\n")
    card = there(qtbot, board, PRE)
    changed(qtbot, board, lambda: QTest.keyClick(card, Qt.Key.Key_Delete))
    qtbot.waitUntil(lambda: inline_card(board, PRE) is None)
    texts = ["", "echo one\n", "echo two\n", ""]
    undo, redo = board.board_actions.undo, board.board_actions.redo
    for action, expected in ((undo, texts[2::-1]), (redo, texts[1:])):
        for text in expected:
            qtbot.waitUntil(action.isEnabled)
            with qtbot.waitSignal(board.shown):
                action.trigger()
            assert inline_texts(scene, repository) == (text, "")
            if text:
                assert there(qtbot, board, PRE).command.text() == text.strip()
            else:
                qtbot.waitUntil(lambda: inline_card(board, PRE) is None)


def test_a_move_to_the_library_is_undone_with_the_inline_script(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    scene.workspace.store.repositories.update(replace(repository, post_script="true\n"))
    board = make("a", "")
    card = there(qtbot, board, POST)
    changed(qtbot, board, card.button.click)
    qtbot.waitUntil(lambda: len(board.assignments) == 2)
    for action, text, count in ((board.board_actions.undo, "true\n", 1), (board.board_actions.redo, "", 2)):
        qtbot.waitUntil(action.isEnabled)
        with qtbot.waitSignal(board.shown):
            action.trigger()
        assert inline_texts(scene, repository) == ("", text)
        assert len(scene.workspace.store.assignments.list(repository.id)) == count


def test_an_undo_that_would_overwrite_what_somebody_else_wrote_is_refused(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    board = make("", "")
    request = requested(qtbot, board, lambda: board.inline.new(POST))
    write(qtbot, scene, board, request, "echo ours\n")
    store = scene.workspace.store.repositories
    store.update(replace(store.get(repository.id), post_script="echo theirs\n"))
    board.board_actions.undo.trigger()
    qtbot.waitUntil(board.notice.isVisible)
    assert inline_texts(scene, repository) == ("", "echo theirs\n")


def test_a_new_script_beside_others_is_one_of_the_library(
    make: Make, qtbot: QtBot, scene: Scene, repository: Repository
) -> None:
    scene.workspace.store.repositories.update(replace(repository, post_script="true\n"))
    board = make("ab", "")
    request = requested(qtbot, board, lambda: board.board_actions.new_below_requested.emit(board.assignments[0]))
    assert (request.is_inline, request.place) == (False, 1)
    changed(qtbot, board, lambda: board.inline.add_new(request, scene.script("n", "true")))
    assert stored(scene, repository) == ["anb", "", ""]
    # What runs here moves to the library, too: beside the new one it would not run any more.
    request = requested(qtbot, board, lambda: board.inline.new(POST))
    assert not request.is_inline
    board.inline.add_new(request, scene.script("m", "true"))
    qtbot.waitUntil(lambda: stored(scene, repository)[1] == "Documents: script after backupm", timeout=5000)
    assert inline_texts(scene, repository) == ("", "")
    request = requested(qtbot, board, lambda: board.inline.new(LAST))
    assert not request.is_inline


def test_a_menu_of_a_lane_offers_a_new_script(make: Make, qtbot: QtBot) -> None:
    board = make("", "")
    board.lanes[POST].view.lane_menu_requested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    action = next(one for one in menu.actions() if "New script here" in one.text())
    assert requested(qtbot, board, action.trigger).hook is POST
    menu.close()
