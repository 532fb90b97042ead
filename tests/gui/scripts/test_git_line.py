"""The library in git, in the window: state, commits, pulls with a choice per file, and pushes."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import Script
from borgdesk.domain.settings import COMMIT_LIBRARY
from borgdesk.engine.git.library import commit, log, status
from borgdesk.engine.git.push import push
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.scripts import git_line
from borgdesk.gui.scripts.commit_dialog import CommitDialog
from borgdesk.gui.scripts.git_line import GitLine
from borgdesk.gui.scripts.log_dialog import LogDialog
from borgdesk.gui.scripts.merge_dialog import MergeDialog
from borgdesk.gui.scripts.pull_dialog import PullDialog
from tests.engine.git.machines import bare, git
from tests.gui.scripts.script_bench import ScriptBench

FIRST, SECOND, MINE = (f"#!/bin/bash\n{line}\n" for line in ("true", "echo theirs", "echo mine"))


class Shared:
    """The bench with a library in git, and a clone of it on another machine."""

    def __init__(self, bench: ScriptBench, folder: Path) -> None:
        self.bench, self.workspace, self.qtbot = bench, bench.scene.workspace, bench.qtbot
        self.library = self.workspace.paths.library
        self.clone = folder / "clone"
        remote = bare(folder / "remote.git")
        git(self.library, "init", "--quiet", "--initial-branch=main")
        git(self.library, "config", "user.name", "Anna")
        git(self.library, "remote", "add", "origin", str(remote))

    @property
    def line(self) -> GitLine:
        return self.bench.page.git

    def publish(self) -> None:
        commit(self.workspace, "First")
        push(self.workspace)
        git(self.library.parent, "clone", "--quiet", str(self.library.parents[2] / "remote.git"), str(self.clone))

    def theirs(self, **texts: str) -> None:
        """Let the other machine change files."""
        for name, text in texts.items():
            (self.clone / f"{name}.sh").write_text(text)
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "-m", "Theirs")
        git(self.clone, "push", "--quiet")

    def pull(self) -> PullDialog:
        self.line.ask_remote()
        return dialog(self.qtbot, PullDialog)

    def text(self, script: Script) -> str:
        return self.workspace.store.scripts.content(script.id).decode()


T = TypeVar("T", bound=QWidget)


def dialog(qtbot: QtBot, kind: type[T]) -> T:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=30_000)
    found = QApplication.activeModalWidget()
    assert isinstance(found, kind)
    return found


@pytest.fixture
def shared(scripts: ScriptBench) -> Shared:
    return Shared(scripts, scripts.scene.folder)


def says(shared: Shared, words: str) -> None:
    shared.qtbot.waitUntil(lambda: words in shared.line.state.text(), timeout=30_000)


def test_it_is_hidden_without_git(scripts: ScriptBench) -> None:
    scripts.show()
    scripts.page.git.refresh()
    scripts.background._pool.waitForDone()
    QApplication.processEvents()
    assert scripts.page.git.isHidden()


def test_saving_commits_and_the_line_says_so(shared: Shared) -> None:
    script = shared.bench.open()
    says(shared, "main  ·  1 file not committed")
    shared.bench.type("# more\n")
    shared.bench.save()
    says(shared, "1 commit to push")
    assert [one.message for one in log(shared.workspace, 5)] == ["Change “Stop”"]
    shared.line.push()
    says(shared, "everything is committed")
    assert shared.bench.page.message.text == "1 commit was sent."
    (shared.library / Path(script.file_path).name).write_text(FIRST)
    says(shared, "1 file not committed")


def test_a_problem_that_is_over_is_said_no_more(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_workspace: Workspace) -> None:
        raise BorgDeskError("It is locked.")

    shared.bench.open()
    says(shared, "1 file not committed")
    with monkeypatch.context() as patched:
        patched.setattr(git_line, "stamp", fail)
        shared.line.refresh()
        says(shared, "It is locked.")
    shared.line.refresh()
    says(shared, "1 file not committed")
    assert shared.line.button.isEnabled()


def test_saving_need_not_commit(shared: Shared) -> None:
    shared.bench.open()
    says(shared, "1 file not committed")
    shared.line.menu.aboutToShow.emit()
    assert shared.line.at_once.isChecked()
    shared.line.at_once.trigger()
    settings = shared.workspace.store.settings
    shared.qtbot.waitUntil(lambda: not settings.latest[COMMIT_LIBRARY])
    shared.line.menu.aboutToShow.emit()
    assert not shared.line.at_once.isChecked()
    shared.bench.type("# more\n")
    shared.bench.save()
    shared.bench.background._pool.waitForDone()
    assert log(shared.workspace, 5) == []


def test_commit(shared: Shared) -> None:
    shared.bench.open()
    shared.bench.scene.script("Start", "true")
    shared.line.open_commit()
    shown = dialog(shared.qtbot, CommitDialog)
    shared.qtbot.waitUntil(lambda: shown.files.count() == 2)
    assert not shown.commit.isEnabled()
    shown.message.setText("Both")
    shown.files.item(0).setCheckState(Qt.CheckState.Unchecked)
    with shared.qtbot.waitSignal(shown.committed):
        shown.commit.click()
    assert [one.path for one in status(shared.workspace).changes] == ["start.sh"]
    says(shared, "1 file not committed")


def test_what_is_assigned_waits_for_a_choice(shared: Shared) -> None:
    stop = shared.bench.open("Stop")
    start = shared.bench.scene.script("Start", "true")
    shared.bench.scene.assign(shared.bench.scene.repository(), stop)
    shared.publish()
    shared.theirs(stop=SECOND, start=SECOND)
    shown = shared.pull()
    assert [shown.files.item(row).text() for row in range(2)] == [
        "Start\nchanged, is taken",
        "Stop\nchanged, waits for you",
    ]
    shown.files.setCurrentRow(1)
    assert (shown.later.isChecked(), shown.take.isChecked()) == (True, False)
    assert "Documents" in shown.remark.text
    assert not shown.edit.isVisible()
    with shared.qtbot.waitSignal(shown.pulled):
        shown.pull.click()
    assert (shared.text(stop), shared.text(start)) == (FIRST, SECOND)
    says(shared, "1 commit to pull")
    shown = shared.pull()
    shown.take.click()
    with shared.qtbot.waitSignal(shown.pulled):
        shown.pull.click()
    assert shared.text(stop) == SECOND
    says(shared, "everything is committed")
    shared.line.ask_remote()
    shared.qtbot.waitUntil(lambda: "has everything" in shared.bench.page.message.text)


@pytest.mark.parametrize("choice", ["take", "keep"])
def test_a_conflict(shared: Shared, choice: str) -> None:
    stop = shared.bench.open("Stop")
    shared.publish()
    shared.theirs(stop=SECOND)
    shared.workspace.store.scripts.save(stop.id, MINE.encode())
    shown = shared.pull()
    assert shown.remark.text == "The file was changed here, too."
    getattr(shown, choice).click()
    with shared.qtbot.waitSignal(shown.pulled):
        shown.pull.click()
    assert shared.text(stop) == (SECOND if choice == "take" else MINE)


def test_a_conflict_by_hand(shared: Shared) -> None:
    stop = shared.bench.open("Stop")
    shared.publish()
    shared.theirs(stop=SECOND)
    shared.workspace.store.scripts.save(stop.id, MINE.encode())
    shown = shared.pull()
    shown.edit.click()
    merge = dialog(shared.qtbot, MergeDialog)
    assert merge.text.toPlainText().split("\n")[1:6] == [
        "<<<<<<< here", "echo mine", "=======", "echo theirs", ">>>>>>> remote"
    ]  # fmt: skip
    assert not merge.use.isEnabled()
    merge.text.setPlainText(MINE + "echo theirs\n")
    merge.use.click()
    assert (shown.edited.isVisible(), shown.edited.isChecked()) == (True, True)
    with shared.qtbot.waitSignal(shown.pulled):
        shown.pull.click()
    assert shared.text(stop) == MINE + "echo theirs\n"


def test_the_log_of_a_script(shared: Shared) -> None:
    stop = shared.bench.open("Stop")
    shared.publish()
    shared.workspace.store.scripts.save(stop.id, MINE.encode())
    commit(shared.workspace, "Second")
    shared.line.open_log_of_script()
    shown = dialog(shared.qtbot, LogDialog)
    shared.qtbot.waitUntil(lambda: shown.table.rows.rowCount() == 2)
    with shared.qtbot.waitSignal(shown.comparison.compared) as compared:
        shown.table.select_key(log(shared.workspace, 5)[1].oid)
    assert compared.args == [1]
    shown.reject()


def test_a_remote_that_does_not_answer(shared: Shared) -> None:
    shared.bench.open("Stop")
    shared.publish()
    (shared.library.parents[2] / "remote.git").rename(shared.library.parents[2] / "gone.git")
    shared.line.ask_remote()
    shared.qtbot.waitUntil(lambda: "does not appear to be a git repository" in shared.bench.page.message.text)
    assert shared.line.button.isEnabled()


def test_a_repository_that_is_not_used(shared: Shared) -> None:
    (shared.library / ".git").chmod(0o777)
    shared.bench.open("Stop")
    says(shared, "chmod go-w")
    assert not shared.line.button.isEnabled()
