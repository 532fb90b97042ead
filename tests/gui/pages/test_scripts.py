"""The page of scripts: real files, real ShellCheck, real processes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.parameters import Parameter
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome
from borgdesk.domain.script import Script, sha256_of
from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.conflict import ComparisonDialog, ConflictDialog
from borgdesk.gui.dialogs.places import PlacesDialog
from borgdesk.gui.pages.scripts import ScriptsPage
from borgdesk.gui.widgets.script_editor.editor import ScriptEditor
from tests.gui.scene import POST, PRE, Gate, Scene
from tests.gui.stage import answer, drop_files, open_box

BUTTON = QMessageBox.StandardButton


class Bench:
    """The page with one script on its desk."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.background, self.qtbot = scene, background, qtbot
        self.store = scene.workspace.store
        self.page = ScriptsPage(scene.workspace, background)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 700)
        self.desk = self.page.desk

    def show(self) -> None:
        with self.qtbot.waitSignal(self.page.loaded):
            self.page.show()

    def open(self, name: str = "Stop", text: str = "true") -> Script:
        """A script that is saved, and on the desk."""
        script = self.scene.script(name, text)
        if not self.page.isVisible():
            self.show()
        with self.qtbot.waitSignals([self.desk.shown, self.page.loaded]):
            self.page.show_script(script.id)
        return script

    @property
    def editor(self) -> ScriptEditor:
        assert self.desk.editor is not None
        return self.desk.editor

    def type(self, text: str) -> None:
        self.editor.replace_text(self.editor.text() + text)

    def file(self, script: Script) -> Path:
        return Path(script.file_path)

    def modified(self) -> bool:
        return self.desk.is_modified

    def save(self) -> None:
        with self.qtbot.waitSignal(self.desk.saved):
            QTest.keyClick(self.page, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def until(self, said: str) -> None:
        """Wait until the desk says something."""
        self.qtbot.waitUntil(lambda: said in self.desk.message.text)

    def names(self) -> list[str]:
        return [script.name for script in self.page.table.rows.rows()]

    def repository(self, name: str = "Docs") -> Repository:
        return self.store.repositories.add(Repository(0, name, f"/backup/{name}", ("/home",)))


@pytest.fixture
def bench(scene: Scene, background: Background, qtbot: QtBot) -> Bench:
    return Bench(scene, background, qtbot)


# The table


def test_the_table_shows_what_is_known(bench: Bench) -> None:
    docs = bench.repository()
    bench.scene.hook(docs, "Stop", "true", PRE)
    bench.scene.script("Other", "true", run_on="failure")
    bench.show()
    model = bench.page.table.rows
    texts = [[column.text(row) for column in model.columns] for row in model.rows()]
    assert texts == [
        ["Other", "After failure", "5 min", "–", "never", "–"],
        ["Stop", "Always", "5 min", "1 place", "never", "–"],
    ]
    assert model.columns[3].tooltip is not None
    assert model.columns[3].tooltip(model.row(1)) == "Docs, before backup"
    QTest.keyClicks(bench.page.search, "oth")
    assert bench.page.table.visible_rows() == 1


def test_choosing_a_row_opens_it(bench: Bench) -> None:
    first, second = bench.scene.script("A", "true"), bench.scene.script("B", "false")
    bench.show()
    with bench.qtbot.waitSignal(bench.desk.shown):
        bench.page.table.select_key(second.id)
    assert bench.editor.text().endswith("false\n")
    with bench.qtbot.waitSignal(bench.desk.shown):
        bench.page.table.select_key(first.id)
    assert bench.desk.title.text() == "A"
    assert not bench.modified()


# Writing and saving


def test_a_new_script_is_written_and_saved(bench: Bench) -> None:
    bench.show()
    bench.page.new_script()
    assert bench.modified()
    QTest.keyClicks(bench.desk.details.name, "Stop it")
    bench.type("docker stop web\n")
    bench.save()
    script = bench.store.scripts.get("Stop it")
    assert bench.store.scripts.content(script.id).endswith(b"docker stop web\n")
    bench.qtbot.waitUntil(lambda: bench.names() == ["Stop it"])
    assert not bench.modified()
    current = bench.page.table.current_row()
    assert current is not None
    assert current.id == script.id


def test_text_and_form_are_saved_by_one_key(bench: Bench) -> None:
    script = bench.open()
    bench.type("# more\n")
    bench.desk.details.name.selectAll()
    QTest.keyClicks(bench.desk.details.name, "Halt")
    bench.desk.details.timeout.set_seconds(60)
    bench.desk.details.timeout.edited.emit()
    assert bench.desk.title.text() == "Halt (not saved)"
    bench.save()
    stored = bench.store.scripts.get(script.id)
    assert (stored.name, stored.timeout) == ("Halt", 60)
    assert bench.file(script).read_text().endswith("# more\n")
    bench.qtbot.waitUntil(lambda: bench.names() == ["Halt"])


def test_ctrl_s_in_the_editor_saves(bench: Bench) -> None:
    script = bench.open()
    bench.type("# more\n")
    with bench.qtbot.waitSignal(bench.desk.saved):
        bench.editor.save_requested.emit()
    assert "# more" in bench.file(script).read_text()


def test_what_cannot_be_saved_is_told(bench: Bench) -> None:
    bench.scene.script("Taken", "true")
    script = bench.open()
    bench.desk.details.name.setText("Taken")
    with bench.qtbot.waitSignal(bench.desk.save_failed):
        bench.desk.save()
    assert "already" in bench.desk.message.text
    assert bench.store.scripts.get(script.id).name == "Stop"
    assert bench.modified()


def test_typing_while_it_is_saved_stays_unsaved(bench: Bench) -> None:
    bench.open()
    bench.type("# first\n")
    with bench.qtbot.waitSignal(bench.desk.saved):
        bench.desk.save()
        bench.type("# second\n")
    assert bench.modified()


@pytest.mark.parametrize(
    ("button", "leaves", "saved"),
    [(BUTTON.Save, True, True), (BUTTON.Discard, True, False), (BUTTON.Cancel, False, False)],
)
def test_leaving_asks(bench: Bench, button: QMessageBox.StandardButton, leaves: bool, saved: bool) -> None:
    script = bench.open()
    bench.type("# more\n")
    answer(button)
    assert bench.page.can_leave() is leaves
    assert ("# more" in bench.file(script).read_text()) is saved


def test_saving_that_fails_keeps_one_on_the_page(bench: Bench) -> None:
    bench.open()
    bench.editor.replace_text(" ")
    answer(BUTTON.Save)
    assert not bench.page.can_leave()
    assert "is empty" in bench.desk.message.text


def test_choosing_another_row_asks_and_may_stay(bench: Bench) -> None:
    other = bench.scene.script("Other", "true")
    script = bench.open()
    bench.type("# more\n")
    answer(BUTTON.Cancel)
    bench.page.table.select_key(other.id)
    current = bench.page.table.current_row()
    assert current is not None
    assert current.id == script.id
    assert bench.editor.text().endswith("# more\n")


# Drafts


def test_a_draft_is_kept_while_one_types_and_dropped_on_saving(bench: Bench) -> None:
    script = bench.open()
    drafts = Drafts(bench.scene.workspace.paths.state)
    bench.type("# more\n")
    bench.qtbot.waitUntil(lambda: len(drafts.list()) == 1)
    (draft,) = drafts.list()
    assert (draft.script_id, draft.name) == (script.id, "Stop")
    assert draft.text.endswith("# more\n")
    bench.save()
    bench.qtbot.waitUntil(lambda: drafts.list() == [])


def test_after_a_crash_the_draft_is_offered(bench: Bench) -> None:
    script = bench.scene.script("Stop", "true")
    base = sha256_of(bench.store.scripts.content(script.id))
    drafts = Drafts(bench.scene.workspace.paths.state)
    drafts.keep(Draft(script.id, "Stop", "#!/bin/bash\ntyped\n", base, datetime.now(UTC)))
    bench.show()
    bench.qtbot.waitUntil(lambda: "“Stop” was saved" in bench.page.message.text)
    bench.page.message.button("Open it").click()
    bench.qtbot.waitUntil(lambda: bench.desk.editor is not None and "typed" in bench.editor.text())
    assert bench.modified()
    bench.save()
    assert bench.file(script).read_text() == "#!/bin/bash\ntyped\n"
    bench.qtbot.waitUntil(lambda: drafts.list() == [])


def test_a_draft_of_a_new_script_and_one_thrown_away(bench: Bench) -> None:
    drafts = Drafts(bench.scene.workspace.paths.state)
    drafts.keep(Draft(None, "Fresh", "#!/bin/sh\nfresh\n", None, datetime.now(UTC)))
    drafts.keep(Draft(4711, "Old", "#!/bin/sh\nold\n", None, datetime(2026, 1, 1, tzinfo=UTC)))
    bench.show()
    bench.qtbot.waitUntil(lambda: "“Fresh”" in bench.page.message.text)
    bench.page.message.button("Open it").click()
    assert "“Old”" in bench.page.message.text
    bench.page.message.button("Throw it away").click()
    bench.qtbot.waitUntil(lambda: [one.name for one in drafts.list()] == ["Fresh"])
    assert bench.editor.text() == "#!/bin/sh\nfresh\n"
    assert bench.desk.details.name.text() == "Fresh"


# Findings


def test_findings_appear_as_one_types_and_are_mended(bench: Bench) -> None:
    bench.open(text='echo "fine"')
    bench.type('ls $1\nprintf "%s" "`date`"\n')
    tree = bench.desk.findings.tree
    bench.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    assert bench.desk.findings.summary.text() == "2 findings"
    bench.desk.findings.mend_all.click()
    assert 'ls "$1"' in bench.editor.text()
    assert "$(date)" in bench.editor.text()
    bench.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 0)
    assert bench.modified()


