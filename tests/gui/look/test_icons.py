from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPixmap
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.gui.look import icons, theme
from borgdesk.paths import resource

NAMES = sorted(path.stem for path in resource("icons").glob("*.svg"))


@pytest.fixture
def system_scheme(qtbot: QtBot) -> Iterator[None]:
    yield
    theme.use_scheme("system")


def colors(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    image = icon.pixmap(QSize(32, 32), mode).toImage()
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return {color.name() for color in points if color.alpha() == 255}


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_can_be_drawn(name: str, qtbot: QtBot) -> None:
    assert colors(icons.icon(name))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_icons_are_sharp_on_dense_screens(ratio: float, qtbot: QtBot) -> None:
    for icon in (icons.icon("history"), icons.toned("history", theme.Tone.GOOD)):
        pixmap = icon.pixmap(QSize(16, 16), ratio)
        assert pixmap.size() == QSize(16, 16) * ratio
        assert pixmap.devicePixelRatio() == ratio


def test_every_status_has_an_icon(qtbot: QtBot) -> None:
    for status in (*RunStatus, *ExecutionStatus):
        assert not icons.status_icon(status).pixmap(16, 16).isNull()


def test_an_icon_of_no_name_is_an_error(qtbot: QtBot) -> None:
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon")


def test_icons_follow_light_and_dark(system_scheme: None) -> None:
    icon = icons.icon("history")
    theme.use_scheme("light")
    light = colors(icon)
    theme.use_scheme("dark")
    assert theme.is_dark()
    assert all(QColor(name).lightness() > 128 for name in colors(icon))
    assert all(QColor(name).lightness() < 128 for name in light)


def test_an_icon_outlives_what_happens_to_its_copies(qtbot: QtBot) -> None:
    icon = icons.icon("history")
    for _ in range(50):
        copy = QIcon(icon)
        copy.addPixmap(QPixmap(4, 4))
        assert not copy.pixmap(16, 16).isNull()
    assert colors(icon)
