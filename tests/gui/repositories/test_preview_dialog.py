"""The preview of a backup: a dry run of real Borg over real files, shown while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.gui.contents.contents_model import NAME, SIZE
from borgdesk.gui.repositories.preview_dialog import PreviewDialog
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from tests.gui.repositories.stage import kept, show
from tests.gui.scene import Scene


@pytest.fixture
def files(scene: Scene) -> Path:
    for name, size in (
        ("Films/long.mkv", 50_000),
        ("Films/short.mkv", 2_000),
        ("Letters/one.txt", 300),
        ("Letters/two.txt", 200),
    ):
        path = scene.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    return scene.source


def opened(page: RepositoriesPage, qtbot: QtBot) -> PreviewDialog:
    dialog = page.view.show_preview()
    qtbot.waitUntil(lambda: dialog._preview is not None and dialog.tree.model.rowCount() > 0, timeout=60_000)
    return dialog


def rows(dialog: PreviewDialog) -> dict[str, str]:
    model = dialog.tree.model
    return {model.index(place, NAME).data(): model.index(place, SIZE).data() for place in range(model.rowCount())}


def select(dialog: PreviewDialog, name: str) -> None:
    dialog.tree.view.selectRow([*rows(dialog)].index(name))


def test_the_biggest_comes_first_and_is_excluded_with_one_click(
    page: RepositoriesPage,
    qtbot: QtBot,
    scene: Scene,
    files: Path,
) -> None:
    kept(scene, "Docs", location="/nowhere/at/all")
    show(page, qtbot)
    page.view.backup.excludes.add((f"pf:{files}/Letters/one.txt",))
    dialog = opened(page, qtbot)
    names = [*rows(dialog)]
    assert names.index("Films") < names.index("Letters")
    assert rows(dialog)["Films"] == "52.0 kB"
    assert "52." in dialog.summary.text()
    assert "1 item is left out" in dialog.summary.text()
    select(dialog, "Films")
    dialog.exclude.click()
    assert page.view.backup.excludes.patterns()[-1] == f"pp:{str(files)[1:]}/Films"
    assert page.view.is_modified()
    (again,) = (one for one in dialog.notice.findChildren(QPushButton) if one.text() == "Update the preview")
    with qtbot.waitSignal(dialog.shown, timeout=60_000):
        again.click()
    qtbot.waitUntil(lambda: bool(rows(dialog)) and "Films" not in rows(dialog))
    with qtbot.waitSignal(dialog.tree.model.modelReset):
        dialog.left_out.click()
    qtbot.waitUntil(lambda: "Films" in rows(dialog))
    assert rows(dialog)["Films"] == "", "Borg did not look inside"
    assert not dialog.exclude.isEnabled()
    dialog.reject()


def test_patterns_are_respected_and_an_exclusion_comes_before_them(
    page: RepositoriesPage,
    qtbot: QtBot,
    scene: Scene,
    files: Path,
) -> None:
    kept(scene, "Docs", patterns="+ sh:**/long.mkv\n- sh:**/*.mkv\n")
    show(page, qtbot)
    dialog = opened(page, qtbot)
    assert rows(dialog)["Films"] == "50.0 kB"
    select(dialog, "Films")
    dialog.exclude.click()
    first = page.view.backup.advanced.patterns.toPlainText().splitlines()[0]
    assert first == f"! pp:{str(files)[1:]}/Films"
    dialog.start()
    qtbot.waitUntil(lambda: bool(rows(dialog)) and "Films" not in rows(dialog), timeout=60_000)
    dialog.reject()


def test_a_mistake_in_the_form_is_told_and_nothing_is_asked(
    page: RepositoriesPage,
    qtbot: QtBot,
    scene: Scene,
) -> None:
    kept(scene, "Docs")
    show(page, qtbot)
    page.view.backup.advanced.arguments.setText("--json")
    dialog = page.view.show_preview()
    qtbot.waitUntil(lambda: "“--json” cannot be used" in dialog.notice.text, timeout=30_000)
    assert dialog.stop.isHidden()
    dialog.reject()


def test_it_can_be_stopped_and_leaves_nothing(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs", sources=("/usr",))
    show(page, qtbot)
    dialog = page.view.show_preview()
    qtbot.waitUntil(lambda: dialog.tree.model.rowCount() > 0, timeout=60_000)
    with qtbot.waitSignal(dialog.shown, timeout=30_000):
        QTest.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    assert dialog.notice.text == "Stopped."
    previews = scene.workspace.paths.cache / "previews"
    qtbot.waitUntil(lambda: not [*previews.iterdir()])
    dialog.reject()
