"""The part of the form that is folded in: patterns, limits, and further options of Borg."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from tests.gui.repositories.stage import kept, save, show
from tests.gui.scene import Scene


def test_it_is_folded_in_and_tells_what_is_in_use(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs", patterns="- home\n", upload_limit=100)
    show(page, qtbot)
    edit = page.view.backup.advanced
    assert edit.button.text() == "Advanced (2 settings in use)"
    assert not edit.is_open
    assert not edit.patterns.isVisible()
    edit.button.setFocus()
    QTest.keyClick(edit.button, Qt.Key.Key_Space)
    assert edit.patterns.isVisible()
    assert not page.view.is_modified()


def test_its_values_are_saved(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    before = kept(scene, "Docs")
    show(page, qtbot)
    edit = page.view.backup.advanced
    edit.open()
    edit.patterns.setPlainText("+ home/*/keep\n- home/*")
    edit.limited.click()
    edit.limit.setValue(700)
    edit.saves.click()
    edit.interval.set_seconds(600)
    edit.interval.edited.emit()
    QTest.keyClicks(edit.arguments, "--noacls")
    save(page, qtbot)
    stored = scene.workspace.store.repositories.get
    after = stored(before.id)
    assert (after.patterns, after.upload_limit) == ("+ home/*/keep\n- home/*\n", 700)
    assert (after.checkpoint_interval, after.extra_arguments) == (600, "--noacls")
    assert not page.view.is_modified()
    edit.patterns.clear()
    edit.limited.click()
    edit.saves.click()
    edit.arguments.clear()
    save(page, qtbot)
    after = stored(before.id)
    assert (after.patterns, after.upload_limit) == ("", None)
    assert (after.checkpoint_interval, after.extra_arguments) == (None, "")


def test_what_borg_would_not_accept_is_told_at_the_field(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs")
    show(page, qtbot)
    view, edit = page.view, page.view.backup.advanced
    edit.open()
    edit.patterns.setPlainText("- a\nb")
    QTest.keyClicks(edit.arguments, "-np")
    qtbot.waitUntil(lambda: edit.patterns_problem.text.startswith("Line 2: “b” must begin with"))
    assert edit.arguments_problem.text == "“-np” cannot be used, because Borg would not back up anything."
    with qtbot.waitSignal(view.save_failed):
        view.save()
    assert view.notice.text.startswith("Line 2: “b” must begin with")
    edit.patterns.setPlainText("- a\n- b")
    edit.arguments.clear()
    QTest.keyClicks(edit.arguments, "--noacls")
    qtbot.waitUntil(lambda: not edit.patterns_problem.isVisible() and not edit.arguments_problem.isVisible())
