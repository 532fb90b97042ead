"""Window in letters that are read from right to left: everything fits, and what is no sentence keeps its order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDateTimeEdit,
    QLabel,
    QPlainTextEdit,
    QStyledItemDelegate,
    QWidget,
)

from borgdesk import translation
from tests import pseudo
from tests.gui.squeezed import squeezed
from tests.gui.tour import Tour, make_places

pytestmark = [pytest.mark.gui, pytest.mark.slow]

_PATH = re.compile(r"(?<!\u2068)(?:ssh://|(?<![\w/~.])[~/])\w[^ ]*/")


@pytest.fixture(autouse=True)
def _hebrew(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[None]:
    monkeypatch.setattr(translation, "_spoken", ("he", pseudo.catalogue(pseudo.hebrew)))
    translation.isolate_values()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.usefixtures("usual_font")
def test_the_window_is_read_from_right_to_left(tour: Tour) -> None:
    tour.window.resize(1280, 800)
    problems: dict[str, str] = {}
    for place in make_places(tour):
        for _ in range(2):  # Layouts of texts with several lines need a second turn.
            tour.settle()
        for problem in (*squeezed(place.widget), *out_of_order(place.widget)):
            problems.setdefault(problem, place.name)
    assert not problems, "\n".join(f"{place}: {problem}" for problem, place in problems.items())


def out_of_order(window: QWidget) -> Iterator[str]:
    """Yield what would be read in the wrong order."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QDateTimeEdit) and widget.text() != widget.time().toString(widget.displayFormat()):
            yield f"{widget.text()} is {widget.time().toString()}"
        told = f"{type(widget).__name__} “{widget.accessibleName()}”"
        code = isinstance(widget, QDateTimeEdit) or "Scintilla" in type(widget).__name__
        code |= isinstance(widget, QPlainTextEdit) and widget.font().fixedPitch()
        if code and widget.isRightToLeft():
            yield f"{told} is read from the wrong side"
        if isinstance(widget, QLabel | QAbstractButton) and _is_hebrew(widget.text()) and _PATH.search(widget.text()):
            yield f"path: {told} “{widget.text()}”"
        if isinstance(widget, QAbstractItemView) and type(widget.itemDelegate()) is QStyledItemDelegate:
            yield f"{told} draws paths in the order of sentences"


def _is_hebrew(text: str) -> bool:
    """Return whether Qt lays a text out from right to left."""
    plain = re.sub("\u2068[^\u2069]*\u2069", "", text)
    letters = [letter for letter in plain if letter.isalpha()]
    return bool(letters) and letters[0] >= "\u0590"
