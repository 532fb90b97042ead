"""Outlines of controls, measured in pictures of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTabBar,
    QTextEdit,
    QTimeEdit,
    QToolButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import outlines as look_outlines
from borgdesk.gui.look import theme
from tests.gui.look.test_theme import contrast

ROLE = QPalette.ColorRole
Maker = Callable[[], QWidget]
NEEDED = 3.0
PRESSED = 1.15
"""Contrast of a button that is pressed with the same button that is not."""


def editable() -> QComboBox:
    combo = QComboBox()
    combo.setEditable(True)
    return combo


def button(kind: type[QAbstractButton]) -> QAbstractButton:
    made = kind()
    made.setText("text")
    return made


def bar() -> QTabBar:
    tabs = QTabBar()
    tabs.addTab("one")
    tabs.setDrawBase(False)
    return tabs


FIELDS: dict[str, Maker] = {
    "line": QLineEdit,
    "number": QSpinBox,
    "time": QTimeEdit,
    "choice": QComboBox,
    "editable choice": editable,
    "button": lambda: button(QPushButton),
    "tool button": lambda: button(QToolButton),
}
OTHERS: dict[str, Maker] = {
    "plain text": QPlainTextEdit,
    "text": QTextEdit,
    "list": QListWidget,
    "tree": QTreeView,
    "progress": QProgressBar,
    "tab": bar,
}
BOXES: dict[str, Maker] = {"check box": lambda: button(QCheckBox), "radio button": lambda: button(QRadioButton)}


@pytest.fixture(params=["light", "dark", "desktop's dark"])
def ground(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[QColor]:
    """Return the window's colour in each scheme, and in a dark one that a desktop might have."""
    if request.param in ("light", "dark"):
        theme.use_scheme(request.param)
    else:
        palette = QPalette(QColor("#3a3a3a"), QColor("#202326"))
        palette.setColor(ROLE.Highlight, QColor("#308cc6"))
        palette.setColor(ROLE.Base, QColor("#141618"))
        qapp.setPalette(palette)
    yield QGuiApplication.palette().color(ROLE.Window)
    theme.use_scheme("system")
    QGuiApplication.setPalette(QPalette())


class Stage(QWidget):
    """A control with room around it, and a field that has the focus unless the control gets it."""

    def __init__(self, qtbot: QtBot, maker: Maker) -> None:
        super().__init__()
        qtbot.addWidget(self)
        self.other = QLineEdit(self)
        self.control = maker()
        self.control.setParent(self)
        self.control.setGeometry(20, 60, 160, max(30, self.control.sizeHint().height()))
        self.other.move(20, 10)
        self.resize(200, self.control.geometry().bottom() + 20)
        self.show()
        self.activateWindow()
        qtbot.waitUntil(self.isActiveWindow)
        self.other.setFocus()

    def picture(self) -> QImage:
        QApplication.processEvents()
        return self.grab().toImage()


def outlines(picture: QImage, area: QRect, ground: QColor) -> list[QColor]:
    """Return the colours that are met first on the ways into an area, from its four sides."""
    centre = area.center()
    ways = {
        "left": (QPoint(area.left() - 3, centre.y()), QPoint(1, 0)),
        "right": (QPoint(area.right() + 3, centre.y()), QPoint(-1, 0)),
        "top": (QPoint(centre.x(), area.top() - 3), QPoint(0, 1)),
        "bottom": (QPoint(centre.x(), area.bottom() + 3), QPoint(0, -1)),
    }
    return [entered(picture, start, step, ground) for start, step in ways.values()]


def entered(picture: QImage, start: QPoint, step: QPoint, ground: QColor) -> QColor:
    places = (start + step * number for number in range(40))
    return next(shade for shade in map(picture.pixelColor, places) if shade != ground)


@pytest.mark.parametrize("kind", [*FIELDS, *OTHERS])
def test_the_outline_can_be_seen(qtbot: QtBot, ground: QColor, kind: str) -> None:
    stage = Stage(qtbot, (FIELDS | OTHERS)[kind])
    area = stage.control.geometry()
    if isinstance(stage.control, QTabBar):
        area = stage.control.tabRect(0).translated(area.topLeft())
    found = outlines(stage.picture(), area, ground)
    if isinstance(stage.control, QTabBar):
        # The page below it has an outline of its own.
        found.pop()
    assert min(contrast(shade, ground) for shade in found) >= NEEDED, [shade.name() for shade in found]


