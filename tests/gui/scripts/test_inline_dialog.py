"""The dialog for scripts that are written on the board: what it stores, and the test of what it shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.settings import Values
from borgdesk.engine.lanes.inline_scripts import InlineChange
from borgdesk.gui.lanes.inline_scripts import ScriptRequest
from borgdesk.gui.scripts.inline_dialog import InlineDialog
from borgdesk.gui.scripts.script_text import STARTING_TEXT
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Scene

Opened = Callable[..., InlineDialog]


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return scene.repository("Photos")


@pytest.fixture
def opened(scene: Scene, background: Background, repository: Repository, qtbot: QtBot) -> Opened:
    def opened(hook: Hook, text: str = "", *, is_inline: bool = True) -> InlineDialog:
        request = ScriptRequest(repository, hook, text, is_inline, "" if is_inline else "It goes to the library.")
        dialog = InlineDialog(scene.workspace, background, request, Values())
        qtbot.addWidget(dialog)
        dialog.show()
        return dialog

    return opened


def type_in(dialog: InlineDialog, text: str) -> None:
    assert dialog.editor is not None
    dialog.editor.replace_text(text)


def test_an_inline_script_is_tested_as_it_is_and_saved(
    scene: Scene, repository: Repository, opened: Opened, qtbot: QtBot
) -> None:
    dialog = opened(POST)
    assert not dialog.has_edits()
    assert dialog.editor is not None
    assert dialog.editor.cursor_place()[0] == STARTING_TEXT.count("\n") + 1, "who types writes the first command"
    type_in(dialog, '#!/bin/bash\necho "$BORGDESK_OUTCOME of $REPOSITORY_NAME"; exit 3\n')
    with qtbot.waitSignal(dialog.became_idle, timeout=30_000):
        dialog.test.click()
    assert dialog.output.text() == "success of Photos"
    assert dialog.ending.text.startswith("Failed (exit 3)")
    assert scene.workspace.store.repositories.get(repository.id).post_script == ""
    with qtbot.waitSignal(dialog.changed) as saved:
        dialog.save()
    assert saved.args is not None
    change = saved.args[0]
    assert isinstance(change, InlineChange)
    assert (change.hook, change.before) == (POST, "")
    assert scene.workspace.store.repositories.get(repository.id).post_script == change.after


def test_what_somebody_else_wrote_meanwhile_stays_and_so_does_the_dialog(
    scene: Scene, repository: Repository, opened: Opened, qtbot: QtBot
) -> None:
    dialog = opened(PRE)
    scene.command("repo", "edit", "Photos", "--pre-script-file", str(scene.source / "letter.txt"))
    type_in(dialog, "echo ours\n")
    dialog.save()
    qtbot.waitUntil(dialog.message.isVisible)
    assert dialog.isVisible()
    assert dialog.text() == "echo ours\n"
    assert scene.workspace.store.repositories.get(repository.id).pre_script == "Dear reader\n"


def test_an_empty_script_is_refused(opened: Opened, qtbot: QtBot) -> None:
    dialog = opened(PRE, "true\n")
    type_in(dialog, " \n")
    dialog.save()
    qtbot.waitUntil(lambda: dialog.message.text == "The inline script is empty.")


def test_a_new_script_of_the_library_gets_a_name(scene: Scene, opened: Opened, qtbot: QtBot) -> None:
    dialog = opened(PRE, is_inline=False)
    qtbot.waitUntil(lambda: dialog.name.text() == "Photos: new script")
    assert not dialog.has_edits()
    dialog.name.setText("Mount the disk")
    type_in(dialog, "#!/bin/sh\ntrue\n")
    with qtbot.waitSignal(dialog.made):
        dialog.save()
    (script,) = scene.workspace.store.scripts.list()
    assert script.name == "Mount the disk"
    assert scene.workspace.store.scripts.content(script.id) == b"#!/bin/sh\ntrue\n"


def test_closing_stops_a_test_first(scene: Scene, opened: Opened, qtbot: QtBot) -> None:
    gate = scene.gate()
    dialog = opened(PRE, f"{gate.line}\n")
    dialog.test.click()
    assert dialog.is_running
    with qtbot.waitSignal(dialog.became_idle, timeout=30_000):
        dialog.reject()
        assert dialog.isVisible()
    assert not dialog.isVisible()
