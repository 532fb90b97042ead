"""What screen readers learn of widgets that draw themselves, and of what changes while the focus stays where it is.

Qt knows the role, the state and the action of its own widgets. A widget of ours declares ``accessible_role``, and may
have ``accessible_press()``, which does what Enter does, and ``accessible_expanded()``. Nothing of this is called while
no screen reader listens.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleInterface,
    QAccessibleStateChangeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QAccessibleWidget, QWidget

_PRESS = "Press"
"""The name that Qt gives this action, which it translates itself."""


def install() -> None:
    """Let screen readers ask for what our widgets declare."""
    QAccessible.installFactory(_interface)


def announce(widget: QWidget, text: str, *, urgent: bool = False) -> None:
    """Let a screen reader say *text*, at once if it is *urgent*; *widget* is what it is about."""
    if text and QAccessible.isActive():
        event = QAccessibleAnnouncementEvent(widget, text)
        politeness = QAccessible.AnnouncementPoliteness
        event.setPoliteness(politeness.Assertive if urgent else politeness.Polite)
        QAccessible.updateAccessibility(event)


def tell_expanded(widget: QWidget) -> None:
    """Tell that what a widget with ``accessible_expanded()`` shows has been folded in or out."""
    if QAccessible.isActive():
        state = QAccessible.State()
        state.expanded = True
        QAccessible.updateAccessibility(QAccessibleStateChangeEvent(widget, state))


def _interface(_name: str, thing: QObject) -> QAccessibleInterface | None:
    role = getattr(type(thing), "accessible_role", None)
    return _Drawn(thing, role) if isinstance(role, QAccessible.Role) and isinstance(thing, QWidget) else None


class _Drawn(QAccessibleWidget):
    """A widget that says itself what it is."""

    def text(self, kind: QAccessible.Text) -> str:
        found = super().text(kind)
        widget = self.object()
        if kind is QAccessible.Text.Name and not found and isinstance(widget, QAbstractButton):
            return widget.text().replace("&", "")
        return found

    def state(self) -> QAccessible.State:
        state = super().state()
        is_expanded = getattr(self.object(), "accessible_expanded", None)
        if is_expanded is not None:
            state.expandable = True
            state.expanded = is_expanded()
            state.collapsed = not state.expanded
        return state

    def actionNames(self) -> list[str]:
        names = super().actionNames()
        return [_PRESS, *names] if hasattr(self.object(), "accessible_press") else names

    def doAction(self, name: str) -> None:
        press = getattr(self.object(), "accessible_press", None)
        if name == _PRESS and press is not None:
            press()
        else:
            super().doAction(name)