def test_one_finding_is_mended_and_gone_to(bench: Bench) -> None:
    bench.open(text="\n\nls $1\nls $2")
    tree = bench.desk.findings.tree
    bench.qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    second = tree.topLevelItem(1)
    assert second is not None
    tree.setCurrentItem(second)
    tree.itemActivated.emit(second, 0)
    assert bench.editor.cursor_place() == (5, 4)
    bench.desk.findings.mend.click()
    assert bench.editor.text().endswith('ls $1\nls "$2"\n')


def test_findings_never_block_saving(bench: Bench) -> None:
    script = bench.open()
    bench.type("if true; then\n")
    bench.qtbot.waitUntil(lambda: bench.desk.findings.tree.topLevelItemCount() > 0)
    bench.save()
    assert "if true; then" in bench.file(script).read_text()


# Parameters


def test_the_form_follows_the_text(bench: Bench) -> None:
    bench.open()
    bench.type("# /// borgdesk\n# [parameters.NAME]\n# required = true\n# ///\n")
    bench.qtbot.waitUntil(lambda: [one.name for one in bench.desk.parameters.header.parameters] == ["NAME"])
    assert not bench.desk.test.values.is_empty()
    bench.editor.replace_text(bench.editor.text().replace("# ///\n", "", 1) + "# [parameters.\n")
    bench.qtbot.waitUntil(lambda: any(one.code == "parameters" for one in bench.desk.findings._findings))


