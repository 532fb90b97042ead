"""Scripts page while other programs change the library folder."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication

from borgdesk.engine.scripts.drafts import Draft, Drafts, key_of
from borgdesk.gui.scripts.conflict_dialog import ConflictDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.scripts.script_bench import ScriptBench


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
    scripts.view.message.button("Compare…").click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    if choice == "mine":
        with scripts.qtbot.waitSignal(scripts.view.saved):
            dialog.mine.click()
        assert scripts.file(script).read_text().endswith("# mine\n")
        assert len(scripts.store.revisions.list(script.id)) == 3
    elif choice == "theirs":
        with scripts.qtbot.waitSignal(scripts.view.shown):
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
    with scripts.qtbot.waitSignal(scripts.view.conflict_found):
        scripts.view.save()
    assert scripts.file(script).read_text() == "#!/bin/bash\ntheirs\n"
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    dialog.close()


def test_a_missing_file_is_told_and_restored(scripts: ScriptBench) -> None:
    script = scripts.open(text="true")
    scripts.file(script).unlink()
    scripts.until("is missing")
    scripts.qtbot.waitUntil(lambda: scripts.page.table.is_missing(script))
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.view.message.button("Restore last revision").click()
    assert scripts.file(script).read_text() == "#!/bin/bash\ntrue\n"
    scripts.qtbot.waitUntil(lambda: not scripts.page.table.is_missing(script))
    assert scripts.view.message.text == ""


def test_a_file_that_was_missing_at_start(scripts: ScriptBench) -> None:
    script = scripts.scene.script("Stop", "true")
    scripts.file(script).unlink()
    scripts.show()
    assert scripts.page.table.is_missing(script)
    scripts.page.show_script(script.id)
    scripts.until("is missing")
    assert scripts.editor.read_only
    scripts.view.outside.check_file()
    scripts.settle()
    assert "is missing" in scripts.view.message.text
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.view.message.button("Restore last revision").click()
    assert not scripts.editor.read_only


def test_a_renamed_file_is_followed(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.file(script).rename(scripts.file(script).with_name("uno.sh"))
    scripts.qtbot.waitUntil(lambda: "were renamed" in scripts.page.message.text)
    scripts.qtbot.waitUntil(
        lambda: scripts.view.script is not None and scripts.view.script.file_path.endswith("uno.sh")
    )
    # A look before the rename was registered may have said that the file is missing.
    scripts.qtbot.waitUntil(lambda: scripts.view.message.text == "")


def test_new_files_are_offered_and_registered(scripts: ScriptBench) -> None:
    scripts.show()
    library = scripts.scene.workspace.paths.library
    (library / "docker-stop.sh").write_text("#!/bin/sh\ntrue\n")
    scripts.qtbot.waitUntil(lambda: "docker-stop.sh" in scripts.page.message.text)
    scripts.page.message.button("Add").click()
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Docker stop"])
    assert [path.name for path in library.iterdir()] == ["docker-stop.sh"]


def test_a_script_that_comes_before_the_one_on_the_desk_is_shown(scripts: ScriptBench) -> None:
    scripts.open("Stop")
    scripts.open("Another")
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Another", "Stop"])
    assert scripts.view.title.text() == "Another"


def test_files_that_are_not_wanted_are_not_offered_again(
    scripts: ScriptBench, scene: Scene, background: Background
) -> None:
    scripts.show()
    (scene.workspace.paths.library / "x.sh").write_text("#!/bin/sh\ntrue\n")
    scripts.qtbot.waitUntil(lambda: "x.sh" in scripts.page.message.text)
    scripts.page.message.button("Ignore").click()
    scripts.qtbot.waitUntil(lambda: scene.workspace.store.key_values.get("scripts.ignored_files") == ["x.sh"])
    again = ScriptBench(scene, background, scripts.qtbot)
    again.show()
    assert again.page.message.text == ""


# Another process changes properties in the form


def edit_timeout(scripts: ScriptBench, seconds: int) -> None:
    scripts.view.details.timeout.set_seconds(seconds)
    scripts.view.details.timeout.edited.emit()


def test_saving_leaves_alone_what_the_command_line_changed(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.page._commits.stop()
    scripts.type("# more\n")
    edit_timeout(scripts, 60)
    scripts.scene.command("script", "edit", "Stop", "--run-on", "failure", "--name", "Halt")
    scripts.save()
    stored = scripts.store.scripts.get(script.id)
    assert (stored.name, stored.timeout, str(stored.run_on)) == ("Halt", 60, "failure")
    assert scripts.view.details.name.text() == "Halt"
    assert not scripts.modified()


@pytest.mark.parametrize(("choice", "expected"), [("Keep my changes", 60), ("Discard my changes", 7)])
def test_a_field_that_both_changed_is_asked_about(scripts: ScriptBench, choice: str, expected: int) -> None:
    script = scripts.open()
    scripts.page._commits.stop()
    edit_timeout(scripts, 60)
    scripts.scene.command("script", "edit", "Stop", "--timeout", "7", "--description", "theirs")
    with scripts.qtbot.waitSignal(scripts.view.save_failed):
        scripts.view.save()
    assert "“Stop” was changed by another program in the meantime: timeout" in scripts.view.message.text
    assert scripts.store.scripts.get(script.id).timeout == 7
    scripts.view.message.button(choice).click()
    scripts.qtbot.waitUntil(lambda: not scripts.modified())
    stored = scripts.store.scripts.get(script.id)
    assert (stored.timeout, stored.description) == (expected, "theirs")
    assert scripts.view.details.timeout.seconds() == expected


def test_the_form_shows_what_the_command_line_does(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.scene.command("script", "edit", "Stop", "--timeout", "7", "--name", "Halt")
    scripts.qtbot.waitUntil(lambda: scripts.view.details.timeout.seconds() == 7)
    assert scripts.view.details.name.text() == "Halt"
    assert not scripts.modified()


def test_a_field_under_the_pen_stays_and_counts_as_edited(scripts: ScriptBench) -> None:
    script = scripts.open()
    edit_timeout(scripts, 60)
    scripts.scene.command("script", "edit", "Stop", "--name", "Halt", "--file", str(scripts.file(script)))
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Halt"])
    scripts.settle()
    assert scripts.view.details.timeout.seconds() == 60
    scripts.save()
    assert (scripts.store.scripts.get(script.id).name, scripts.store.scripts.get(script.id).timeout) == ("Halt", 60)


def test_a_draft_remembers_what_its_form_was_filled_with(scripts: ScriptBench) -> None:
    """After a crash, fields without edits show the other process's changes."""
    script = scripts.open()
    edit_timeout(scripts, 60)
    edited = scripts.view.unsaved()
    assert edited is not None
    drafts = Drafts(scripts.scene.workspace.paths.state)
    drafts.keep(Draft(key_of(script.id), edited, datetime.now(UTC)))
    scripts.view.discard()
    scripts.qtbot.waitUntil(lambda: not scripts.modified())
    scripts.scene.command("script", "edit", "Stop", "--description", "theirs", "--run-on", "failure")
    (draft,) = drafts.list()
    assert draft.edited == edited
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.view.open_draft(draft)
    scripts.save()
    stored = scripts.store.scripts.get(script.id)
    assert (stored.timeout, stored.description, str(stored.run_on)) == (60, "theirs", "failure")


def test_a_file_that_others_can_change_is_told_and_protected(scripts: ScriptBench) -> None:
    script = scripts.scene.script("Stop", "true")
    scripts.file(script).chmod(0o766)
    scripts.show()
    scripts.page.show_script(script.id)
    scripts.until("can be changed by every user of this machine, so it is not run")
    scripts.view.message.button("Protect file").click()
    scripts.qtbot.waitUntil(lambda: scripts.file(script).stat().st_mode & 0o777 == 0o744)
    assert scripts.view.message.text == ""
