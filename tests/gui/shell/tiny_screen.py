"""Tour on a tiny screen, which :mod:`test_small_screens` starts: Qt chooses its screen when a process begins."""

from __future__ import annotations

import pytest

from tests.gui.squeezed import squeezed
from tests.gui.tour import Tour, make_places


@pytest.mark.usefixtures("usual_font")
def test_everything_fits_or_scrolls(tour: Tour) -> None:
    room = tour.window.screen().availableSize()
    problems: list[str] = []
    seen = 0
    for place in make_places(tour):
        for _ in range(2):  # Layouts of texts with several lines need a second turn.
            tour.settle()
        seen += 1
        size = place.widget.size()
        if size.boundedTo(room) != size:
            problems.append(f"{place.name}: is {size.width()} × {size.height()}")
        problems += [f"{place.name}: {problem}" for problem in squeezed(place.widget)]
    assert not problems, "\n".join(problems)
    assert seen > 80