def test_a_parameter_is_declared_by_the_form(bench: Bench) -> None:
    bench.open()
    bench.desk.add_parameter(Parameter("TOKEN", "For the server", secret=True))
    assert '# [parameters.TOKEN]\n# description = "For the server"\n# secret = true\n' in bench.editor.text()
    bench.desk.add_parameter(Parameter("TOKEN"))
    assert "already" in bench.desk.message.text


# Others change files


def test_a_change_outside_is_shown_where_nothing_was_typed(bench: Bench) -> None:
    script = bench.open()
    bench.file(script).write_text("#!/bin/bash\ntheirs\n")
    bench.until("Another program changed the file")
    assert bench.editor.text() == "#!/bin/bash\ntheirs\n"
    assert not bench.modified()


@pytest.mark.parametrize("choice", ["mine", "theirs", "later"])
def test_when_both_changed_somebody_must_choose(bench: Bench, choice: str) -> None:
    script = bench.open()
    bench.type("# mine\n")
    bench.file(script).write_text("#!/bin/bash\ntheirs\n")
    bench.until("unsaved changes")
    bench.desk.message.button("Compare and choose…").click()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    if choice == "mine":
        with bench.qtbot.waitSignal(bench.desk.saved):
            dialog.mine.click()
        assert bench.file(script).read_text().endswith("# mine\n")
        assert len(bench.store.scripts.revisions(script.id)) == 3
    elif choice == "theirs":
        with bench.qtbot.waitSignal(bench.desk.shown):
            dialog.theirs.click()
        assert bench.editor.text() == "#!/bin/bash\ntheirs\n"
        assert not bench.modified()
    else:
        dialog.later.click()
        assert bench.editor.text().endswith("# mine\n")
        assert bench.file(script).read_text().endswith("theirs\n")


