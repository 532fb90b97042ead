"""What is drawn and read where text runs from right to left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QTime
from PySide6.QtGui import QImage, qGray
from PySide6.QtWidgets import QApplication, QHBoxLayout, QListWidget, QMenu, QTimeEdit, QWidget
from pytestqt.qtbot import QtBot

from borgdesk import translation
from borgdesk.gui.lanes.segment import Segment
from borgdesk.gui.look import direction, theme
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.size_chart import Series, SizeChart

LEFT, RIGHT = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
_BINS = 12


@pytest.fixture
def mirrored(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(RIGHT)
    yield
    qapp.setLayoutDirection(LEFT)


def ink(widget: QWidget) -> list[float]:
    """Return how much is drawn in each of some columns, as shares."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ground = qGray(picture.pixel(picture.width() // 2, 3))
    found = [0.0] * _BINS
    for x in range(picture.width()):
        drawn = sum(abs(qGray(picture.pixel(x, y)) - ground) > 40 for y in range(picture.height()))
        found[x * _BINS // picture.width()] += drawn
    return [one / sum(found) for one in found]


def chart() -> QWidget:
    made = SizeChart("Sizes")
    bars = Series("New", (10, 20, 80), theme.Tone.GOOD)
    made.show_sizes(["1 May", "2 May", "3 May"], [Series("All", (100, 400, 900), theme.Tone.WORKING)], bars, str)
    return made


def segment() -> QWidget:
    made = Segment("I")
    made.set_ends(first=True, last=True)
    made.setMenu(QMenu(made))
    return made


@pytest.mark.parametrize("make", [chart, segment])
def test_what_is_drawn_is_mirrored(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    widget = make()
    qtbot.addWidget(widget)
    widget.resize(360, 200)
    widget.show()
    before = ink(widget)
    widget.setLayoutDirection(RIGHT)
    after = ink(widget)[::-1]
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) < 0.01
    assert max(abs(one - other) for one, other in zip(before, before[::-1], strict=True)) > 0.015


def test_a_chart_goes_on_to_the_left(qtbot: QtBot) -> None:
    widget = chart()
    qtbot.addWidget(widget)
    assert isinstance(widget, SizeChart)
    widget.resize(360, 200)
    widget.setLayoutDirection(RIGHT)
    assert widget.place_at(1) == 2
    assert widget.place_at(359) == 0


def test_a_path_is_read_from_its_beginning(qtbot: QtBot, mirrored: None) -> None:
    """The slash that it begins with is on its left."""
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(100, 20)
    label.setText("/....")
    label.show()
    shares = ink(label)
    place = next(place for place, one in enumerate(shares) if one)
    assert shares[place] + shares[place + 1] > sum(shares[place + 2 :])
    assert direction.isolated("/home") == "\u2068/home\u2069"
    assert direction.isolated("") == ""


def test_times_keep_their_order(qtbot: QtBot, mirrored: None) -> None:
    field = QTimeEdit(QTime(2, 30))
    field.setDisplayFormat("HH:mm")
    qtbot.addWidget(field)
    field.show()
    assert field.text() == "02:30"
    assert field.displayFormat() == "HH:mm"


def test_cells_are_drawn_by_themselves(qtbot: QtBot, mirrored: None) -> None:
    view = QListWidget()
    qtbot.addWidget(view)
    view.show()
    assert isinstance(view.itemDelegate(), direction.Isolating)


def test_icons_and_margins_are_mirrored(qapp: QApplication, mirrored: None) -> None:
    assert direction.icon_name("go-next") == "go-previous"
    assert direction.icon_name("folder") == "folder"
    layout = QHBoxLayout()
    direction.set_margins(layout, 1, 2, 3, 4)
    assert layout.contentsMargins().left() == 3
    qapp.setLayoutDirection(LEFT)
    direction.set_margins(layout, 1, 2, 3, 4)
    assert layout.contentsMargins().left() == 1
    assert direction.icon_name("go-next") == "go-next"
    assert direction.isolated("/home") == "/home"


def test_values_in_a_sentence_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_spoken", ("he", translation.English()))
    translation.isolate_values()
    translation.isolate_values()
    assert translation._("At {place}: {{}}").format(place="/home") == "At \u2068/home\u2069: {}"
    assert translation.ngettext("{count:,} file", "{count:,} files", 2).format(count=2000) == "\u20682,000\u2069 files"
    assert translation.pgettext("state", "Open") == "Open"
    assert translation.language() == "he"
