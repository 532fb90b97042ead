"""The page of scripts while other programs change the library folder."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.conflict import ConflictDialog
from tests.gui.pages.script_bench import ScriptBench
from tests.gui.scene import Scene


def test_a_change_outside_is_shown_where_nothing_was_typed(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.file(script).write_text("#!/bin/bash\ntheirs\n")
    scripts.until("Another program changed the file")
    assert scripts.editor.text() == "#!/bin/bash\ntheirs\n"
    assert not scripts.modified()


@pytest.mark.parametrize("choice", ["mine", "theirs", "later"])
def test_when_both_changed_somebody_must_choose(scripts: ScriptBench, choice: str) -> None:
    script = scripts.open()
    scripts.type("# mine\n")
    scripts.file(script).write_text("#!/bin/bash\ntheirs\n")
    scripts.until("unsaved changes")
    scripts.desk.message.button("Compare and choose…").click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    if choice == "mine":
        with scripts.qtbot.waitSignal(scripts.desk.saved):
            dialog.mine.click()
        assert scripts.file(script).read_text().endswith("# mine\n")
        assert len(scripts.store.scripts.revisions(script.id)) == 3
    elif choice == "theirs":
        with scripts.qtbot.waitSignal(scripts.desk.shown):
            dialog.theirs.click()
        assert scripts.editor.text() == "#!/bin/bash\ntheirs\n"
        assert not scripts.modified()
    else:
        dialog.later.click()
        assert scripts.editor.text().endswith("# mine\n")
        assert scripts.file(script).read_text().endswith("theirs\n")


def test_saving_over_a_change_nobody_noticed_yet_asks(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.page.watcher.stop()
    scripts.page.watcher.blockSignals(True)
    scripts.type("# mine\n")
    scripts.file(script).write_text("#!/bin/bash\ntheirs\n")
    with scripts.qtbot.waitSignal(scripts.desk.conflict_found):
        scripts.desk.save()
    assert scripts.file(script).read_text() == "#!/bin/bash\ntheirs\n"
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    dialog.close()


def test_a_missing_file_is_told_and_restored(scripts: ScriptBench) -> None:
    script = scripts.open(text="true")
    scripts.file(script).unlink()
    scripts.until("is missing")
    scripts.qtbot.waitUntil(lambda: scripts.page.table.is_missing(script))
    with scripts.qtbot.waitSignal(scripts.desk.saved):
        scripts.desk.message.button("Restore last revision").click()
    assert scripts.file(script).read_text() == "#!/bin/bash\ntrue\n"
    scripts.qtbot.waitUntil(lambda: not scripts.page.table.is_missing(script))
    assert scripts.desk.message.text == ""


def test_a_file_that_was_missing_at_start(scripts: ScriptBench) -> None:
    script = scripts.scene.script("Stop", "true")
    scripts.file(script).unlink()
    scripts.show()
    assert scripts.page.table.is_missing(script)
    scripts.page.show_script(script.id)
    scripts.until("is missing")
    assert scripts.editor.read_only
    scripts.desk.outside.look()
    scripts.settle()
    assert "is missing" in scripts.desk.message.text
    with scripts.qtbot.waitSignal(scripts.desk.saved):
        scripts.desk.message.button("Restore last revision").click()
    assert not scripts.editor.read_only


def test_a_renamed_file_is_followed(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.file(script).rename(scripts.file(script).with_name("uno.sh"))
    scripts.qtbot.waitUntil(lambda: "renamed files" in scripts.page.message.text)
    scripts.qtbot.waitUntil(
        lambda: scripts.desk.script is not None and scripts.desk.script.file_path.endswith("uno.sh")
    )
    assert scripts.desk.message.text == ""


def test_new_files_are_offered_and_registered(scripts: ScriptBench) -> None:
    scripts.show()
    library = scripts.scene.workspace.paths.library
    (library / "docker-stop.sh").write_text("#!/bin/sh\ntrue\n")
    scripts.qtbot.waitUntil(lambda: "docker-stop.sh" in scripts.page.message.text)
    scripts.page.message.button("Register").click()
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Docker stop"])
    assert [path.name for path in library.iterdir()] == ["docker-stop.sh"]


def test_a_script_that_comes_before_the_one_on_the_desk_is_shown(scripts: ScriptBench) -> None:
    scripts.open("Stop")
    scripts.open("Another")
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Another", "Stop"])
    assert scripts.desk.title.text() == "Another"


def test_files_that_are_not_wanted_are_not_offered_again(
    scripts: ScriptBench, scene: Scene, background: Background
) -> None:
    scripts.show()
    (scene.workspace.paths.library / "x.sh").write_text("#!/bin/sh\ntrue\n")
    scripts.qtbot.waitUntil(lambda: "x.sh" in scripts.page.message.text)
    scripts.page.message.button("Not these").click()
    scripts.qtbot.waitUntil(lambda: scene.workspace.store.settings.get("scripts.ignored_files") == ["x.sh"])
    again = ScriptBench(scene, background, scripts.qtbot)
    again.show()
    assert again.page.message.text == ""
