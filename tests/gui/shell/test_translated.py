"""Window in a pseudo language: every text on the screen is translated, or is a name given by the user."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, QCoreApplication, Qt, QTranslator
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCalendarWidget,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from borgdesk import translation
from borgdesk.app import translate_qt
from borgdesk.gui.shell.tray import Tray
from borgdesk.paths import resource
from tests import pseudo
from tests.gui.squeezed import cut_titles, squeezed
from tests.gui.tour import Tour, make_places

pytestmark = [pytest.mark.gui, pytest.mark.slow]

OWN = re.compile(
    r"""
    [\[«]                                  # translated, or named by somebody
    | ^[^A-Za-z]*$                         # numbers and signs
    | ^(BorgDesk|Borg|Bash|Shell|Python|ShellCheck|main)\b
    | /|\.sh\b|\$|^[A-Z_]+(\ \*)?$|[a-z]+:|%      # paths, variables, patterns
    | ^\d|\d\ [kMG]?B\b|\bB$               # sizes
    """,
    re.VERBOSE,
)
"""Texts that are the same in every language."""

OF_QT = {"Cancel", "Close", "Discard", "Save", "Scroll Left", "Scroll Right"}
"""Texts translated by Qt's own catalogues."""


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_spoken", (pseudo.NAME, pseudo.catalogue()))


def headers(model: QAbstractItemModel, view: QHeaderView) -> Iterator[str]:
    for section in range(view.count()):
        if not view.isSectionHidden(section):
            yield str(model.headerData(section, view.orientation(), Qt.ItemDataRole.DisplayRole) or "")


def words_of(widget: QWidget) -> Iterator[str]:
    """Yield the texts of one widget without its children."""
    yield widget.toolTip()
    yield widget.accessibleName()
    if widget.isWindow():
        yield widget.windowTitle()
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QGroupBox():
            yield widget.title()
        case QLineEdit():
            yield widget.placeholderText()
        case QTabWidget():
            yield from (widget.tabText(place) for place in range(widget.count()))
        case QHeaderView() if widget.model() is not None and widget.orientation() is Qt.Orientation.Horizontal:
            yield from headers(widget.model(), widget)
        case _:
            pass


def is_ours(action: QAction) -> bool:
    """Return whether the action's text is ours, unlike a calendar's months, which use the locale of dates."""
    owner = action.parent()
    while owner is not None:
        if isinstance(owner, QCalendarWidget):
            return False
        owner = owner.parent()
    return True


def shown(window: QWidget) -> Iterator[str]:
    for widget in (window, *window.findChildren(QWidget)):
        if widget.isVisibleTo(window) and not isinstance(widget.parent(), QAbstractItemView):
            yield from words_of(widget)
    if not isinstance(window, QMessageBox):
        yield from (action.text() for action in window.findChildren(QAction) if action.isVisible() and is_ours(action))


@pytest.mark.usefixtures("usual_font")
def test_all_that_is_shown_is_translated_and_fits(spoken: None, tour: Tour) -> None:
    tour.window.resize(1280, 800)
    tour.named = "«{}»".format
    untranslated: dict[str, str] = {}
    cut: dict[str, str] = {}
    for place in make_places(tour):
        tour.settle()
        for problem in (*squeezed(place.widget), *cut_titles(place.widget)):
            cut.setdefault(problem, place.name)
        for text in shown(place.widget):
            if text and text not in OF_QT and not OWN.search(text):
                untranslated.setdefault(text, place.name)

    assert not untranslated, "\n".join(f"{place}: {text}" for text, place in untranslated.items())
    assert not cut, "\n".join(f"{place}: {text}" for text, place in cut.items())


def test_the_tray_is_translated(spoken: None, qtbot: QtBot) -> None:
    tray = Tray(QIcon(str(resource("icons/org.borgdesk.BorgDesk.svg"))))
    menus = [tray.menu, *tray.menu.findChildren(QMenu)]
    texts = [action.text() for menu in menus for action in menu.actions() if action.text()]
    assert len(texts) > 3
    assert [text for text in (*texts, tray._icon.toolTip()) if not OWN.search(text)] == []


def test_the_buttons_of_qt_speak_the_same_language(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    monkeypatch.setattr(translation, "_spoken", ("de", translation.English()))
    translate_qt(qapp)
    try:
        assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
            translator.deleteLater()
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