def test_saving_over_a_change_nobody_noticed_yet_asks(bench: Bench) -> None:
    script = bench.open()
    bench.page.watcher.stop()
    bench.page.watcher.blockSignals(True)
    bench.type("# mine\n")
    bench.file(script).write_text("#!/bin/bash\ntheirs\n")
    with bench.qtbot.waitSignal(bench.desk.conflict_found):
        bench.desk.save()
    assert bench.file(script).read_text() == "#!/bin/bash\ntheirs\n"
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConflictDialog)
    dialog.close()


def test_a_missing_file_is_told_and_restored(bench: Bench) -> None:
    script = bench.open(text="true")
    bench.file(script).unlink()
    bench.until("is missing")
    bench.qtbot.waitUntil(lambda: bench.page.table.is_missing(script))
    with bench.qtbot.waitSignal(bench.desk.saved):
        bench.desk.message.button("Restore last revision").click()
    assert bench.file(script).read_text() == "#!/bin/bash\ntrue\n"
    bench.qtbot.waitUntil(lambda: not bench.page.table.is_missing(script))
    assert bench.desk.message.text == ""


def test_a_file_that_was_missing_at_start(bench: Bench) -> None:
    script = bench.scene.script("Stop", "true")
    bench.file(script).unlink()
    bench.show()
    assert bench.page.table.is_missing(script)
    bench.page.show_script(script.id)
    bench.until("is missing")
    assert bench.editor.read_only
    with bench.qtbot.waitSignal(bench.desk.saved):
        bench.desk.message.button("Restore last revision").click()
    assert not bench.editor.read_only


def test_a_renamed_file_is_followed(bench: Bench) -> None:
    script = bench.open()
    bench.file(script).rename(bench.file(script).with_name("uno.sh"))
    bench.qtbot.waitUntil(lambda: "renamed files" in bench.page.message.text)
    bench.qtbot.waitUntil(lambda: bench.desk.script is not None and bench.desk.script.file_path.endswith("uno.sh"))
    assert bench.desk.message.text == ""


def test_new_files_are_offered_and_registered(bench: Bench) -> None:
    bench.show()
    library = bench.scene.workspace.paths.library
    (library / "docker-stop.sh").write_text("#!/bin/sh\ntrue\n")
    bench.qtbot.waitUntil(lambda: "docker-stop.sh" in bench.page.message.text)
    bench.page.message.button("Register").click()
    bench.qtbot.waitUntil(lambda: bench.names() == ["Docker stop"])
    assert [path.name for path in library.iterdir()] == ["docker-stop.sh"]


def test_files_that_are_not_wanted_are_not_offered_again(bench: Bench, scene: Scene, background: Background) -> None:
    bench.show()
    (scene.workspace.paths.library / "x.sh").write_text("#!/bin/sh\ntrue\n")
    bench.qtbot.waitUntil(lambda: "x.sh" in bench.page.message.text)
    bench.page.message.button("Not these").click()
    bench.qtbot.waitUntil(lambda: scene.workspace.store.settings.get("scripts.ignored_files") == ["x.sh"])
    again = Bench(scene, background, bench.qtbot)
    again.show()
    assert again.page.message.text == ""


# Copies, and files from elsewhere


def test_a_copy_is_made_and_shown(bench: Bench) -> None:
    bench.open()
    with bench.qtbot.waitSignal(bench.desk.shown):
        bench.page.on_selected[0].trigger()
    assert bench.desk.title.text() == "Stop (copy)"
    bench.qtbot.waitUntil(lambda: bench.names() == ["Stop", "Stop (copy)"])


