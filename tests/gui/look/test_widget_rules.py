"""Rules for all widgets, including those that Qt creates."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDateTimeEdit,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QSpinBox,
    QTableWidget,
    QTabWidget,
    QTextEdit,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import icons, widget_rules

MARKUP = '<b>bold</b> &amp; <img src="/etc/hostname">'


class Page(QScrollArea):
    """A scrollable page with one widget of each kind whose value the wheel can change."""

    def __init__(self) -> None:
        super().__init__()
        inside = QWidget()
        self.other = QLineEdit()
        self.spin, self.combo, self.when = QSpinBox(), QComboBox(), QDateTimeEdit()
        self.slider, self.tabs = QSlider(Qt.Orientation.Horizontal), QTabWidget()
        self.combo.addItems(["repokey", "keyfile"])
        for title in ("one", "two"):
            self.tabs.addTab(QWidget(), title)
        column = QVBoxLayout(inside)
        for widget in (self.other, self.spin, self.combo, self.when, self.slider, self.tabs):
            column.addWidget(widget)
        inside.setMinimumHeight(3000)
        self.setWidgetResizable(True)
        self.setWidget(inside)
        self.resize(300, 400)

    def values(self) -> list[object]:
        return [
            self.spin.value(),
            self.combo.currentIndex(),
            self.when.dateTime(),
            self.slider.value(),
            self.tabs.currentIndex(),
        ]


def turn_wheel(widget: QWidget) -> None:
    """Send a wheel event of one notch down as a mouse does: to the window, which finds the widget below the pointer."""
    window = widget.window()
    point = widget.mapTo(window, widget.rect().center())
    QTest.wheelEvent(window.windowHandle(), point.toPointF(), QPoint(0, -120))
    QApplication.processEvents()


def test_the_wheel_scrolls_the_page_and_changes_nothing(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    page.show()
    page.other.setFocus()
    before = page.values()
    for widget in (page.spin, page.combo, page.when, page.slider, page.tabs.tabBar()):
        page.verticalScrollBar().setValue(0)
        turn_wheel(widget)
        assert page.verticalScrollBar().value() > 0, widget
        assert not widget.hasFocus()
    assert page.values() == before


def test_the_wheel_works_where_the_keyboard_is(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    page.show()
    page.combo.setFocus()
    turn_wheel(page.combo)
    assert page.combo.currentText() == "keyfile"
    assert page.verticalScrollBar().value() == 0


def test_tab_leaves_texts_and_tables(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    stops = [QPlainTextEdit(), QTextEdit(), QTableWidget(2, 2), QLineEdit()]
    for widget in stops:
        column.addWidget(widget)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    stops[0].setFocus()
    for before, after in pairwise(stops):
        assert before.hasFocus()
        QTest.keyClick(before, Qt.Key.Key_Tab)
        assert after.hasFocus()


def test_names_are_shown_as_they_are(qtbot: QtBot) -> None:
    label, box = QLabel(MARKUP), QMessageBox()
    for widget in (label, box):
        qtbot.addWidget(widget)
    box.setText(MARKUP)
    box.setInformativeText(MARKUP)
    label.show()
    box.open()
    QToolTip.showText(QPoint(5, 5), MARKUP, label)
    tips = [one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel")]
    labels = [label, *box.findChildren(QLabel), *tips]
    told = [one for one in labels if isinstance(one, QLabel) and one.text() == MARKUP]
    assert len(told) == 4
    assert {one.textFormat() for one in told} == {Qt.TextFormat.PlainText}


def test_markup_that_is_meant_stays(qtbot: QtBot) -> None:
    label = QLabel(MARKUP)
    label.setTextFormat(Qt.TextFormat.RichText)
    qtbot.addWidget(label)
    label.show()
    assert label.textFormat() is Qt.TextFormat.RichText


def test_the_rules_are_installed_once(qapp: QApplication) -> None:
    widget_rules.install(qapp)
    assert len(qapp.findChildren(widget_rules.WidgetRules)) == 1


class Hundreds(QWidget):
    """A page with many widgets, which asks for its size while it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = [QLabel(MARKUP) for _ in range(50)]
        self.combo, self.line = QComboBox(), QLineEdit()
        column = QVBoxLayout(self)
        for widget in (*self.labels, self.combo, self.line):
            column.addWidget(widget)
        self.hidden = QWidget(self)
        self.hidden.hide()
        self.late = QLabel(MARKUP, self.hidden)
        self.sizeHint()


