"""Contrast of colours in every colour scheme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import theme, widget_rules

ROLE = QPalette.ColorRole


@pytest.fixture(params=["system", "light", "dark"])
def palette(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[QPalette]:
    theme.use_scheme(request.param)
    yield QGuiApplication.palette()
    theme.use_scheme("system")
    QGuiApplication.setPalette(QPalette())


def channels(shade: QColor) -> tuple[float, float, float]:
    return shade.redF(), shade.greenF(), shade.blueF()


def luminance(shade: tuple[float, float, float]) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shade)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text: QColor, ground: QColor) -> float:
    share = text.alphaF()
    red, green, blue = (
        share * one + (1 - share) * other for one, other in zip(channels(text), channels(ground), strict=True)
    )
    lighter, darker = sorted((luminance((red, green, blue)), luminance(channels(ground))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_text_can_be_read(palette: QPalette) -> None:
    for text in (ROLE.Text, ROLE.WindowText, ROLE.PlaceholderText):
        for ground in (ROLE.Base, ROLE.Window):
            assert contrast(palette.color(text), palette.color(ground)) >= 4.5, (text, ground)
    for tone in theme.Tone:
        for ground in (ROLE.Base, ROLE.Window):
            assert contrast(theme.color(tone), palette.color(ground)) >= 4.5, (tone, ground)


def test_fields_stand_out_from_a_dark_ground(qapp: QApplication) -> None:
    theme.use_scheme("dark")
    try:
        palette = QGuiApplication.palette()
        assert contrast(palette.color(ROLE.Base), palette.color(ROLE.Window)) > 1.4
    finally:
        theme.use_scheme("system")
        QGuiApplication.setPalette(QPalette())


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_of_a_box_can_be_seen(qtbot: QtBot, scheme: str, kind: type[QCheckBox | QRadioButton]) -> None:
    """Including a check box that existed when the scheme was chosen."""
    widget_rules.install(cast("QApplication", QApplication.instance()))
    page = QWidget()
    qtbot.addWidget(page)
    box = kind("text", page)
    page.resize(box.sizeHint())
    page.show()
    theme.use_scheme(scheme)
    try:
        QApplication.processEvents()
        image, ground = page.grab().toImage(), QGuiApplication.palette().color(ROLE.Window)
        row = [image.pixelColor(x, image.height() // 2) for x in range(4)]
        assert max(contrast(shade, ground) for shade in row if shade != QGuiApplication.palette().color(ROLE.Base)) >= 3
    finally:
        theme.use_scheme("system")
        QGuiApplication.setPalette(QPalette())
