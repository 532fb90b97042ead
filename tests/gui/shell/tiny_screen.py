"""Tour on another screen, which :mod:`test_small_screens` starts: Qt chooses its screen when a process begins.

The size of the letters is in the variable ``POINTS``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.squeezed import cut_cells, squeezed
from tests.gui.tour import Tour, make_places


def at_rest(tour: Tour, widget: QWidget) -> list[str]:
    """Return what is squeezed once nothing moves any more: layouts of texts with several lines need some turns."""
    found: list[str] = []
    for _ in range(10):
        tour.settle()
        found = [*squeezed(widget), *cut_cells(widget)]
        if not found:
            break
    return found


@pytest.fixture
def letters(qapp: QApplication) -> Iterator[None]:
    before, font = qapp.font(), qapp.font()
    font.setPointSizeF(float(os.environ["POINTS"]))
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.mark.usefixtures("letters")
def test_everything_fits_or_scrolls(tour: Tour) -> None:
    room = tour.window.screen().availableSize()
    problems: list[str] = []
    seen = 0
    for place in make_places(tour):
        found = at_rest(tour, place.widget)
        seen += 1
        size = place.widget.size()
        if size.boundedTo(room) != size:
            problems.append(f"{place.name}: is {size.width()} × {size.height()}")
        problems += [f"{place.name}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)
    assert seen > 80
