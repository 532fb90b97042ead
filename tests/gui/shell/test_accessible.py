"""What screen readers learn of every page, tab, dialog and state: names, roles, states, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCalendarWidget,
    QHeaderView,
    QLineEdit,
    QListView,
    QProgressBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from tests.gui.shell.test_keyboard import above, told
from tests.gui.tour import Tour, make_places

_ROLES, _TEXTS = QAccessible.Role, QAccessible.Text
_MEANINGLESS = (_ROLES.NoRole, _ROLES.Client, _ROLES.Pane, _ROLES.Border, _ROLES.LayeredPane, _ROLES.Grouping)
"""Roles of widgets that Qt knows nothing about."""
_MOST = 20
"""Rows of a view that are looked at."""


def test_screen_readers_learn_what_everything_is(tour: Tour) -> None:
    problems: dict[str, str] = {}
    for place in make_places(tour):
        for widget in [place.widget, *place.widget.findChildren(QWidget)]:
            if widget.isVisible() and not is_part_of_another(widget):
                problems |= {problem: place.name for problem in look_at(widget) if problem not in problems}
    assert problems == {}


def is_part_of_another(widget: QWidget) -> bool:
    """Return whether Qt tells about another widget instead: a compound one, or the window that opens."""
    inside = isinstance(widget.parentWidget(), QCalendarWidget | QTabBar) or isinstance(widget, QHeaderView)
    of_field = isinstance(widget, QToolButton) and isinstance(widget.parentWidget(), QLineEdit)
    return inside or of_field or widget.focusProxy() is not None or widget.objectName().startswith("qt_")


def look_at(widget: QWidget) -> Iterator[str]:
    """Yield what a screen reader misses of a widget."""
    told_of = QAccessible.queryAccessibleInterface(widget)
    can_be_focused = widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    if (can_be_focused or isinstance(widget, QProgressBar)) and not told_of.text(_TEXTS.Name):
        yield f"no name: {told(widget)}"
    if can_be_focused and told_of.role() in _MEANINGLESS:
        yield f"{told_of.role().name}: {told(widget)}"
    if bool(told_of.state().disabled) == widget.isEnabled():
        yield f"wrong state: {told(widget)}"
    if isinstance(widget, QAbstractItemView):
        yield from look_at_items(widget)


def look_at_items(view: QAbstractItemView) -> Iterator[str]:
    """Yield items with a picture and without a word, and a view in which the keyboard begins nowhere."""
    model, root = view.model(), view.rootIndex()
    if isinstance(next(iter(list(above(view))[1:]), None), QCalendarWidget):
        return
    for row in range(min(model.rowCount(root), _MOST)):
        for column in range(1 if isinstance(view, QListView) else model.columnCount(root)):
            index = model.index(row, column, root)
            if index.data(Qt.ItemDataRole.DecorationRole) is not None and not words_of(index):
                yield f"an icon without words in column {column}: {told(view)}"
        if not any(words_of(model.index(row, column, root)) for column in range(columns(view))):
            yield f"a row without words: {told(view)}"
    if view.isEnabled() and has_item_to_choose(view) and not keyboard_begins_in(view):
        yield f"no current item: {told(view)}"


def columns(view: QAbstractItemView) -> int:
    return 1 if isinstance(view, QListView) else view.model().columnCount(view.rootIndex())


def words_of(index: QModelIndex) -> str:
    return index.data(Qt.ItemDataRole.AccessibleTextRole) or index.data(Qt.ItemDataRole.DisplayRole) or ""


def has_item_to_choose(view: QAbstractItemView) -> bool:
    model, root = view.model(), view.rootIndex()
    flags = (model.flags(model.index(row, 0, root)) for row in range(min(model.rowCount(root), _MOST)))
    return any(flag & Qt.ItemFlag.ItemIsEnabled for flag in flags)


def keyboard_begins_in(view: QAbstractItemView) -> bool:
    """Return whether an item is current when Tab arrives, without having chosen it."""
    if view.currentIndex().isValid() or view.focusPolicy() == Qt.FocusPolicy.NoFocus:
        return True
    before = QApplication.focusWidget()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    found = view.currentIndex().isValid()
    if before is not None:
        before.setFocus(Qt.FocusReason.OtherFocusReason)
    return found
