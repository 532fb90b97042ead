from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QVBoxLayout
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import screen_fit
from borgdesk.gui.look.help_window import HelpWindow
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.widget_rules import WidgetRules
from borgdesk.gui.shell.main_window import MainWindow, PageEntry
from borgdesk.gui.shell.window_settings import WindowSettings


class RefreshedPage(Page):
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
    """Show three pages in a focused window; return a list of those that have been created."""
    made: list[str] = []

    def make(name: str) -> Page:
        made.append(name)
        return RefreshedPage() if name != "plain" else Page()

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


def test_a_page_opens_once_it_can_be_made_unless_another_one_was_chosen_since(window: MainWindow, qtbot: QtBot) -> None:
    made = fill(window, qtbot)
    ready: list[Callable[[], None]] = []
    window.prepare = ready.append
    for key in (Qt.Key.Key_2, Qt.Key.Key_2, Qt.Key.Key_3):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert (made, len(ready)) == (["first"], 2)
    for make in ready:
        make()
    assert made == ["first", "plain"]
    window.open_page("first")
    ready.clear()
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    window.open_page("plain")
    for make in ready:
        make()
    assert made == ["first", "plain"], "something else is shown by now"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert sidebar(window).currentItem().text() == "First", "a page that is there needs no preparation"


def test_the_widget_rules_wait_until_a_page_is_complete(window: MainWindow, qapp: QApplication) -> None:
    (rules,) = qapp.findChildren(WidgetRules)
    seen: list[bool] = []

    def make() -> Page:
        seen.append(rules.is_building)
        return RefreshedPage()

    window.show_entries([PageEntry("first", "First", "overview", make)])
    assert (seen, rules.is_building) == ([True], False)


def test_the_sidebar_is_reachable_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    made = fill(window, qtbot)
    sidebar(window).setFocus()
    qtbot.keyClick(sidebar(window), Qt.Key.Key_Down)
    assert made == ["first", "second"]
    assert sidebar(window).accessibleName()


def test_a_page_with_something_unsaved_may_hold_the_user_back(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    page = window.page("first")
    assert isinstance(page, RefreshedPage)
    page.free = False
    assert not window.open_page("second")
    assert sidebar(window).currentItem().text() == "First"
    page.free = True
    assert window.open_page("second")


def test_the_sidebar_marks_the_page_that_is_kept_after_a_press(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    page, entries = window.page("first"), sidebar(window)
    assert isinstance(page, RefreshedPage)
    page.free = False
    place = entries.visualItemRect(entries.item(1)).center()
    # The dialog that asks takes the release.
    qtbot.mousePress(entries.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [item.text() for item in entries.selectedItems()] == ["First"]
    page.free = True
    qtbot.mouseClick(entries.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [item.text() for item in entries.selectedItems()] == ["Second"]
    assert entries.currentItem().text() == "Second"


def test_f5_and_find_go_to_the_page_that_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    page = window.page("first")
    assert isinstance(page, RefreshedPage)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert page.refreshed == 1
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is page.search
    window.open_page("plain")
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert page.refreshed == 1


def test_closing_and_quitting_are_asked_for(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    with qtbot.waitSignal(window.close_requested):
        window.close()
    assert window.isVisible()
    with qtbot.waitSignal(window.quit_requested):
        qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    window.close_for_good()
    assert not window.isVisible()


def test_the_window_remembers_its_size(scene: object, settings: WindowSettings, qtbot: QtBot) -> None:
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.resize(window.minimumWidth(), 650)
    kept = window.size()
    window.close_for_good()
    again = MainWindow(settings)
    qtbot.addWidget(again)
    assert again.size() == kept
    assert again.height() == 650
    assert again.minimumSize() == screen_fit.LEAST.boundedTo(screen_fit.room_for(again))
    again.close_for_good()


def test_a_problem_is_told_above_the_page(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    window.show_problem("The disk is full.")
    assert window.problem.isVisible()
    assert window.problem.text == "The disk is full."


def test_f1_opens_the_guide(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (guide,) = window.findChildren(HelpWindow)
    assert "User guide" in guide.text.toPlainText()
    guide.close()


def test_help_is_seen_without_knowing_a_key(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, qtbot)
    assert window.help_button.isVisible()
    menu = window.help_button.menu()
    guide, sample, _separator, about = menu.actions()
    with qtbot.waitSignals([window.help_button.sample_requested, window.help_button.about_requested]):
        sample.trigger()
        about.trigger()
    guide.trigger()
    (opened,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, HelpWindow) and one.isVisible()]
    opened.close()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (opened,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, HelpWindow) and one.isVisible()]
    opened.close()