def counted(name: str, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that gets what a function of the rules is called with."""
    calls: list[object] = []
    function = getattr(widget_rules, name)

    def note(widget: QWidget) -> None:
        calls.append(widget)
        function(widget)

    monkeypatch.setattr(widget_rules, name, note)
    return calls


def test_a_page_is_made_without_asking_the_rules_about_each_event(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    polished = counted("_polish", monkeypatch)
    asked_meanwhile: list[int] = []

    def make() -> Hundreds:
        page = Hundreds()
        asked_meanwhile.append(len(polished))
        return page

    page = widget_rules.built(make)
    qtbot.addWidget(page)
    assert asked_meanwhile == [0]
    assert len(polished) == len(set(polished)), "each widget is prepared once"
    assert {label.textFormat() for label in page.labels} == {Qt.TextFormat.PlainText}
    assert page.combo.focusPolicy() is Qt.FocusPolicy.StrongFocus
    page.hidden.show()
    page.show()
    assert page.late.textFormat() is Qt.TextFormat.PlainText, "the others follow when they are shown"


def test_the_rules_hold_again_after_a_page_could_not_be_made(qtbot: QtBot) -> None:
    def fail() -> QWidget:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is ours
        widget_rules.built(fail)
    page = widget_rules.built(lambda: widget_rules.built(Hundreds))
    qtbot.addWidget(page)
    label = QLabel(MARKUP)
    qtbot.addWidget(label)
    label.show()
    assert label.textFormat() is page.labels[0].textFormat() is Qt.TextFormat.PlainText


def test_a_letter_leads_into_a_field_made_of_several(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    several = QWidget()
    inner = QVBoxLayout(several)
    fields = [QLineEdit(), QLineEdit()]
    for field in fields:
        inner.addWidget(field)
    other = QLineEdit()
    form = QFormLayout(page)
    form.addRow("Other", other)
    form.addRow("&Several", several)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    QTest.keyClick(other, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    assert fields[0].hasFocus()


def test_icons_of_dialog_buttons_are_of_the_family(qtbot: QtBot) -> None:
    """Without a desktop's theme, Qt has coloured ones of its own: a red cross on every *Cancel*."""
    standard = QDialogButtonBox.StandardButton
    box = QDialogButtonBox(standard.Save | standard.Discard | standard.Cancel)
    qtbot.addWidget(box)
    mine = box.addButton("Run", QDialogButtonBox.ButtonRole.ActionRole)
    mine.setIcon(icons.icon("media-playback-start"))
    cross = QPixmap(16, 16)
    cross.fill(Qt.GlobalColor.red)
    for button in (standard.Save, standard.Discard, standard.Cancel):
        box.button(button).setIcon(QIcon(cross))
    box.show()
    assert [box.button(button).icon().name() for button in (standard.Save, standard.Discard, standard.Cancel)] == [
        "borgdesk-document-save", "borgdesk-edit-undo", "",
    ]  # fmt: skip
    assert box.button(standard.Cancel).icon().isNull()
    assert mine.icon().name() == "borgdesk-media-playback-start"


@pytest.mark.parametrize("icon", [QMessageBox.Icon.Warning, QMessageBox.Icon.Question, QMessageBox.Icon.Critical])
def test_icons_of_questions_are_of_the_family(icon: QMessageBox.Icon, qtbot: QtBot) -> None:
    box = QMessageBox(icon, "Delete", "Delete it?")
    qtbot.addWidget(box)
    box.show()
    label = box.findChild(QLabel, "qt_msgboxex_icon_label")
    assert label is not None
    name, tone = widget_rules.QUESTIONS[icon]
    side = label.pixmap().deviceIndependentSize().toSize()
    assert label.pixmap().toImage() == icons.toned(name, tone).pixmap(side, box.devicePixelRatio()).toImage()
    assert box.icon() is icon
