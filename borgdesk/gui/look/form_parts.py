"""Small parts that forms and dialogs are made of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QProgressBar, QStyle, QWidget


def explanation(text: str = "", *, indented: bool = False) -> QLabel:
    """Return a label with an explanation of what is beside it; *indented*: below the text of a check box."""
    label = QLabel(text, wordWrap=True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    if indented:
        style = QApplication.style()
        box, gap = QStyle.PixelMetric.PM_IndicatorWidth, QStyle.PixelMetric.PM_CheckBoxLabelSpacing
        label.setIndent(style.pixelMetric(box) + style.pixelMetric(gap))
    return label


def selectable_text(text: str = "") -> QLabel:
    """Return a label with plain text that can be selected and copied."""
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def show_text(field: QLineEdit, text: str) -> None:
    """Show a text from its beginning; Qt shows the end of one that is too long for the field."""
    field.setText(text)
    field.setCursorPosition(0)


def label_of(field: QWidget, text: str) -> QLabel:
    """Return the label of a field that is not alone in its row of a form, which also gives the field its name."""
    label = QLabel(text)
    # Qt looks for the label of a field only among those beside it.
    if not field.accessibleName():
        field.setAccessibleName(text.replace("&", ""))
    label.setBuddy(field)
    return label


def in_row(*widgets: QWidget, wide: QWidget | None = None) -> QHBoxLayout:
    """Return a row without margins; *wide* takes the room that is left, or nothing does."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget, 1 if widget is wide else 0)
    if wide is None:
        row.addStretch(1)
    return row


def busy_bar(name: str) -> QProgressBar:
    """Return a bar that moves while something takes as long as it takes; *name* says what."""
    bar = QProgressBar()
    bar.setRange(0, 0)
    bar.setAccessibleName(name)
    return bar
