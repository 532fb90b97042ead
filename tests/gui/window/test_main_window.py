from __future__ import annotations

from functools import partial

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.main_window import LEAST, MainWindow, PageEntry
from borgdesk.gui.preferences import Preferences
from borgdesk.paths import Paths


class Page(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.free, self.refreshed = True, 0
        self.search = QLineEdit(self)
        QVBoxLayout(self).addWidget(self.search)

    def can_leave(self) -> bool:
        return self.free

    def refresh(self) -> None:
        self.refreshed += 1

    def focus_search(self) -> None:
        self.search.setFocus()


def fill(window: MainWindow, qtbot: QtBot) -> list[str]:
    """Three pages in a window that has the keyboard; which of them were made is in the list."""
    made: list[str] = []

    def make(name: str) -> QWidget:
        made.append(name)
        return Page() if name != "plain" else QLabel("nothing to refresh")

    names = ("first", "second", "plain")
    window.show_entries([PageEntry(name, name.title(), "overview", partial(make, name)) for name in names])
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return made


def sidebar(window: MainWindow) -> QListWidget:
    found = window.findChild(QListWidget)
    assert isinstance(found, QListWidget)
    return found


def test_pages_are_made_when_they_are_first_seen(window: MainWindow, qtbot: QtBot) -> None:
    made = fill(window, qtbot)
    assert made == ["first"]
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert made == ["first", "second"]
    window.open_page("first")
    window.open_page("second")
    assert made == ["first", "second"]
    assert sidebar(window).currentItem().text() == "Second"


def test_the_sidebar_is_reachable_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    made = fill(window, qtbot)
    sidebar(window).setFocus()
    qtbot.keyClick(sidebar(window), Qt.Key.Key_Down)
    assert made == ["first", "second"]
    assert sidebar(window).accessibleName()


def test_a_page_with_something_unsaved_may_hold_the_user_back(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    page = window.page("first")
    assert isinstance(page, Page)
    page.free = False
    assert not window.open_page("second")
    assert sidebar(window).currentItem().text() == "First"
    page.free = True
    assert window.open_page("second")


def test_f5_and_find_go_to_the_page_that_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    page = window.page("first")
    assert isinstance(page, Page)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert page.refreshed == 1
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is page.search
    window.open_page("plain")
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert page.refreshed == 1


def test_closing_and_quitting_are_asked_for(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    with qtbot.waitSignal(window.close_asked):
        window.close()
    assert window.isVisible()
    with qtbot.waitSignal(window.quit_asked):
        qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    window.close_for_good()
    assert not window.isVisible()


def test_the_window_remembers_its_size(scene: object, preferences: Preferences, qtbot: QtBot) -> None:
    window = MainWindow(preferences)
    qtbot.addWidget(window)
    window.resize(900, 650)
    window.close_for_good()
    again = MainWindow(preferences)
    qtbot.addWidget(again)
    assert again.size() == QSize(900, 650)
    assert again.minimumSize() == LEAST
    again.close_for_good()


def test_wishes_are_kept_and_nonsense_is_not_taken(preferences: Preferences, scene: object, qtbot: QtBot) -> None:
    with qtbot.waitSignal(preferences.changed):
        preferences.change(notify_success=True, scheme="dark")
    preferences.change(notify_success=True)
    preferences._settings.sync()
    paths: Paths = scene.workspace.paths  # type: ignore[attr-defined]
    assert Preferences(paths).wishes == preferences.wishes
    assert preferences.wishes.notify_success
    preferences._settings.setValue("wishes/scheme", "pink")
    preferences._settings.setValue("window/geometry", 7)
    preferences._settings.sync()
    again = Preferences(paths)
    assert again.wishes.scheme == "system"
    assert again.geometry == QByteArray()


def test_a_problem_is_told_above_the_page(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    window.tell_problem("The disk is full.")
    assert window.problem.isVisible()
    assert window.problem.text == "The disk is full."
