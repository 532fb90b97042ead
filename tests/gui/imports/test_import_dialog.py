"""Importing from another program in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.engine.imports.carrying_out import Imported
from borgdesk.engine.imports.findings import BORG_UI, BORGMATIC, SCRIPT_FOLDER
from borgdesk.gui.imports.import_dialog import ImportDialog, outcome
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.workers.background import Background
from tests.engine.imports.borg_ui_files import BorgUi
from tests.engine.imports.vorta_files import VortaDatabase
from tests.gui.scene import Scene
from tests.gui.tour import Tour

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


@pytest.fixture
def database(tmp_path: Path) -> VortaDatabase:
    (tmp_path / ".local/share/Vorta").mkdir(parents=True)
    database = VortaDatabase(tmp_path / ".local/share/Vorta/settings.db")
    for name in ("Home", "Photos"):
        repository = database.repository(f"/backup/{name.lower()}", password="pass words")
        database.profile(name, repository, ["/srv"], pre_backup_cmd=f"echo {name}", validation_on=1)
    return database


@pytest.fixture
def dialog(scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path) -> ImportDialog:
    dialog = ImportDialog(scene.workspace, background, home=tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def look(dialog: ImportDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.looked):
        dialog.look.click()


def texts(item: QTreeWidgetItem) -> dict[str, str]:
    children = [item.child(place) for place in range(item.childCount())]
    return {child.text(0): child.text(1) for child in children if child is not None}


def named(dialog: ImportDialog, key: int | str) -> QTreeWidgetItem:
    item = dialog.tree.item_of(key)
    assert item is not None
    return item


def test_what_is_chosen_is_imported(database: VortaDatabase, dialog: ImportDialog, scene: Scene, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog.path.text() == str(database.path))
    look(dialog, qtbot)
    assert texts(named(dialog, 0))["Before the backup"] == "echo Home"
    assert texts(named(dialog, 0))["Passphrase"] == "is imported"
    groups = [dialog.tree.topLevelItem(row) for row in range(dialog.tree.topLevelItemCount())]
    assert [group.text(0) for group in groups if group is not None] == ["Repositories", "Cannot be imported"]
    assert scene.workspace.store.repositories.list() == []
    named(dialog, 1).setCheckState(0, UNCHECKED)
    with qtbot.waitSignal(dialog.imported):
        dialog.do_import.click()
    assert [one.name for one in scene.workspace.store.repositories.list()] == ["Home"]
    assert [one.name for one in scene.workspace.store.scripts.list()] == ["echo Home"]
    assert not dialog.isVisible()


def test_without_anything_chosen_there_is_nothing_to_import(
    dialog: ImportDialog, database: VortaDatabase, qtbot: QtBot
) -> None:
    dialog.path.setText(str(database.path))
    look(dialog, qtbot)
    for key in (0, 1):
        named(dialog, key).setCheckState(0, UNCHECKED)
    assert not dialog.do_import.isEnabled()
    named(dialog, 1).setCheckState(0, CHECKED)
    assert dialog.do_import.isEnabled()


def test_what_is_here_already_cannot_be_chosen(
    dialog: ImportDialog, database: VortaDatabase, scene: Scene, background: Background, qtbot: QtBot
) -> None:
    dialog.path.setText(str(database.path))
    look(dialog, qtbot)
    with qtbot.waitSignal(dialog.imported):
        dialog.do_import.click()
    again = ImportDialog(scene.workspace, background)
    qtbot.addWidget(again)
    again.show()
    again.path.setText(str(database.path))
    look(again, qtbot)
    assert again.tree.item_of(0) is None
    assert not again.do_import.isEnabled()


def test_a_file_that_is_none_is_said_and_another_can_be_chosen(
    dialog: ImportDialog, database: VortaDatabase, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "notes").write_text("buy milk")
    dialog.path.setText(str(tmp_path / "notes"))
    look(dialog, qtbot)
    assert "is neither a profile" in dialog.message.text
    dialog.path.setText(str(database.path))
    look(dialog, qtbot)
    assert (dialog.message.text, dialog.pages.currentIndex()) == ("", 1)
    dialog.back.click()
    assert (dialog.pages.currentIndex(), dialog.look.isVisible()) == (0, True)


def test_an_import_that_fails_stays_open(
    database: VortaDatabase, dialog: ImportDialog, scene: Scene, qtbot: QtBot
) -> None:
    dialog.path.setText(str(database.path))
    look(dialog, qtbot)
    scene.repository("Photos")
    with qtbot.waitSignal(dialog.looked):
        dialog.do_import.click()
    assert "already a repository called “Photos”" in dialog.message.text
    assert [one.name for one in scene.workspace.store.repositories.list()] == ["Photos"]


@pytest.mark.parametrize("source", [BORGMATIC, BORG_UI, SCRIPT_FOLDER])
def test_other_programs(dialog: ImportDialog, source: str, tmp_path: Path, qtbot: QtBot) -> None:
    dialog.program.setCurrentIndex(dialog.program.findData(source))
    assert dialog.scripts.isVisible() is (source == BORG_UI)
    if source == BORGMATIC:
        folder = tmp_path / "borgmatic.d"
        folder.mkdir()
        (folder / "one.yaml").write_text("repositories: [{path: /backup/x}]\nsource_directories: [/srv]\n")
        (folder / "notes.txt").write_text("no")
        dialog.path.setText(str(folder))
    elif source == BORG_UI:
        data = BorgUi(tmp_path / "data")
        data.repository("Docs", "/backup/docs", ["/srv"])
        dialog.path.setText(str(data.path))
    else:
        (tmp_path / "scripts").mkdir()
        (tmp_path / "scripts" / "stop.sh").write_text("stop\n")
        dialog.path.setText(str(tmp_path / "scripts"))
    look(dialog, qtbot)
    with qtbot.waitSignal(dialog.imported) as told:
        dialog.do_import.click()
    assert told.args is not None
    imported = told.args[0]
    assert len(imported.repositories or imported.scripts) == 1


def test_the_overview_and_the_repositories_offer_it(tour: Tour, tmp_path: Path) -> None:
    tour.page("overview")
    overview = tour.window.page("overview")
    assert isinstance(overview, OverviewPage)
    overview.import_requested.emit()
    overview.import_requested.emit()
    tour.settle()
    tour.modal(ImportDialog).done(0)
    tour.settle()
    tour.page("repositories")
    repositories = tour.window.page("repositories")
    assert isinstance(repositories, RepositoriesPage)
    repositories.import_requested.emit()
    tour.settle()
    dialog = tour.modal(ImportDialog)
    database = VortaDatabase(tmp_path / "settings.db")
    database.profile("Home", database.repository("/backup"), ["/srv"])
    dialog.path.setText(str(database.path))
    look(dialog, tour.qtbot)
    with tour.qtbot.waitSignal(dialog.imported):
        dialog.do_import.click()
    tour.settle()
    shown = repositories.view.repository
    assert shown is not None
    assert shown.name == "Home"
    assert tour.window.problem.text == (
        "Imported: 1 repository. 1 repository has no schedule yet: set one on its Schedule tab."
    )
    tour.page("history")
    assert tour.window.problem.isHidden()


@pytest.mark.parametrize(
    ("imported", "sentence"),
    [
        (Imported(scripts=(ScriptId(1), ScriptId(2))), "Imported: 2 scripts."),
        (Imported((Repository(RepositoryId(1), "A", "/a"),), (ScriptId(1),), schedules=1),
         "Imported: 1 repository, 1 script."),
    ],
    ids=["scripts", "with-a-schedule"],
)  # fmt: skip
def test_what_came_of_it_is_told_in_one_line(imported: Imported, sentence: str) -> None:
    assert outcome(imported) == sentence
