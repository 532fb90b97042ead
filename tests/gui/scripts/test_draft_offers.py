"""Drafts of unsaved scripts: they survive crashes, and are offered only then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import NewScript, sha256_of
from borgdesk.engine.scripts.drafts import Draft, Drafts
from borgdesk.engine.scripts.script_editing import Edited
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.scripts.script_bench import ScriptBench
from tests.gui.stage import answer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

EDIT_AND_WAIT = """
import os, sys
from PySide6.QtWidgets import QApplication
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.scripts.scripts_page import ScriptsPage

application = QApplication([])
page = ScriptsPage(Workspace.open(os.environ), Background())
page.show()

def edit(script):
    view = page.view
    view.editor.replace_text(view.editor.text() + "typed\\n")
    view.details.name.setText("Halt")
    view.details.description.setPlainText("Stops it")
    view.details.run_on.boxes["success"].click()
    view.details.timeout.set_seconds(77)
    view.details.timeout.edited.emit()

page.view.shown.connect(edit)
page.show_script(int(sys.argv[1]))
application.exec()
"""


@pytest.fixture
def drafts(scene: Scene) -> Drafts:
    return Drafts(scene.workspace.paths.state)


def again(before: ScriptBench, scene: Scene, background: Background, qtbot: QtBot) -> ScriptBench:
    """Create the page again after a crash."""
    before.page.shut_down()
    bench = ScriptBench(scene, background, qtbot)
    bench.show()
    return bench


def open_draft(scripts: ScriptBench, name: str) -> None:
    scripts.qtbot.waitUntil(lambda: f"“{name}” was saved" in scripts.page.drafts.text)
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.page.drafts.button("Restore").click()


def test_text_and_form_outlive_a_killed_process(scene: Scene, scripts: ScriptBench, drafts: Drafts) -> None:
    script = scene.script("Stop", "true")
    with subprocess.Popen(
        [sys.executable, "-c", EDIT_AND_WAIT, str(script.id)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "BORGDESK_HOME": str(scene.folder / "home")},
    ) as window:
        scripts.qtbot.waitUntil(lambda: len(drafts.list()) == 1, timeout=30_000)
        window.kill()
    scripts.show()
    open_draft(scripts, "Halt")
    assert scripts.modified()
    assert "before they were saved" in scripts.view.message.text
    scripts.save()
    stored = scripts.store.scripts.get(script.id)
    assert (stored.name, stored.description, stored.timeout) == ("Halt", "Stops it", 77)
    assert str(stored.run_on) == "warning,failure"
    assert scripts.file(script).read_text() == "#!/bin/bash\ntrue\ntyped\n"
    scripts.qtbot.waitUntil(lambda: drafts.list() == [])


def test_a_form_alone_is_kept(
    scripts: ScriptBench, scene: Scene, background: Background, qtbot: QtBot, drafts: Drafts
) -> None:
    scripts.open()
    QTest.keyClicks(scripts.view.details.description, "Stops it")
    qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    after = again(scripts, scene, background, qtbot)
    open_draft(after, "Stop")
    assert after.view.details.description.toPlainText() == "Stops it"
    assert not after.editor.is_modified
    assert after.modified()


def test_a_new_script_is_kept_and_goes_on(
    scripts: ScriptBench, scene: Scene, background: Background, qtbot: QtBot, drafts: Drafts
) -> None:
    scripts.show()
    scripts.page.new_script()
    QTest.keyClicks(scripts.view.details.name, "Fresh")
    scripts.view.details.timeout.set_seconds(9)
    scripts.view.details.timeout.edited.emit()
    qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    after = again(scripts, scene, background, qtbot)
    open_draft(after, "Fresh")
    assert after.view.details.timeout.seconds() == 9
    after.save()
    assert after.store.scripts.get("Fresh").timeout == 9
    qtbot.waitUntil(lambda: drafts.list() == [])


def test_a_draft_of_the_text_alone_keeps_the_stored_form(scripts: ScriptBench, drafts: Drafts) -> None:
    script = scripts.store.scripts.add(
        NewScript("Stop", b"#!/bin/sh\nold\n", timeout=66, run_on=RunOn.parse("failure"))
    )
    base = sha256_of(scripts.store.scripts.content(script.id))
    edited = Edited(script.id, "Halt", "#!/bin/sh\ntyped\n", base=base)
    old = {"script_id": script.id, "name": "Halt", "text": edited.text, "base": base, "saved_at": NOON.isoformat()}
    drafts.keep(Draft(str(script.id), edited, NOON))
    (scripts.scene.workspace.paths.state / "drafts" / f"{script.id}.json").write_text(json.dumps(old))
    scripts.show()
    open_draft(scripts, "Halt")
    form = scripts.view.details.form()
    assert (form.name, form.timeout, str(form.run_on)) == ("Halt", 66, "failure")
    assert scripts.editor.text() == "#!/bin/sh\ntyped\n"


def test_dropped_when_it_is_as_stored_again(scripts: ScriptBench, drafts: Drafts) -> None:
    scripts.open()
    before = scripts.editor.text()
    scripts.type("# more\n")
    scripts.qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    scripts.editor.replace_text(before)
    scripts.editor.mark_saved()
    scripts.qtbot.waitUntil(lambda: drafts.list() == [])


def test_dropped_on_discarding(scripts: ScriptBench, drafts: Drafts) -> None:
    scripts.open()
    scripts.type("# more\n")
    scripts.qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.view.discard_button.click()
    scripts.qtbot.waitUntil(lambda: drafts.list() == [])


def test_what_is_typed_while_it_is_saved_is_kept(scripts: ScriptBench, drafts: Drafts) -> None:
    scripts.open()
    scripts.type("# first\n")
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.view.save()
        scripts.type("# second\n")
        scripts.view.details.description.setPlainText("typed, too")
    scripts.qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    (draft,) = drafts.list()
    assert draft.edited.text.endswith("# first\n# second\n")
    assert draft.edited.description == "typed, too"


def test_nothing_typed_is_nothing_to_lose(scripts: ScriptBench, drafts: Drafts) -> None:
    scripts.show()
    scripts.page.new_script()
    assert scripts.view.unsaved() is None
    assert scripts.page.can_leave()
    scripts.type("true\n")
    assert scripts.view.unsaved() is not None


def test_several_drafts_one_after_the_other(scripts: ScriptBench, drafts: Drafts) -> None:
    for number in (1, 2):
        drafts.keep(Draft(f"new-{number}", Edited(None, f"Fresh {number}", "#!/bin/sh\n", timeout=number), NOON))
    drafts.keep(Draft("4711", Edited(ScriptId(4711), "Old", "#!/bin/sh\nold\n"), datetime.now(UTC)))
    scripts.show()
    scripts.qtbot.waitUntil(lambda: "“Old”" in scripts.page.drafts.text)
    scripts.page.drafts.button("Discard").click()
    assert "“Fresh" in scripts.page.drafts.text
    scripts.page.drafts.button("Restore").click()
    assert scripts.view.details.name.text().startswith("Fresh")
    scripts.qtbot.waitUntil(lambda: {one.key for one in drafts.list()} == {"new-1", "new-2"})
    answer(QMessageBox.StandardButton.Discard)
    scripts.page.drafts.button("Restore").click()
    assert scripts.page.drafts.text == ""
    scripts.qtbot.waitUntil(lambda: len(drafts.list()) == 1)


def test_staying_keeps_the_offer(scripts: ScriptBench, drafts: Drafts) -> None:
    drafts.keep(Draft("new-1", Edited(None, "Fresh", "#!/bin/sh\n"), NOON))
    scripts.open()
    scripts.type("# more\n")
    answer(QMessageBox.StandardButton.Cancel)
    scripts.page.drafts.button("Restore").click()
    assert "“Fresh”" in scripts.page.drafts.text
    assert scripts.view.details.name.text() == "Stop"


def test_opening_the_script_brings_its_draft(scripts: ScriptBench, drafts: Drafts) -> None:
    script = scripts.scene.script("Stop", "true")
    drafts.keep(Draft(str(script.id), Edited(script.id, "Stop", "#!/bin/sh\ntyped\n", timeout=9), NOON))
    scripts.show()
    scripts.qtbot.waitUntil(lambda: "“Stop”" in scripts.page.drafts.text)
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.page.table.select_key(script.id)
    assert scripts.editor.text() == "#!/bin/sh\ntyped\n"
    assert scripts.page.drafts.text == ""


def test_a_draft_of_a_changed_file_asks_to_choose(scripts: ScriptBench, drafts: Drafts) -> None:
    script = scripts.scene.script("Stop", "true")
    drafts.keep(Draft(str(script.id), Edited(script.id, "Stop", "#!/bin/sh\ntyped\n", base="ab" * 32), NOON))
    scripts.show()
    open_draft(scripts, "Stop")
    assert "you have unsaved changes" in scripts.view.message.text


def test_a_draft_of_a_removed_script_becomes_a_new_one(scripts: ScriptBench, drafts: Drafts) -> None:
    drafts.keep(Draft("4711", Edited(ScriptId(4711), "Old", "#!/bin/sh\ntyped\n", timeout=9), NOON))
    scripts.show()
    open_draft(scripts, "Old")
    assert "removed from the library" in scripts.view.message.text
    scripts.save()
    assert scripts.store.scripts.get("Old").timeout == 9
    scripts.qtbot.waitUntil(lambda: drafts.list() == [])


def test_a_script_that_is_removed_elsewhere_leaves_what_was_typed(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("# more\n")
    scripts.store.scripts.remove(script.id)
    scripts.until("removed from the library")
    assert scripts.editor.text().endswith("# more\n")
    scripts.save()
    assert scripts.store.scripts.get("Stop").id


def test_a_script_that_is_removed_elsewhere_untouched_leaves_the_desk(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.store.scripts.remove(script.id)
    scripts.qtbot.waitUntil(lambda: not scripts.view.shows_work)


def test_the_keyboard_saves_what_was_restored(scripts: ScriptBench, drafts: Drafts) -> None:
    script = scripts.scene.script("Stop", "true")
    base = sha256_of(scripts.store.scripts.content(script.id))
    drafts.keep(Draft(str(script.id), Edited(script.id, "Stop", "#!/bin/bash\ntyped\n", base=base), NOON))
    scripts.show()
    open_draft(scripts, "Stop")
    with scripts.qtbot.waitSignal(scripts.view.saved):
        QTest.keyClick(scripts.page, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert scripts.file(script).read_text() == "#!/bin/bash\ntyped\n"