def test_dropped_files_are_imported(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("#!/bin/sh\na\n")
    (tmp_path / "b.sh").write_text("#!/bin/sh\nb\n")
    (tmp_path / "program").write_bytes(b"\x7fELF\0")
    bench.show()
    drop_files(bench.page, tmp_path / "a.sh", tmp_path / "b.sh", tmp_path / "program")
    bench.qtbot.waitUntil(lambda: bench.names() == ["A", "B"])
    assert "Imported 2 scripts." in bench.page.message.text
    assert "program contains NUL bytes" in bench.page.message.text


def test_an_assigned_script_is_not_deleted(bench: Bench) -> None:
    script = bench.open()
    docs, photos = bench.repository("Docs"), bench.repository("Photos")
    bench.scene.assign(docs, script, PRE)
    bench.scene.assign(docs, script, POST)
    bench.scene.assign(photos, script, POST)
    QTest.keyClick(bench.page.table, Qt.Key.Key_Delete)
    bench.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), PlacesDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PlacesDialog)
    assert [(one.repository, one.hook) for one in dialog.places.rows.rows()] == [
        ("Docs", PRE),
        ("Docs", POST),
        ("Photos", POST),
    ]
    dialog.places.select_key(dialog.places.rows.row(2).id)
    with bench.qtbot.waitSignal(bench.page.open_repository_asked) as asked:
        dialog.show_place.click()
    assert asked.args == [photos.id]
    assert bench.file(script).exists()


def test_deleting_asks_first(bench: Bench) -> None:
    script = bench.open()
    QTest.keyClick(bench.page.table, Qt.Key.Key_Delete)
    bench.qtbot.waitUntil(lambda: open_box() is not None)
    box = open_box()
    assert box is not None
    default = box.defaultButton()
    assert box.standardButton(default) == BUTTON.Cancel
    next(button for button in box.buttons() if button is not default).click()
    bench.qtbot.waitUntil(lambda: bench.names() == [])
    assert not bench.file(script).exists()
    assert not bench.desk.shows_work


# Tests


def test_a_test_runs_with_what_was_chosen(bench: Bench) -> None:
    docs = bench.repository()
    script = bench.open(text='echo "$BORGDESK_HOOK $BORGDESK_OUTCOME $REPOSITORY_NAME"; echo oh >&2; exit 3')
    bench.page.refresh()
    test = bench.desk.test
    bench.qtbot.waitUntil(lambda: test.repository.count() == 2)
    test.repository.setCurrentIndex(1)
    test.repository.activated.emit(1)
    bench.qtbot.waitUntil(test.run.isEnabled)
    test.hook.setCurrentIndex(test.hook.findData(Hook.POST_RUN))
    test.hook.activated.emit(test.hook.currentIndex())
    test.outcome.setCurrentIndex(test.outcome.findData(Outcome.FAILURE))
    with bench.qtbot.waitSignal(test.ended, timeout=20_000):
        test.run.click()
        assert test.is_running
    bench.qtbot.waitUntil(lambda: test.output.is_settled)
    assert test.output.text() == f"post-run failure {docs.name}\noh"
    assert "Failed (exit 3)" in test.result.text
    assert [one.exit_code for one in bench.store.runs.tests(script.id)] == [3]
    bench.qtbot.waitUntil(lambda: bench.desk.usage.executions.visible_rows() == 1)


def test_an_unsaved_text_is_saved_before_it_is_tested(bench: Bench) -> None:
    script = bench.open()
    bench.type("echo typed\n")
    with bench.qtbot.waitSignal(bench.desk.test.ended, timeout=20_000):
        bench.desk.test.run.click()
    bench.qtbot.waitUntil(lambda: bench.desk.test.output.text() == "typed")
    assert "echo typed" in bench.file(script).read_text()


def test_a_test_can_be_stopped(bench: Bench) -> None:
    gate: Gate = bench.scene.gate()
    bench.open(text=f"echo begun; {gate.line}")
    test = bench.desk.test
    test.run.click()
    bench.qtbot.waitUntil(lambda: test.output.text() == "begun")
    with bench.qtbot.waitSignal(test.ended, timeout=20_000):
        test.stop.click()
    assert "Cancelled" in test.result.text
    assert not test.stop.isVisible()


