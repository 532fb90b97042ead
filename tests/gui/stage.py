"""Shared helpers of tests of pages, boards and dialogs: scene, background, drags, answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMessageBox, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene

T = TypeVar("T")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


class Overtaken(Background):
    """Background that holds back an answer until the test asks for it, when it is outdated."""

    def __init__(self) -> None:
        super().__init__()
        self._late: Callable[[], None] | None = None
        self._keeping = False

    def keep_next(self) -> None:
        """Hold back the answer to the next question."""
        self._keeping = True

    def ask(
        self,
        question: Callable[[], T],
        answer: Callable[[T], None],
        failed: Callable[[BorgDeskError], None] | None = None,
        owner: QObject | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        if not self._keeping:
            super().ask(question, answer, failed, owner, cancel)
            return
        self._keeping = False
        found = question()
        self._late = lambda: answer(found)

    def waits(self) -> bool:
        """Return whether the question whose answer is to be held back was not asked yet."""
        return self._keeping

    @property
    def has_kept(self) -> bool:
        """Whether the question was asked."""
        return self._late is not None

    def deliver(self) -> None:
        """Deliver the answer that was held back."""
        assert self._late is not None
        self._late()


@pytest.fixture
def overtaken(qapp: QApplication) -> Iterator[Overtaken]:
    background = Overtaken()
    yield background
    background.close()


def drag(source: QAbstractItemView, row: int, target: QWidget, end: QPoint) -> None:
    """Drop the data of a dragged row at a point of a widget.

    The offscreen platform does not support drags (``QOffscreenDrag`` ends each at once), so Qt's events are sent in
    order; ``tests/e2e`` drags with a real mouse.
    """
    model = source.model()
    data = model.mimeData([model.index(row, 0)])
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(end, actions, data, left, none))
    moving = QDragMoveEvent(end, actions, data, left, none)
    QApplication.sendEvent(target, moving)
    assert moving.isAccepted(), "it may not be dropped there"
    QApplication.sendEvent(target, QDropEvent(end.toPointF(), actions, data, left, none))


def drop_files(target: QWidget, *paths: Path) -> None:
    """Drop files as from a file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    point = target.rect().center()
    entering = QDragEnterEvent(point, actions, data, left, none)
    QApplication.sendEvent(target, entering)
    assert entering.isAccepted(), "it may not be dropped there"
    QApplication.sendEvent(target, QDropEvent(point.toPointF(), actions, data, left, none))


def answer(button: QMessageBox.StandardButton, seen: list[str] | None = None) -> None:
    """Answer the next question in a message box."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        if seen is not None:
            seen.append(box.text())
        box.button(button).click()

    QTimer.singleShot(0, press)


def open_box() -> QMessageBox | None:
    """Return the open message box."""
    return next(
        (one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()), None
    )
