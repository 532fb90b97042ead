"""What tests of pages, boards and dialogs share: a scene, its background, drags, answers to questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMessageBox, QWidget

from borgdesk.gui.background import Background
from tests.gui.scene import Scene


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


def drag(source: QAbstractItemView, row: int, target: QWidget, end: QPoint) -> None:
    """Drop what a drag of a row carries at a point of a widget.

    The offscreen platform knows no drags (``QOffscreenDrag`` ends each at once), so Qt's own events are sent in their
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
    """Drop files from a file manager."""
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
    """Answer the next question that is asked in a message box of its own."""

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
    """The message box that is open."""
    return next(
        (one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()), None
    )
