"""Makes the outlines of controls visible under Fusion, which draws them in a darker shade of the window's colour.

That shade is fainter than 3:1 on light windows, and next to nothing on dark ones. Neither a style sheet nor a style of
our own is needed to change it: controls use the window's colour of their palette for nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

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


_MOST_KNOWN = 64
"""Palettes to keep; each scheme of a desktop has two or three."""


class _Wanted(NamedTuple):
    """What a control needs under one palette of the application."""

    own: QPalette
    """Has only those colours that differ from the application's."""
    colours: list[QColor]
    """All of :data:`_COLOURS`, as they are to be."""


_known: dict[tuple[int, int], _Wanted] = {}
"""By the key of the application's palette, and the shade: a page has hundreds of controls, and a turn of the event loop
to make them in."""


def outline(control: QWidget) -> None:
    """Give a control a palette in which its outline is visible, or the application's if its style is not Fusion."""
    is_fusion = QApplication.style().name() == "fusion"
    darker = next((per_cent for kind, per_cent in _OTHERS.items() if isinstance(control, kind)), _DARKER)
    wanted = _wanted(QApplication.palette(control), darker if is_fusion else 0)
    present = control.palette()
    if any(present.color(*which) != colour for which, colour in zip(_COLOURS, wanted.colours, strict=True)):
        control.setPalette(wanted.own)


def _wanted(application: QPalette, darker: int) -> _Wanted:
    """Return what a control needs whose window's colour Fusion makes *darker*; 0 for another style."""
    key = application.cacheKey(), darker
    if key not in _known:
        wanted, own = _outlined(application, darker) if darker else application, QPalette()
        for which in _COLOURS:
            if wanted.color(*which) != application.color(*which):
                own.setColor(*which, wanted.color(*which))
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _Wanted(own, [wanted.color(*which) for which in _COLOURS])
    return _known[key]


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
