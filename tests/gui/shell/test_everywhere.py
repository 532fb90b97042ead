"""Properties of every page, tab and dialog, in every state."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QScrollBar,
    QTabBar,
    QWidget,
)

from tests.gui.tour import Tour, make_places

NAME = "{} <b>x &amp; <img src=x>"
"""A difficult name; it has no slash, since a folder gets the same name."""


def test_the_wheel_changes_nothing_anywhere(tour: Tour) -> None:
    seen = 0
    for place in make_places(tour):
        place.widget.setFocus()
        for widget in values(place.widget):
            seen += 1
            before = value_of(widget)
            for notch in (-120, 120):
                event = turn_over(widget, notch)
                assert not event.isAccepted(), (place.name, widget)
            assert value_of(widget) == before, (place.name, widget)
            assert not widget.hasFocus(), (place.name, widget)
    assert seen > 50


def values(root: QWidget) -> Iterator[QWidget]:
    """Yield the unfocused widgets whose value a wheel could change."""
    for widget in root.findChildren(QWidget):
        kind = isinstance(widget, QAbstractSpinBox | QComboBox | QAbstractSlider | QTabBar)
        if kind and not isinstance(widget, QScrollBar) and widget.isVisible() and not widget.hasFocus():
            yield widget


def value_of(widget: QWidget) -> object:
    for name in ("currentIndex", "text", "value"):
        ask = getattr(widget, name, None)
        if callable(ask):
            return ask()
    raise AssertionError(widget)


def turn_over(widget: QWidget, notch: int) -> QWheelEvent:
    """Send a wheel event only to the widget: propagating an ignored one is up to Qt."""
    middle = QPointF(widget.rect().center())
    none, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    place = widget.mapToGlobal(middle)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(middle, place, QPoint(), QPoint(0, notch), buttons, none, phase, False)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event


def test_names_are_never_markup_nor_mnemonics(tour: Tour) -> None:
    tour.named = NAME.format
    seen, problems = 0, []
    for place in make_places(tour):
        for label in place.widget.findChildren(QLabel):
            if "<" in label.text():
                seen += 1
                if label.textFormat() is not Qt.TextFormat.PlainText:
                    problems.append(f"{place.name}: markup: {label.text()}")
                if label.buddy() is not None and "&" in label.text().replace("&&", ""):
                    problems.append(f"{place.name}: underlines: {label.text()}")
        told = [text for text in texts_with_letters(place.widget) if "<b>" in text]
        problems += [f"{place.name}: underlines: {text}" for text in told if "&" in text.replace("&&", "")]
    assert problems == []
    assert seen > 20


def texts_with_letters(root: QWidget) -> Iterator[str]:
    """Yield texts in which & underlines the next letter."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QAbstractButton):
            yield widget.text()
        elif isinstance(widget, QGroupBox):
            yield widget.title()
        elif isinstance(widget, QTabBar):
            yield from (widget.tabText(place) for place in range(widget.count()))
    yield from (action.text() for action in root.findChildren(QAction))


def test_each_letter_of_the_keyboard_leads_to_one_place(tour: Tour) -> None:
    problems: set[str] = set()
    for place in make_places(tour):
        seen: dict[str, str] = {}
        for text in visible_letters(place.widget):
            letter = QKeySequence.mnemonic(text).toString()
            if letter and seen.setdefault(letter, text) != text:
                problems.add(f"{place.name}: {letter}: {seen[letter]}, {text}")
    assert sorted(problems) == []


def visible_letters(root: QWidget) -> Iterator[str]:
    """Yield texts whose mnemonics are active while *root* is focused; those of menus apply only in their menu."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root) or not widget.isEnabledTo(root):
            continue
        if isinstance(widget, QAbstractButton):
            yield widget.text()
        elif isinstance(widget, QGroupBox):
            yield widget.title()
        elif isinstance(widget, QLabel) and widget.buddy() is not None:
            yield widget.text()
        elif isinstance(widget, QTabBar):
            yield from (widget.tabText(place) for place in range(widget.count()))
