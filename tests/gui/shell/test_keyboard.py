"""Tab and Shift+Tab reach every usable widget, in reading order, and never get stuck."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, permutations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QRadioButton, QScrollArea, QTextBrowser, QWidget

from borgdesk.gui.editor.editor import ScriptEditor
from tests.gui.tour import Place, Tour, make_places

_LINKS = 200
"""More links than any text has."""
_NEAR = 4
"""Pixels by which two consecutive widgets may overlap."""


def test_tab_reaches_everything_in_reading_order(tour: Tour) -> None:
    problems: list[str] = []
    for place in make_places(tour):
        problems += [f"{place.name}: {problem}" for problem in look_through(place)]
    assert problems == []


def look_through(place: Place) -> list[str]:
    """Return the problems of keyboard navigation in a place."""
    wanted = {widget for widget in place.widget.findChildren(QWidget) if is_stop(widget)}
    if not wanted:
        return []
    forward, forward_problems = walk(next(iter(wanted)), len(wanted), Qt.Key.Key_Tab)
    backward, backward_problems = walk(forward[0], len(wanted), Qt.Key.Key_Backtab)
    problems = forward_problems + backward_problems
    problems += [f"not reached: {told(widget)}" for widget in wanted - set(forward)]
    problems += [f"not reached backwards: {told(widget)}" for widget in wanted - set(backward)]
    problems += disorder(forward)
    return problems


def is_stop(widget: QWidget) -> bool:
    """Return whether a user would expect a tab stop there."""
    return (
        widget.isVisible()
        and widget.isEnabled()
        and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.focusProxy() is None
        and not is_other_choice(widget)
    )


def is_other_choice(widget: QWidget) -> bool:
    """Return whether arrow keys lead to this radio button from the checked one."""
    if not isinstance(widget, QRadioButton) or widget.isChecked():
        return False
    parent = widget.parentWidget()
    return parent is not None and any(one.isChecked() for one in parent.findChildren(QRadioButton))


def is_invisible(widget: QWidget) -> bool:
    """Return whether the focus would be invisible: scrolled away, of no size, or without a focus frame."""
    seen = widget.rect()
    for one, parent in pairwise(above(widget)):
        if one.isWindow():
            break
        seen = seen.translated(one.pos()) & parent.rect()
    return seen.isEmpty() or isinstance(widget, QScrollArea | QLabel)


def walk(start: QWidget, count: int, key: Qt.Key) -> tuple[list[QWidget], list[str]]:
    """Return the stops from *start* back to it."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    unseen: list[str] = []
    for _ in range(3 * count + 3):
        now = QApplication.focusWidget()
        if now is None:
            return seen or [start], ["the keyboard is nowhere"]
        if seen and now is seen[0]:
            return seen, unseen
        if seen and now is seen[-1]:
            return seen, [f"trapped in {told(now)}"]
        if seen and is_invisible(now):
            unseen.append(f"invisible stop: {told(now)}")
        seen.append(now)
        press(now, key)
    return seen, [f"goes round without {told(start)}: {[told(one) for one in seen[-5:]]}"]


def press(widget: QWidget, key: Qt.Key) -> None:
    inside_editor = any(
        isinstance(one, ScriptEditor) and one.window() is widget.window() for one in above(widget)
    ) and not isinstance(widget, QAbstractButton)
    modifiers = Qt.KeyboardModifier.NoModifier
    if key is Qt.Key.Key_Backtab:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    if inside_editor:
        modifiers |= Qt.KeyboardModifier.ControlModifier
    for _ in range(_LINKS if isinstance(widget, QTextBrowser) else 1):
        # Tab goes through the guide link by link.
        QTest.keyClick(widget, key, modifiers)
        if not widget.hasFocus():
            return


def above(widget: QWidget) -> Iterator[QWidget]:
    parent: QWidget | None = widget
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def disorder(stops: list[QWidget]) -> list[str]:
    """Return pairs in the wrong order: one is entirely above or left of another that comes before it.

    The tab order is cyclic, so the first stop is chosen such that there are as few such pairs as possible.
    """
    pairs = [(one, other) for one, other in permutations(range(len(stops)), 2) if is_before(stops[one], stops[other])]

    def wrong(first: int) -> list[tuple[int, int]]:
        count = len(stops)
        return [(one, other) for one, other in pairs if (one - first) % count > (other - first) % count]

    found = min((wrong(first) for first in range(len(stops))), key=len)
    return [f"{told(stops[one])} comes after {told(stops[other])}" for one, other in found]


def seen_places(one: QWidget, other: QWidget) -> tuple[QRect, QRect]:
    """Return the positions of both in their window; a scroll area that contains only one of them replaces it."""
    shared = {area for area in above(other) if isinstance(area, QScrollArea)}

    def place(widget: QWidget) -> QRect:
        areas = [area for area in above(widget) if isinstance(area, QScrollArea) and area not in shared_by_both]
        shown = areas[-1] if areas else widget
        return QRect(shown.mapTo(shown.window(), QPoint(0, 0)), shown.size())

    shared_by_both = shared & set(above(one))
    return place(one), place(other)


def is_before(earlier: QWidget, later: QWidget) -> bool:
    """Return whether one is entirely above or left of another."""
    one, other = seen_places(earlier, later)
    beside = min(one.bottom(), other.bottom()) - max(one.top(), other.top()) > _NEAR
    in_line = min(one.right(), other.right()) - max(one.left(), other.left()) > _NEAR
    return (in_line and one.bottom() <= other.top() + _NEAR) or (beside and one.right() <= other.left() + _NEAR)


def told(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    name = widget.accessibleName() or (text() if callable(text) else "") or widget.objectName()
    chain = " < ".join(type(one).__name__ for one in list(above(widget))[:4])
    return f"{name[:40]!r} [{chain}]"


def test_the_keyboard_leaves_the_text_of_a_script(tour: Tour) -> None:
    tour.fill()
    tour.shell.navigation.show_script(tour.script.id)
    tour.qtbot.waitUntil(lambda: tour.scripts.view.editor is not None)
    editor = tour.scripts.view.editor
    assert editor is not None
    text = editor.focusProxy()
    assert text is not None
    before = editor.text()
    control = Qt.KeyboardModifier.ControlModifier
    for key, modifiers in (
        (Qt.Key.Key_Tab, control),
        (Qt.Key.Key_Backtab, control | Qt.KeyboardModifier.ShiftModifier),
    ):
        text.setFocus()
        assert text.hasFocus()
        QTest.keyClick(text, key, modifiers)
        assert not text.hasFocus()
        assert QApplication.focusWidget() is not None
    assert editor.text() == before
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert text.hasFocus()
    assert editor.text() != before
    tour.scripts.view.discard()
