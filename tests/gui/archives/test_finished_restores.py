"""A restore in History: what it did, and undoing it there; only a backup can be run again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes import procfs
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.look import run_words
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.runs.restore_result import RestoreResult
from borgdesk.gui.runs.run_view import RunView
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk
from tests.engine.restores.lab import in_place, restored
from tests.gui.listed import runs_in


@pytest.fixture
def view(real: Desk, background: Background, executor: Executor, qtbot: QtBot) -> RunView:
    view = RunView(real.workspace, background, executor)
    qtbot.addWidget(view)
    view.show()
    return view


def shown(view: RunView, run_id: RunId, qtbot: QtBot) -> RestoreResult:
    view.show_run(run_id)
    result = view.findChild(RestoreResult)
    assert isinstance(result, RestoreResult)
    qtbot.waitUntil(lambda: result.text != "")
    return result


def test_a_restore_is_undone_in_history(view: RunView, real: Desk, qtbot: QtBot) -> None:
    file = real.source / "letter.txt"
    file.write_text("as backed up")
    back_up(real)
    file.write_text("changed since")
    run, _report = restored(real, in_place(real))
    assert run_words.remark(run).startswith("1 file restored, 1 replaced, can be undone until ")
    result = shown(view, run.id, qtbot)
    assert result.text.startswith("1 file restored, 1 replaced. This can be undone until ")
    qtbot.waitUntil(lambda: result.text.endswith("; the replaced files take up 13 bytes until then."))
    again = next(one for one in view.findChildren(QPushButton) if one.text() == "Run &again")
    assert not again.isEnabled()
    result.button("&Undo the restore").click()
    qtbot.waitUntil(lambda: result.text == "The restore was undone.", timeout=30_000)
    assert file.read_text() == "changed since"
    assert run_words.remark(real.workspace.store.runs.get(run.id)) == "1 file restored, 1 replaced, undone since"
    view.clear()
    result.hide()
    assert shown(view, run.id, qtbot).text == "The restore was undone."


def test_the_restores_of_a_repository_are_listed(
    real: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    back_up(real)
    run, _report = restored(real, in_place(real))
    finished(real, RunKind.CHECK)
    page = HistoryPage(real.workspace, background, executor)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=30_000)
    archives = ArchivesPage(real.workspace, background, executor)
    qtbot.addWidget(archives)
    archives.restores_requested.connect(page.show_restores)
    archives.show_repository(real.repository.id)
    qtbot.waitUntil(lambda: archives.contents_panel.is_whole, timeout=60_000)
    archives.actions_of_archives.restores.trigger()
    qtbot.waitUntil(lambda: [one.id for one in runs_in(page.model)] == [run.id], timeout=30_000)


def finished(desk: Desk, kind: RunKind) -> Run:
    runs = desk.workspace.store.runs
    run = runs.queue(desk.repository, Trigger.USER, procfs.identity(), datetime.now(UTC), kind=kind)
    runs.settle(run.id, Outcome.SUCCESS)
    runs.finish(run.id, RunStatus.SUCCESS, datetime.now(UTC))
    return run


@pytest.mark.parametrize("kind", [kind for kind in RunKind if kind is not RunKind.BACKUP])
def test_what_is_no_backup_is_not_run_again(view: RunView, real: Desk, kind: RunKind, qtbot: QtBot) -> None:
    """It would start a backup, which prunes."""
    view.show_run(finished(real, kind).id)
    again = next(one for one in view.findChildren(QPushButton) if one.text() == "Run &again")
    qtbot.waitUntil(again.isVisible)
    assert not again.isEnabled()


def test_the_folder_of_a_restore_is_opened_in_history(
    view: RunView, real: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def remember(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", remember)
    back_up(real)
    folder = real.folder / "restored"
    run, _report = restored(real, RestoreRequest((str(real.source)[1:],), folder))
    shown(view, run.id, qtbot).button("Open fol&der").click()
    assert opened == [str(folder)]
