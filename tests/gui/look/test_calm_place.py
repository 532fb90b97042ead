"""Banners that come beside what somebody may be about to press."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import calm_place
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace


class Stage(QWidget):
    """A page with a button below a place for two banners."""

    def __init__(self) -> None:
        super().__init__()
        self.content, self.banner, self.other = QWidget(), Banner(), Banner()
        self.button = QPushButton("Back up now")
        inside = QVBoxLayout(self.content)
        inside.addWidget(self.button)
        inside.addStretch(1)
        self.place = CalmPlace(self.content, self.banner, self.other)
        column = QVBoxLayout(self)
        column.addWidget(self.place)
        column.addWidget(self.content, 1)
        self.presses = 0
        self.button.clicked.connect(self._count)
        self.resize(600, 300)

    def _count(self) -> None:
        self.presses += 1

    def top(self) -> int:
        """Return where the button is."""
        return self.button.mapTo(self, QPoint(0, 0)).y()

    def point(self) -> None:
        """Move the pointer over the content."""
        at = QPointF(20, 20)
        QApplication.sendEvent(self.content, QEnterEvent(at, at, at))

    def leave(self) -> None:
        """Move it elsewhere."""
        QApplication.sendEvent(self.content, QEvent(QEvent.Type.Leave))

    def press(self) -> None:
        """Press the button and let it go, as the windowing system would tell."""
        for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
            at = QPointF(5, 5)
            left = Qt.MouseButton.LeftButton
            QApplication.sendEvent(self.button, QMouseEvent(kind, at, at, left, left, Qt.KeyboardModifier.NoModifier))


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage()
    qtbot.addWidget(made)
    made.show()
    QApplication.processEvents()
    return made


def test_a_place_without_banners_takes_no_room(stage: Stage, qtbot: QtBot) -> None:
    before = stage.top()
    stage.banner.show_message("Something")
    assert stage.banner.isVisible()
    assert stage.rect().contains(stage.place.geometry())
    assert not stage.place.geometry().intersects(stage.content.geometry())
    assert stage.top() >= before + stage.banner.sizeHint().height()
    stage.banner.hide()
    QApplication.processEvents()
    assert stage.top() == before


def test_nothing_moves_until_the_pointer_has_left(stage: Stage, qtbot: QtBot) -> None:
    before = stage.top()
    stage.point()
    stage.banner.show_message("Something")
    QApplication.processEvents()
    assert stage.top() == before
    assert stage.banner.text == "Something"
    stage.leave()
    qtbot.waitUntil(lambda: stage.top() > before)
    assert stage.banner.isVisible()
    stage.press()
    assert stage.presses == 1, "the pointer was not there when it moved"


def test_a_second_banner_and_the_end_of_one_wait_as_well(stage: Stage, qtbot: QtBot) -> None:
    stage.banner.show_message("Something")
    QApplication.processEvents()
    before = stage.top()
    stage.point()
    stage.other.show_message("Else")
    QApplication.processEvents()
    assert stage.top() == before
    stage.other.hide()
    stage.banner.hide()
    QApplication.processEvents()
    assert stage.top() == before
    stage.leave()
    qtbot.waitUntil(lambda: stage.top() < before)


def test_a_pointer_at_rest_is_waited_for_no_longer_and_presses_nothing_else(stage: Stage, qtbot: QtBot) -> None:
    before = stage.top()
    stage.point()
    stage.banner.show_message("Something")
    qtbot.waitUntil(lambda: stage.top() > before)
    stage.press()
    assert stage.presses == 0, "it was meant for what was there before"
    qtbot.waitUntil(lambda: not stage.place._guard._clock.isActive())
    stage.press()
    assert stage.presses == 1


def test_a_pointer_that_never_rests_is_not_waited_for_for_ever(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = itertools.count()
    monkeypatch.setattr(calm_place, "QCursor", SimpleNamespace(pos=lambda: QPoint(next(places), 0)))
    monkeypatch.setattr(calm_place, "_LONGEST", 500)
    before = stage.top()
    stage.point()
    stage.banner.show_message("Something")
    qtbot.waitUntil(lambda: stage.top() > before)
    stage.press()
    assert stage.presses == 0


def test_a_long_text_has_its_lines_in_any_width(stage: Stage, qtbot: QtBot) -> None:
    stage.banner.show_message("The scripts that start your services again were not run. " * 6)
    for width in (900, 420, 640):
        stage.resize(width, 300)
        QApplication.processEvents()
        assert stage.place.height() == stage.banner.heightForWidth(stage.place.width())


def test_there_is_room_for_a_button_as_soon_as_it_is_shown(stage: Stage, qtbot: QtBot) -> None:
    long = "The scripts that start your services again were not run. " * 3
    heights = set()
    stage.banner.show_message(long, buttons=[BannerButton("Run now", lambda: None)])
    QApplication.processEvents()
    for name in ("Run again", "Show"):
        stage.banner.show_message(long, buttons=[BannerButton(name, lambda: None)])
        QApplication.processEvents()
        heights.add(stage.place.height())
        button = stage.banner.button(name)
        assert button.height() >= button.minimumSizeHint().height()
    assert len(heights) == 1
