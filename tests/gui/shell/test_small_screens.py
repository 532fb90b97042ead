"""Windows on small screens: everything fits 1024 × 600, and 1920 × 1200 at a scale of 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QPlainTextEdit,
    QScrollArea,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.overflow_area import OverflowArea
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.window_settings import WindowSettings
from tests.gui.squeezed import cut_cells, cut_choices, squeezed
from tests.gui.tour import Place, Tour, make_places

_ROOM = QSize(960, 536)
"""Space that the smaller of both screens leaves beside a panel and a title bar."""


@pytest.mark.usefixtures("usual_font", "german")
def test_everything_fits_a_small_screen(tour: Tour) -> None:
    """In German: what fits then fits in English, too."""
    problems: list[str] = []
    tour.window.resize(_ROOM)
    for place in make_places(tour):
        place.widget.resize(place.widget.size().boundedTo(_ROOM))
        found: list[str] = []
        for _ in range(5):  # Layouts of texts with several lines need some turns.
            tour.settle()
            if not (found := look_at(place)):
                break
        problems += [f"{place.name}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("width", "height", "points"),
    [
        pytest.param(512, 300, 11, id="1024 × 600 pixels at 200 %: what does not fit scrolls"),
        pytest.param(1920, 1080, 24, id="large letters"),
    ],
)
def test_nothing_is_squeezed(tmp_path: Path, width: int, height: int, points: int) -> None:
    screen = {"name": "one", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "dpr": 1}
    file = tmp_path / "screens.json"
    file.write_text(json.dumps({"screens": [{**screen, "logicalBaseDpi": 96}]}))
    tour = Path(__file__).with_name("tiny_screen.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tour)],
        env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={file}", "POINTS": str(points)},
        capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def look_at(place: Place) -> list[str]:
    window, size = place.widget, place.widget.size()
    if size.width() > _ROOM.width() or size.height() > _ROOM.height():
        return [f"is {size.width()} × {size.height()}"]
    buttons = [one for one in window.findChildren(QAbstractButton) if one.isVisible() and not scrolls(one)]
    outside = [one for one in buttons if not window.rect().contains(place_of(one))]
    problems = [f"cut: {told}" for told in too_wide(window)]
    problems += [*squeezed(window), *cut_choices(window), *cut_cells(window)]
    return problems + [f"outside: {one.text() or one.accessibleName()} at {place_of(one)}" for one in outside]


def too_wide(window: QWidget) -> Iterator[str]:
    """Yield what would need horizontal scrolling, except texts without line wrapping, where this is intended."""
    for area in window.findChildren(QAbstractScrollArea):
        if (
            not area.isVisible()
            or isinstance(area, QPlainTextEdit | QTextBrowser | OverflowArea)
            or "Scintilla" in type(area).__name__
        ):
            continue
        inside = area.widget() if isinstance(area, QScrollArea) else None
        hidden = inside is not None and inside.minimumSizeHint().width() > area.viewport().width()
        if hidden or area.horizontalScrollBar().maximum() > 0:
            least = inside.minimumSizeHint().width() if inside is not None else 0
            yield f"{area.accessibleName()} {type(area).__name__}, {least} in {area.viewport().width()}"


def place_of(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def scrolls(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea) and not isinstance(parent, OverflowArea):
            return True
        parent = parent.parentWidget()
    return False


def test_windows_are_made_to_fit_the_screen(settings: WindowSettings, qtbot: QtBot) -> None:
    dialog, window = Dialog(), MainWindow(settings)
    for one in (dialog, window):
        qtbot.addWidget(one)
    room = dialog.screen().availableSize()
    dialog.resize(5000, 5000)
    dialog.show()
    window.show()
    for one in (dialog, window):
        assert one.width() <= room.width()
        assert one.height() < room.height()
    window.close_for_good()


@pytest.mark.parametrize("name", ["overview", "settings"])
def test_nothing_is_out_of_reach_on_a_far_too_small_screen(tour: Tour, name: str) -> None:
    """As on a screen of 1024 × 600 pixels at 200 %."""
    tour.page(name)
    page = tour.window.page(name)
    screen = QWidget()  # A window is not made that small here, but a screen makes it so.
    page.setParent(screen)
    try:
        screen.resize(300, 250)
        page.setGeometry(screen.rect())
        page.show()
        screen.show()
        tour.settle()
        (area,) = [one for one in page.findChildren(QScrollArea) if one.isVisible()]
        inside = area.widget()
        assert inside is not None
        assert inside.width() > area.viewport().width()
        assert area.horizontalScrollBar().maximum() == inside.width() - area.viewport().width()
        assert area.horizontalScrollBar().isVisible()
    finally:
        page.close()