@pytest.mark.parametrize("kind", BOXES)
def test_the_outline_of_a_box_can_be_seen(qtbot: QtBot, ground: QColor, kind: str) -> None:
    stage = Stage(qtbot, BOXES[kind])
    area = stage.control.geometry()
    found = entered(stage.picture(), QPoint(area.left() - 3, area.center().y()), QPoint(1, 0), ground)
    assert contrast(found, ground) >= NEEDED, found.name()


@pytest.mark.parametrize("kind", [kind for kind in FIELDS if kind != "tool button"])
def test_the_focus_can_be_seen(qtbot: QtBot, ground: QColor, kind: str) -> None:
    """The outline of what has the focus has another colour, and as much contrast."""
    stage = Stage(qtbot, FIELDS[kind])
    area = stage.control.geometry()
    before = outlines(stage.picture(), area, ground)
    # Fusion marks buttons only for those who use the keyboard.
    QTest.keyClick(stage.other, Qt.Key.Key_Tab)
    assert stage.control.hasFocus()
    after = outlines(stage.picture(), area, ground)
    assert min(contrast(shade, ground) for shade in after) >= NEEDED, [shade.name() for shade in after]
    assert all(was != now for was, now in zip(before, after, strict=True))


@pytest.mark.parametrize("kind", [*FIELDS, *BOXES])
def test_what_is_disabled_is_fainter(qtbot: QtBot, ground: QColor, kind: str) -> None:
    stage = Stage(qtbot, (FIELDS | BOXES)[kind])
    area = stage.control.geometry()
    start, step = QPoint(area.left() - 3, area.center().y()), QPoint(1, 0)
    before = entered(stage.picture(), start, step, ground)
    stage.control.setEnabled(False)
    after = entered(stage.picture(), start, step, ground)
    assert 1.3 <= contrast(after, ground) < contrast(before, ground)


@pytest.mark.parametrize("kind", ["button", "tool button", *BOXES])
def test_pressed_is_pressed(qtbot: QtBot, ground: QColor, kind: str) -> None:
    stage = Stage(qtbot, (FIELDS | BOXES)[kind])
    control, area = stage.control, stage.control.geometry()
    assert isinstance(control, QAbstractButton)
    inside = QPoint(area.left() + 7, area.center().y())
    before = stage.picture().pixelColor(inside)
    control.setDown(True)
    after = stage.picture().pixelColor(inside)
    assert contrast(after, before) >= PRESSED, (before.name(), after.name())


def test_controls_follow_another_scheme(qtbot: QtBot, qapp: QApplication) -> None:
    """Including those that existed before, and back again."""
    stage = Stage(qtbot, QLineEdit)
    try:
        for scheme in ("dark", "light", "dark"):
            theme.use_scheme(scheme)
            ground = QGuiApplication.palette().color(ROLE.Window)
            found = outlines(stage.picture(), stage.control.geometry(), ground)
            assert min(contrast(shade, ground) for shade in found) >= NEEDED, scheme
    finally:
        theme.use_scheme("system")
        QGuiApplication.setPalette(QPalette())


def test_other_styles_stay_what_they_are(qtbot: QtBot, qapp: QApplication) -> None:
    """Their outlines are their own: nothing is known about the colours that they are derived from."""
    name = qapp.style().name()
    stage = Stage(qtbot, QLineEdit)
    changed = stage.control.palette().color(ROLE.Window)
    assert changed != QApplication.palette(stage.control).color(ROLE.Window)
    try:
        qapp.setStyle("Windows")
        assert stage.control.palette().color(ROLE.Window) == QApplication.palette(stage.control).color(ROLE.Window)
    finally:
        qapp.setStyle(name)
    assert stage.control.palette().color(ROLE.Window) == changed


def test_a_palette_is_made_once_for_all_controls_of_a_kind(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    derive = look_outlines._outlined

    def counted(palette: QPalette, darker: int) -> QPalette:
        made.append(darker)
        return derive(palette, darker)

    monkeypatch.setattr(look_outlines, "_outlined", counted)
    monkeypatch.setattr(look_outlines, "_known", {})
    for _ in range(30):
        control = QPushButton("text")
        qtbot.addWidget(control)
        control.show()
    assert len(made) <= 1
