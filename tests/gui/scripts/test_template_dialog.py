from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes.template_assignment import AddedTemplates
from borgdesk.gui.look.parameter_fields import SecretField, TextField
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Docs", "/backup", ("/home",)))


@pytest.fixture
def dialog(scene: Scene, repository: Repository, background: Background, qtbot: QtBot) -> TemplateDialog:
    dialog = TemplateDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.loaded):
        dialog.show()
    return dialog


def make(dialog: TemplateDialog, qtbot: QtBot) -> AddedTemplates:
    with qtbot.waitSignal(dialog.made) as made:
        dialog.add.click()
    found: AddedTemplates = made.args[0]
    return found


def test_it_says_what_it_does_and_needs(dialog: TemplateDialog) -> None:
    dialog.choose("docker-stop.sh")
    assert dialog._name.text() == "Docker: stop containers"
    assert "running" in dialog._about.text()
    assert "docker command" in dialog._needs.text()
    assert "Before the backup" in dialog._where.text()
    assert "Docker: start containers again" in dialog._other.text()
    assert dialog.both.isChecked()
    dialog.choose("ntfy.sh")
    assert not dialog.both.isVisible()


def test_only_into_the_library(dialog: TemplateDialog, qtbot: QtBot, scene: Scene) -> None:
    dialog.choose("ntfy.sh")
    assert not dialog.values.isVisible()
    assert [script.name for script in make(dialog, qtbot).scripts] == ["ntfy: send a message"]


def test_both_sides_in_one_go(dialog: TemplateDialog, qtbot: QtBot, scene: Scene, repository: Repository) -> None:
    dialog.choose("docker-stop.sh")
    dialog.repository.setCurrentIndex(1)
    field = dialog.values.field("CONTAINERS")
    assert isinstance(field, TextField)
    QTest.keyClicks(field.text, "app db")
    made = make(dialog, qtbot)
    assert [(one.hook, dict(one.parameters)) for one in made.assignments] == [
        (Hook.PRE_BACKUP, {"CONTAINERS": "app db"}),
        (Hook.POST_BACKUP, {}),
    ]
    assert len(scene.workspace.store.assignments.list(repository.id)) == 2


def test_one_side_alone(dialog: TemplateDialog, qtbot: QtBot, scene: Scene) -> None:
    dialog.choose("docker-start.sh")
    dialog.both.click()
    assert [script.name for script in make(dialog, qtbot).scripts] == ["Docker: start containers again"]


def test_a_required_value_is_asked_for(dialog: TemplateDialog, qtbot: QtBot, scene: Scene) -> None:
    dialog.choose("healthchecks-start.sh")
    dialog.repository.setCurrentIndex(1)
    dialog.add.click()
    assert "PING_URL" in dialog.message.text
    assert scene.workspace.store.scripts.list() == []
    field = dialog.values.field("PING_URL")
    assert isinstance(field, SecretField)
    QTest.keyClicks(field.line, "https://hc.example.org/x")
    assert [one.secrets for one in make(dialog, qtbot).assignments] == [frozenset({"PING_URL"})] * 2


def test_search_looks_into_names_and_what_is_needed(dialog: TemplateDialog) -> None:
    QTest.keyClicks(dialog.search, "smtp mail")
    shown = [item.text(0) for item in dialog._items() if not item.isHidden()]
    assert shown in ([], ["E-mail: send a message"])
    dialog.search.setText("containers start")
    assert "Docker: start containers again" in [item.text(0) for item in dialog._items() if not item.isHidden()]


def test_every_template_can_be_shown(dialog: TemplateDialog) -> None:
    dialog.repository.setCurrentIndex(1)
    for item in dialog._items():
        dialog.tree.setCurrentItem(item)
        assert dialog._name.text() == item.text(0)
        assert dialog.add.isEnabled()
