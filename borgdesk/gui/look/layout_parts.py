"""The widgets and layouts in a layout, without ``QLayout.itemAt``.

PySide keeps the Python object of an item that was asked for, and does not notice when Qt deletes the item, for example
with the widget. Whatever is at the same address later is then taken for the item: a widget lacks its methods, or the
program ends with a segmentation fault.
"""

from __future__ import annotations

from PySide6.QtWidgets import QLayout, QWidget


def parts_of(layout: QLayout) -> list[tuple[int, QWidget | QLayout]]:
    """Return each widget and layout that is directly in a layout, with its place there, in order of the places."""
    parent = layout.parentWidget()
    if parent is None:
        return []
    children = (one for one in (*parent.children(), *layout.children()) if isinstance(one, QWidget | QLayout))
    parts = [(place, child) for child in children if (place := layout.indexOf(child)) >= 0]
    return sorted(parts, key=lambda part: part[0])
