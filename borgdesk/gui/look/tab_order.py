"""Tab order in reading order, derived from layouts.

Qt uses the order in which widgets were added to the window, so that a widget added later, such as a banner with
buttons, a row of a form or another card, comes last wherever it is. Layouts have the reading order, also for languages
read from right to left.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLayout,
    QMainWindow,
    QRadioButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from borgdesk.gui.look.layout_parts import parts_of

_WHOLE = (QAbstractItemView, QAbstractSpinBox, QComboBox)
"""Widgets whose children are not tab stops."""


def go_on(window: QWidget, *, forward: bool) -> bool:
    """Move the focus to the next stop of a window, or to the previous one; return False if there is none.

    For ``focusNextPrevChild`` of windows. Qt's own order is not changed: ``setTabOrder`` breaks it where a widget has
    one of its children as focus proxy, as tabs do.
    """
    now = window.focusWidget()
    stops = [*_stops(window, now)]
    if not stops or stops == [now]:
        return False
    step = 1 if forward else -1
    here = stops.index(now) if now in stops else (-1 if forward else 0)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stop = stops[(here + step) % len(stops)]
    stop.setFocus(reason)
    _scroll_to(stop)
    return True


def _scroll_to(stop: QWidget) -> None:
    """Scroll to the stop: Qt only does so for focus changes within the scroll area."""
    parent = stop.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(stop)
        parent = parent.parentWidget()


def _stops(widget: QWidget, now: QWidget | None) -> Iterator[QWidget]:
    """Yield the tab stops; *now*, the focused widget, may be one that only a click can focus."""
    if widget is now or (widget.isEnabled() and _takes_tab(widget)):
        yield widget
    if isinstance(widget, _WHOLE):
        return
    for part in _parts(widget):
        if part.isVisible() and not part.isWindow():
            yield from _stops(part, now)


def _takes_tab(widget: QWidget) -> bool:
    if isinstance(widget, QRadioButton):
        # Qt stops at the button that was focused last; people expect the checked one. The arrow keys reach the others.
        parent = widget.parentWidget()
        group = parent.children() if parent is not None else []
        made = any(isinstance(one, QRadioButton) and one.isChecked() for one in group)
        return widget.isChecked() or not made
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None


def _parts(widget: QWidget) -> list[QWidget]:
    """Return the children of a widget in reading order."""
    parts: list[QWidget | None]
    if isinstance(widget, QTabWidget):
        parts = [widget.tabBar(), widget.currentWidget()]
    elif isinstance(widget, QSplitter):
        parts = [widget.widget(place) for place in range(widget.count())]
    elif isinstance(widget, QStackedWidget):
        parts = [widget.currentWidget()]
    elif isinstance(widget, QScrollArea):
        parts = [widget.widget()]
    elif isinstance(widget, QMainWindow):
        parts = [widget.centralWidget()]
    else:
        layout = widget.layout()
        parts = [] if layout is None else [*_widgets(layout)]
        parts += [one for one in widget.children() if isinstance(one, QWidget) and one not in parts]
    return [part for part in parts if part is not None]


def _widgets(layout: QLayout) -> Iterator[QWidget]:
    for part in _in_order(layout):
        if isinstance(part, QWidget):
            yield part
        else:
            yield from _widgets(part)


def _in_order(layout: QLayout) -> Iterator[QWidget | QLayout]:
    """Yield the parts by position: box layouts keep them in order, forms and grids in order of insertion."""
    places = parts_of(layout)
    if isinstance(layout, QGridLayout):
        grid = layout
        places.sort(key=lambda one: tuple(grid.getItemPosition(one[0]))[:2])  # type: ignore[arg-type]
    elif isinstance(layout, QFormLayout):
        form = layout
        places.sort(key=lambda one: _row(form, one[0]))
    yield from (part for _, part in places)


def _row(form: QFormLayout, place: int) -> tuple[int, int]:
    at: tuple[int, QFormLayout.ItemRole] = form.getItemPosition(place)  # type: ignore[assignment] # stubs: object
    return at[0], at[1].value
