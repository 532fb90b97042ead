"""Makes the outlines of controls visible under Fusion, which draws them in a darker shade of the window's colour.

That shade is fainter than 3:1 on light windows, and next to nothing on dark ones. Neither a style sheet nor a style of
our own is needed to change it: controls use the window's colour of their palette for nothing else.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)

from borgdesk.gui.look import theme

_ROLE, _GROUP = QPalette.ColorRole, QPalette.ColorGroup
_COLOURS = [
    (group, role)
    for group in (_GROUP.Active, _GROUP.Inactive, _GROUP.Disabled)
    for role in (_ROLE.Window, _ROLE.Highlight)
]

CONTROLS = (
    QCheckBox,
    QRadioButton,
    QLineEdit,
    QAbstractSpinBox,
    QComboBox,
    QPushButton,
    QToolButton,
    QTabBar,
    QProgressBar,
    QPlainTextEdit,
    QTextEdit,
    QAbstractItemView,
)
"""The controls that have an outline."""

_DARKER = 140
"""Per cent by which Fusion darkens the window's colour for the outline of most controls."""

_OTHERS = {QCheckBox: 127, QRadioButton: 150, QAbstractScrollArea: 130}
"""The same for those that it treats differently."""

_FOCUS_DARKER = 125
"""Per cent by which it darkens the colour of selections for the outline of what has the focus."""

_BRIGHT = 160
"""Value (HSV) above which it takes a light shade for that outline instead."""


def outline(control: QWidget) -> None:
    """Give a control a palette in which its outline is visible, or the application's if its style is not Fusion."""
    application = wanted = QApplication.palette(control)
    if QApplication.style().name() == "fusion":
        others = (per_cent for kind, per_cent in _OTHERS.items() if isinstance(control, kind))
        wanted = _outlined(application, next(others, _DARKER))
    own, present = QPalette(), control.palette()
    for group, role in _COLOURS:
        if wanted.color(group, role) != application.color(group, role):
            own.setColor(group, role, wanted.color(group, role))
    if any(present.color(*which) != wanted.color(*which) for which in _COLOURS):
        control.setPalette(own)


def _outlined(palette: QPalette, darker: int) -> QPalette:
    """Return *palette* with the colours that Fusion, which makes the one of the window *darker*, needs."""
    result = QPalette(palette)
    result.setColor(_ROLE.Window, theme.outline(palette).lighter(darker))
    result.setColor(_GROUP.Disabled, _ROLE.Window, theme.frame(palette).lighter(darker))
    highlight = palette.color(_ROLE.Highlight)
    if theme.is_dark(palette) and highlight.darker(_FOCUS_DARKER).value() <= _BRIGHT:
        bright = (_BRIGHT + 2) * _FOCUS_DARKER // 100
        result.setColor(_ROLE.Highlight, QColor.fromHsv(highlight.hsvHue(), highlight.hsvSaturation(), bright))
    return result
