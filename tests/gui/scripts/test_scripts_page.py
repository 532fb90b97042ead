"""Scripts page with real files, real ShellCheck and real processes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from borgdesk.domain.parameters import Parameter
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.gui.scripts import script_text
from borgdesk.gui.scripts.conflict_dialog import ComparisonDialog
from borgdesk.gui.scripts.usage_dialog import UsageDialog
from tests.gui.scene import POST, PRE
from tests.gui.scripts.script_bench import ScriptBench
from tests.gui.stage import answer, open_box

BUTTON = QMessageBox.StandardButton


# Table


def test_the_table_shows_what_is_known(scripts: ScriptBench) -> None:
    docs = scripts.repository()
    scripts.scene.hook(docs, "Stop", "true", PRE)
    scripts.scene.script("Other", "true", run_on="failure")
    scripts.show()
    model = scripts.page.table.rows
    texts = [[column.text(row) for column in model.columns] for row in model.rows()]
    assert texts == [
        ["Other", "After failure", "5 min", "–", "never", "–"],
        ["Stop", "Always", "5 min", "1 place", "never", "–"],
    ]
    assert model.columns[3].tooltip is not None
    assert model.columns[3].tooltip(model.row(1)) == "Docs, before the backup"
    QTest.keyClicks(scripts.page.search, "oth")
    assert scripts.page.table.model().rowCount() == 1


def test_nothing_is_said_of_an_empty_library_before_it_was_looked_at(scripts: ScriptBench) -> None:
    scripts.page.show()
    scripts.page.table.viewport().grab()
    assert not scripts.page.table._empty
    with scripts.qtbot.waitSignal(scripts.page.loaded):
        scripts.page.refresh()
    assert scripts.page.table._empty.startswith("No scripts yet.")


def hold_the_editor(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[int]]:
    """Let the import of the editor wait for an event, and return it with the threads that imported."""
    gate, threads = threading.Event(), list[int]()

    def loading(load: Callable[[], object]) -> Callable[[], object]:
        def loaded() -> object:
            threads.append(threading.get_ident())
            gate.wait(60)
            return load()

        return loaded

    monkeypatch.setattr(script_text, "with_editor", loading)
    return gate, threads


def test_the_editor_is_loaded_beside_the_window_and_made_before_a_script_is_begun(
    scripts: ScriptBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, threads = hold_the_editor(monkeypatch)
    gate.set()
    scripts.show()
    assert scripts.view.editor is not None
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert not scripts.view.shows_work


def test_a_script_that_is_begun_while_the_editor_is_loaded_waits_for_it(
    scripts: ScriptBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _threads = hold_the_editor(monkeypatch)
    with scripts.qtbot.waitSignal(scripts.page.loaded):
        scripts.page.show()
    scripts.page.new_script()
    assert scripts.view.editor is None
    with scripts.qtbot.waitSignal(scripts.view.shown):
        gate.set()
    assert scripts.editor.text() == script_text.STARTING_TEXT
    assert scripts.view.details.name.text() == "New script"
    assert scripts.view.unsaved() is None


def test_a_script_that_is_opened_while_another_waits_for_the_editor_is_shown_instead(
    scripts: ScriptBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = scripts.scene.script("Stop", "true")
    gate, _threads = hold_the_editor(monkeypatch)
    with scripts.qtbot.waitSignal(scripts.page.loaded):
        scripts.page.show()
    shown: list[object] = []
    scripts.view.shown.connect(shown.append)
    scripts.page.new_script()
    scripts.page.show_script(script.id)
    gate.set()
    scripts.qtbot.waitUntil(lambda: bool(shown))
    scripts.settle()
    assert shown == [script]
    assert scripts.view.title.text() == "Stop"


def test_choosing_a_row_opens_it(scripts: ScriptBench) -> None:
    first, second = scripts.scene.script("A", "true"), scripts.scene.script("B", "false")
    scripts.show()
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.page.table.select_key(second.id)
    assert scripts.editor.text().endswith("false\n")
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.page.table.select_key(first.id)
    assert scripts.view.title.text() == "A"
    assert not scripts.modified()


# Writing and saving


def test_a_new_script_is_written_and_saved(scripts: ScriptBench) -> None:
    scripts.show()
    scripts.page.new_script()
    assert scripts.modified()
    QTest.keyClicks(scripts.view.details.name, "Stop it")
    scripts.type("docker stop web\n")
    scripts.save()
    script = scripts.store.scripts.get("Stop it")
    assert scripts.store.scripts.content(script.id).endswith(b"docker stop web\n")
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Stop it"])
    assert not scripts.modified()
    current = scripts.page.table.current_row()
    assert current is not None
    assert current.id == script.id


def test_text_and_form_are_saved_by_one_key(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("# more\n")
    scripts.view.details.name.selectAll()
    QTest.keyClicks(scripts.view.details.name, "Halt")
    scripts.view.details.timeout.set_seconds(60)
    scripts.view.details.timeout.edited.emit()
    assert scripts.view.title.text() == "Halt (not saved)"
    scripts.save()
    stored = scripts.store.scripts.get(script.id)
    assert (stored.name, stored.timeout) == ("Halt", 60)
    assert scripts.file(script).read_text().endswith("# more\n")
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Halt"])


def test_ctrl_s_in_the_editor_saves(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("# more\n")
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.editor.save_requested.emit()
    assert "# more" in scripts.file(script).read_text()


def test_what_cannot_be_saved_is_told(scripts: ScriptBench) -> None:
    scripts.scene.script("Taken", "true")
    script = scripts.open()
    scripts.view.details.name.setText("Taken")
    with scripts.qtbot.waitSignal(scripts.view.save_failed):
        scripts.view.save()
    assert "already" in scripts.view.message.text
    assert scripts.store.scripts.get(script.id).name == "Stop"
    assert scripts.modified()


def test_typing_while_it_is_saved_stays_unsaved(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.type("# first\n")
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.view.save()
        scripts.type("# second\n")
    assert scripts.modified()


@pytest.mark.parametrize(
    ("button", "leaves", "saved"),
    [(BUTTON.Save, True, True), (BUTTON.Discard, True, False), (BUTTON.Cancel, False, False)],
)
def test_leaving_asks(scripts: ScriptBench, button: QMessageBox.StandardButton, leaves: bool, saved: bool) -> None:
    script = scripts.open()
    scripts.type("# more\n")
    answer(button)
    assert scripts.page.can_leave() is leaves
    assert ("# more" in scripts.file(script).read_text()) is saved


def test_saving_that_fails_keeps_one_on_the_page(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.editor.replace_text(" ")
    answer(BUTTON.Save)
    assert not scripts.page.can_leave()
    assert "is empty" in scripts.view.message.text


def test_choosing_another_row_asks_and_may_stay(scripts: ScriptBench) -> None:
    other = scripts.scene.script("Other", "true")
    script = scripts.open()
    scripts.type("# more\n")
    answer(BUTTON.Cancel)
    scripts.page.table.select_key(other.id)
    current = scripts.page.table.current_row()
    assert current is not None
    assert current.id == script.id
    assert scripts.editor.text().endswith("# more\n")


# Findings


def test_findings_appear_as_one_types_and_are_mended(scripts: ScriptBench) -> None:
    scripts.open(text='echo "fine"')
    scripts.type('ls $1\nprintf "%s" "`date`"\n')
    tree = scripts.view.findings.tree
    scripts.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    assert scripts.view.findings.summary.text() == "2 findings"
    scripts.view.findings.mend_all.click()
    assert 'ls "$1"' in scripts.editor.text()
    assert "$(date)" in scripts.editor.text()
    scripts.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 0)
    assert scripts.modified()


def test_a_text_that_is_shown_is_checked_once(scripts: ScriptBench) -> None:
    checks: list[int] = []
    scripts.view.check.checked.connect(lambda _, revision: checks.append(revision))
    with scripts.qtbot.waitSignals([scripts.view.text_changed, scripts.view.check.checked]):
        scripts.open(text="ls $1")
    with scripts.qtbot.assertNotEmitted(scripts.view.check.checked, wait=1000):
        assert scripts.view.findings.tree.topLevelItemCount() == 1
    assert len(checks) == 1


def test_one_finding_is_mended_and_gone_to(scripts: ScriptBench) -> None:
    scripts.open(text="\n\nls $1\nls $2")
    tree = scripts.view.findings.tree
    scripts.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    second = tree.topLevelItem(1)
    assert second is not None
    tree.setCurrentItem(second)
    tree.itemActivated.emit(second, 0)
    assert scripts.editor.cursor_place() == (5, 4)
    scripts.view.findings.mend.click()
    assert scripts.editor.text().endswith('ls $1\nls "$2"\n')


def test_findings_never_block_saving(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("if true; then\n")
    scripts.qtbot.waitUntil(lambda: scripts.view.findings.tree.topLevelItemCount() > 0)
    scripts.save()
    assert "if true; then" in scripts.file(script).read_text()


# Parameters


def test_the_form_follows_the_text(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.type("# /// borgdesk\n# [parameters.NAME]\n# required = true\n# ///\n")
    scripts.qtbot.waitUntil(lambda: [one.name for one in scripts.view.parameters.header.parameters] == ["NAME"])
    assert not scripts.view.test.values.is_empty()
    scripts.editor.replace_text(scripts.editor.text().replace("# ///\n", "", 1) + "# [parameters.\n")
    scripts.qtbot.waitUntil(lambda: any(one.code == "parameters" for one in scripts.view.findings._findings))


def test_a_parameter_is_declared_by_the_form(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.view.add_parameter(Parameter("TOKEN", "For the server", secret=True))
    assert '# [parameters.TOKEN]\n# description = "For the server"\n# secret = true\n' in scripts.editor.text()
    scripts.view.add_parameter(Parameter("TOKEN"))
    assert "already" in scripts.view.message.text


# Duplicates and imported files


def test_what_a_saved_text_declares_secret_is_kept_so(scripts: ScriptBench) -> None:
    script = scripts.open("Dump", "true")
    workspace, token = scripts.scene.workspace, Changes(parameters={"TOKEN": "sesame", "HOST": "db"})
    assigned = assign(workspace, scripts.repository().id, script.id, PRE, token)
    scripts.type("# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\n")
    scripts.save()
    scripts.until("The values of TOKEN are now stored with your secrets")
    stored = scripts.store.assignments.get(assigned.id)
    assert (dict(stored.parameters), set(stored.secrets)) == ({"HOST": "db"}, {"TOKEN"})
    assert workspace.secrets.get(secret_owner(assigned.id), "TOKEN") == "sesame"


def test_a_copy_is_made_and_shown(scripts: ScriptBench) -> None:
    scripts.open()
    with scripts.qtbot.waitSignal(scripts.view.shown):
        scripts.page.menu.on_selected[0].trigger()
    assert scripts.view.title.text() == "Stop (copy)"
    scripts.qtbot.waitUntil(lambda: scripts.names() == ["Stop", "Stop (copy)"])


def test_an_assigned_script_is_not_deleted(scripts: ScriptBench) -> None:
    script = scripts.open()
    docs, photos = scripts.repository("Docs"), scripts.repository("Photos")
    scripts.scene.assign(docs, script, PRE)
    scripts.scene.assign(docs, script, POST)
    scripts.scene.assign(photos, script, POST)
    QTest.keyClick(scripts.page.table, Qt.Key.Key_Delete)
    scripts.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), UsageDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, UsageDialog)
    assert [(one.repository, one.hook) for one in dialog.places.rows.rows()] == [
        ("Docs", PRE),
        ("Docs", POST),
        ("Photos", POST),
    ]
    dialog.places.select_key(dialog.places.rows.row(2).id)
    with scripts.qtbot.waitSignal(scripts.page.open_repository_requested) as asked:
        dialog.show_place.click()
    assert asked.args == [photos.id]
    assert scripts.file(script).exists()


def asked_for_deletion(scripts: ScriptBench) -> QPushButton:
    """Return the button that confirms the deletion of the open script."""
    QTest.keyClick(scripts.page.table, Qt.Key.Key_Delete)
    scripts.qtbot.waitUntil(lambda: open_box() is not None)
    box = open_box()
    assert box is not None
    default = box.defaultButton()
    assert box.standardButton(default) == BUTTON.Cancel
    (delete,) = (button for button in box.buttons() if button is not default)
    assert isinstance(delete, QPushButton)
    return delete


def test_deleting_asks_first(scripts: ScriptBench) -> None:
    script = scripts.open()
    asked_for_deletion(scripts).click()
    scripts.qtbot.waitUntil(lambda: scripts.names() == [])
    assert not scripts.file(script).exists()
    assert not scripts.view.shows_work


def test_a_deletion_that_fails_takes_nothing_from_the_editor(scripts: ScriptBench) -> None:
    script = scripts.open()
    scripts.type("before they were saved\n")
    delete = asked_for_deletion(scripts)
    scripts.scene.assign(scripts.repository("Docs"), script, PRE)
    with scripts.qtbot.waitSignal(scripts.background.problem_met) as told:
        delete.click()
    assert told.args is not None
    assert "is assigned in “Docs”" in told.args[0]
    assert scripts.view.is_modified
    assert scripts.file(script).exists()


# Revisions


def test_revisions_are_listed_compared_and_brought_back(scripts: ScriptBench) -> None:
    script = scripts.open(text="first")
    scripts.type("second\n")
    scripts.save()
    table = scripts.view.revisions.table
    scripts.qtbot.waitUntil(lambda: table.model().rowCount() == 2)
    oldest = scripts.store.revisions.list(script.id)[-1].sha256
    scripts.view.revisions.select(oldest)
    with scripts.qtbot.waitSignal(scripts.view.comparison_requested) as asked:
        scripts.view.revisions.compare.click()
    assert asked.args is not None
    assert asked.args[:2] == ["#!/bin/bash\nfirst\n", "#!/bin/bash\nfirst\nsecond\n"]
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ComparisonDialog)
    dialog.close()
    with scripts.qtbot.waitSignal(scripts.view.saved):
        scripts.view.revisions.restore.click()
    assert scripts.file(script).read_text() == "#!/bin/bash\nfirst\n"


def test_history_can_ask_for_a_revision(scripts: ScriptBench) -> None:
    script = scripts.scene.script("Stop", "first")
    first = scripts.store.revisions.list(script.id)[0].sha256
    scripts.store.scripts.save(script.id, b"#!/bin/sh\nsecond\n")
    scripts.show()
    with scripts.qtbot.waitSignal(scripts.view.comparison_requested):
        scripts.page.show_revision(script.id, first)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ComparisonDialog)
    dialog.close()


def test_where_used_leads_there(scripts: ScriptBench) -> None:
    docs = scripts.repository()
    script = scripts.scene.script("Stop", "true")
    scripts.scene.assign(docs, script)
    scripts.show()
    scripts.page.show_script(script.id)
    scripts.qtbot.waitUntil(lambda: scripts.view.usage.places.model().rowCount() == 1)
    scripts.view.usage.places.select_first()
    with scripts.qtbot.waitSignal(scripts.page.open_repository_requested) as asked:
        scripts.view.usage.show_place.click()
    assert asked.args == [docs.id]


@pytest.mark.parametrize("choice", ["Save and back up", "Back up with saved settings", "Cancel"])
def test_a_backup_that_would_run_an_edited_script_asks(scripts: ScriptBench, choice: str) -> None:
    script, repository = scripts.open(), scripts.scene.repository()
    scripts.scene.assign(repository, script, PRE)
    scripts.type("echo typed\n")
    started: list[str] = []
    came: list[str] = []
    assert scripts.page.asks_before_backup(
        repository.id, lambda: started.append(scripts.file(script).read_text()), lambda: came.append("forward")
    )
    scripts.qtbot.waitUntil(lambda: open_box() is not None)
    box = open_box()
    assert box is not None
    assert (came, started, "“Stop”" in box.text()) == (["forward"], [], True)
    next(one for one in box.buttons() if one.text().replace("&", "") == choice).click()
    if choice == "Cancel":
        scripts.qtbot.waitUntil(lambda: open_box() is None)
        assert started == []
    else:
        scripts.qtbot.waitUntil(lambda: bool(started))
        assert ("echo typed" in started[0]) is (choice == "Save and back up")
    scripts.view.discard()


def test_a_backup_that_does_not_run_the_edited_script_just_begins(scripts: ScriptBench) -> None:
    scripts.open()
    repository = scripts.scene.repository()
    started: list[str] = []
    assert not scripts.page.asks_before_backup(repository.id, lambda: started.append("x"), lambda: None)
    scripts.type("echo typed\n")
    assert scripts.page.asks_before_backup(repository.id, lambda: started.append("x"), lambda: None)
    scripts.qtbot.waitUntil(lambda: started == ["x"])
    assert open_box() is None
    scripts.view.discard()


def test_a_repository_that_another_process_adds_can_be_chosen_for_a_test(scripts: ScriptBench) -> None:
    scripts.open()
    scripts.scene.repository()
    chosen = scripts.view.test.repository
    scripts.qtbot.waitUntil(lambda: chosen.findText("Documents") > 0)


def test_the_parameter_block_is_folded_until_it_is_wanted(scripts: ScriptBench) -> None:
    """What it says is in the tabs; people come for what is below it."""
    block = "# /// borgdesk\n# [parameters.NAME]\n# required = true\n# ///\n"
    scripts.open(text=f"{block}echo one\n")
    editor = scripts.view.editor
    assert editor is not None
    assert editor.state().folded_lines == (1,)
    editor.go_to_line(3)
    assert editor.state().folded_lines == ()
    scripts.open("Other", text="# a remark\n# and another\necho two\n")
    assert editor.state().folded_lines == ()