def test_a_missing_value_is_asked_for(bench: Bench) -> None:
    bench.open(text="# /// borgdesk\n# [parameters.NAME]\n# required = true\n# ///\necho $NAME")
    test = bench.desk.test
    bench.qtbot.waitUntil(lambda: not test.values.is_empty())
    test.run.click()
    assert "NAME" in test.result.text
    assert not test.is_running
    test.values.fill({"NAME": "web"})
    with bench.qtbot.waitSignal(test.ended, timeout=20_000):
        test.run.click()
    bench.qtbot.waitUntil(lambda: test.output.text() == "web")


def test_do_undo_undo_again(bench: Bench) -> None:
    docs = bench.repository()
    note = '"$BORGDESK_STATE_DIR/note"'
    bench.scene.hook(docs, "Start", f"[ -e {note} ] && echo started && rm {note}; exit 0", POST)
    script = bench.open(text=f"touch {note}; echo stopped")
    bench.scene.assign(docs, script, PRE)
    bench.page.refresh()
    test = bench.desk.test
    bench.qtbot.waitUntil(lambda: test.repository.count() == 2)
    test.repository.setCurrentIndex(1)
    test.repository.activated.emit(1)
    bench.qtbot.waitUntil(lambda: test.other_side.count() == 1)
    with bench.qtbot.waitSignal(test.ended, timeout=20_000):
        test.both.click()
    bench.qtbot.waitUntil(lambda: test.output.is_settled)
    lines = [line for line in test.output.text().splitlines() if not line.startswith("—")]
    assert lines == ["stopped", "started"]
    assert test.result.text.count("Success") == 3


def test_quitting_ends_a_test(bench: Bench) -> None:
    gate: Gate = bench.scene.gate()
    bench.open(text=f"echo begun; {gate.line}")
    bench.desk.test.run.click()
    bench.qtbot.waitUntil(lambda: bench.desk.test.output.text() == "begun")
    with bench.qtbot.waitSignal(bench.desk.test.ended):
        bench.page.shut_down()


# Revisions


def test_revisions_are_listed_compared_and_brought_back(bench: Bench) -> None:
    script = bench.open(text="first")
    bench.type("second\n")
    bench.save()
    table = bench.desk.revisions.table
    bench.qtbot.waitUntil(lambda: table.visible_rows() == 2)
    oldest = bench.store.scripts.revisions(script.id)[-1].sha256
    bench.desk.revisions.select(oldest)
    with bench.qtbot.waitSignal(bench.desk.comparison_asked) as asked:
        bench.desk.revisions.compare.click()
    assert asked.args is not None
    assert asked.args[:2] == ["#!/bin/bash\nfirst\n", "#!/bin/bash\nfirst\nsecond\n"]
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ComparisonDialog)
    dialog.close()
    with bench.qtbot.waitSignal(bench.desk.saved):
        bench.desk.revisions.restore.click()
    assert bench.file(script).read_text() == "#!/bin/bash\nfirst\n"


def test_history_can_ask_for_a_revision(bench: Bench) -> None:
    script = bench.scene.script("Stop", "first")
    first = bench.store.scripts.revisions(script.id)[0].sha256
    bench.store.scripts.save(script.id, b"#!/bin/sh\nsecond\n")
    bench.show()
    with bench.qtbot.waitSignal(bench.desk.comparison_asked):
        bench.page.show_revision(script.id, first)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ComparisonDialog)
    dialog.close()


def test_where_used_leads_there(bench: Bench) -> None:
    docs = bench.repository()
    script = bench.scene.script("Stop", "true")
    bench.scene.assign(docs, script)
    bench.show()
    bench.page.show_script(script.id)
    bench.qtbot.waitUntil(lambda: bench.desk.usage.places.visible_rows() == 1)
    bench.desk.usage.places.select_first()
    with bench.qtbot.waitSignal(bench.page.open_repository_asked) as asked:
        bench.desk.usage.show_place.click()
    assert asked.args == [docs.id]
