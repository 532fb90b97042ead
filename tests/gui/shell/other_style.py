"""Tour under the style and font of another desktop, which :mod:`test_other_styles` starts in a process of its own.

Breeze and Adwaita themselves are made for the Qt of a desktop; these have their measures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.shell.tiny_screen import at_rest
from tests.gui.squeezed import cut_choices
from tests.gui.tour import Tour, make_places

_Metric, _Kind = QStyle.PixelMetric, QStyle.ContentsType
_ROOM = QSize(1024, 576)
"""A screen of 1024 × 600 pixels without the title bar of the window."""

_MARGINS = (
    _Metric.PM_LayoutLeftMargin,
    _Metric.PM_LayoutRightMargin,
    _Metric.PM_LayoutTopMargin,
    _Metric.PM_LayoutBottomMargin,
)
_BOXES = (
    _Metric.PM_IndicatorWidth,
    _Metric.PM_IndicatorHeight,
    _Metric.PM_ExclusiveIndicatorWidth,
    _Metric.PM_ExclusiveIndicatorHeight,
)
STYLES = {
    "breeze": {
        **dict.fromkeys(_MARGINS, 10),
        **dict.fromkeys(_BOXES, 22),
        _Metric.PM_LayoutHorizontalSpacing: 8,
        _Metric.PM_LayoutVerticalSpacing: 8,
        _Metric.PM_ButtonMargin: 16,
        _Metric.PM_ScrollBarExtent: 21,
        _Metric.PM_DefaultFrameWidth: 2,
    },
    "adwaita": {
        **dict.fromkeys(_MARGINS, 12),
        **dict.fromkeys(_BOXES, 20),
        _Metric.PM_LayoutHorizontalSpacing: 12,
        _Metric.PM_LayoutVerticalSpacing: 8,
        _Metric.PM_ButtonMargin: 20,
        _Metric.PM_ScrollBarExtent: 14,
        _Metric.PM_DefaultFrameWidth: 1,
    },
}
_FIELDS = (_Kind.CT_PushButton, _Kind.CT_LineEdit, _Kind.CT_ComboBox, _Kind.CT_SpinBox)
_FIELD_HEIGHT = 34
_POINTS = 12


class Measured(QProxyStyle):
    """Fusion with other measures."""

    def __init__(self, measures: dict[QStyle.PixelMetric, int]) -> None:
        super().__init__("Fusion")
        self._measures = measures

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        measure = self._measures.get(metric)
        return super().pixelMetric(metric, option, widget) if measure is None else measure

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        needed = super().sizeFromContents(kind, option, size, widget)  # type: ignore[arg-type] # stubs: never None
        return needed.expandedTo(QSize(0, _FIELD_HEIGHT)) if kind in _FIELDS else needed


@pytest.fixture(autouse=True, scope="module")
def _style(qapp: QApplication) -> Iterator[None]:
    style = Measured(STYLES[os.environ["BORGDESK_TEST_STYLE"]])
    qapp.setStyle(style)
    font = qapp.font()
    font.setPointSizeF(_POINTS)
    qapp.setFont(font)
    yield
    qapp.setStyle("Fusion")


def test_everything_fits(tour: Tour, qtbot: QtBot) -> None:
    problems: list[str] = []
    seen = 0
    tour.window.resize(_ROOM)
    for place in make_places(tour):
        place.widget.resize(place.widget.size().boundedTo(_ROOM))
        seen += 1
        found = [*at_rest(tour, place.widget), *cut_choices(place.widget)]
        if place.widget.size().boundedTo(_ROOM) != place.widget.size():
            found.append(f"is {place.widget.width()} × {place.widget.height()}")
        problems += [f"{place.name}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)
    assert seen > 80
