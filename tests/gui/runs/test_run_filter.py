"""Fields that filter the history."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.runs.run_filter import RunFilter
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.squeezed import cut_choices, squeezed


@pytest.mark.parametrize(("size", "width"), [(9, 700), (11, 730), (13, 730), (13, 1100), (13, 2000), (18, 800)])
def test_every_choice_that_is_known_is_seen_whole(
    size: int, width: int, scene: Scene, background: Background, qtbot: QtBot
) -> None:
    """At 13 points in a window of 1024 pixels, "Freeing disk space" and "Last 24 hours" used to be cut."""
    chosen = RunFilter(scene.workspace.store, background)
    page = QWidget()
    qtbot.addWidget(page)
    QVBoxLayout(page).addWidget(chosen)
    font = page.font()
    font.setPointSize(size)
    page.setFont(font)
    page.resize(width, 200)
    page.show()
    boxes = chosen.findChildren(QComboBox)
    assert len(boxes) == 5
    for number in range(max(box.count() for box in boxes)):
        for box in boxes:
            box.setCurrentIndex(min(number, box.count() - 1))
        QApplication.processEvents()
        assert [*cut_choices(chosen), *squeezed(chosen)] == []
    search = chosen.findChild(QLineEdit)
    assert search is not None
    assert search.width() >= search.minimumSizeHint().width()
    assert page.width() == width
    assert all(chosen.rect().contains(one.geometry()) for one in boxes)
