"""Pruning, compacting, checking and the retention preview on the repositories page, with real Borg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.borg.command_options import CheckOptions
from borgdesk.domain.events import RunEnded
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.runs.maintenance import Check, Compact, Info, Prune
from borgdesk.engine.runs.task import Task
from borgdesk.gui.repositories.check_dialog import CheckDialog
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.workers.background import Background
from tests.engine.archives.lab import empty_repository, make_archives, real_desk
from tests.engine.desk import Desk
from tests.gui.scene import Scene

PATIENCE = 60_000


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    with real_desk(tmp_path / "work", empty_repository(tmp_path)) as desk:
        yield desk


def asked_for(view: RepositoryView) -> list[Task]:
    tasks: list[Task] = []
    view.task_requested.connect(lambda _repository, task: tasks.append(task))
    return tasks


def press_in_box(view: RepositoryView, label: str) -> str:
    box = view.findChildren(QMessageBox)[-1]
    said = f"{box.text()}\n{box.informativeText()}"
    next(button for button in box.buttons() if button.text() == label).click()
    return said


def backed_up(scene: Scene) -> Repository:
    """Provide a repository with three archives and without rules."""
    repository = scene.repository()
    repository = scene.workspace.store.repositories.update(
        replace(repository, archive_name="docs-{now:%H%M%S%f}", retention=Retention())
    )
    for _number in range(3):
        scene.run(repository)
    return scene.workspace.store.repositories.get(repository.id)


def test_what_would_be_pruned_is_named_before(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    tasks = asked_for(view)
    repository = backed_up(scene)
    view.show_repository(repository)
    view.header.prune_requested.emit()
    assert "has no rules" in view.notice.text
    ruled = scene.workspace.store.repositories.update(replace(repository, retention=Retention(yearly=1)))
    view.show_repository(ruled)
    view.header.prune_requested.emit()
    assert "Finding out" in view.notice.text
    qtbot.waitUntil(lambda: bool(view.findChildren(QMessageBox)), timeout=PATIENCE)
    said = press_in_box(view, "&Prune")
    assert "Delete 2 archives of “Documents” that no rule keeps?" in said
    assert said.count("docs-") == 2
    assert [type(task) for task in tasks] == [Prune]
    view.header.compact_requested.emit()
    view.header.info_requested.emit()
    assert [type(task) for task in tasks] == [Prune, Compact, Info]


def test_what_came_of_it_is_told_where_it_was_wanted(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository, runs = scene.repository(), scene.workspace.store.runs
    view.show_repository(repository)
    for kind in (RunKind.CHECK, RunKind.BACKUP):
        run = runs.queue(repository, Trigger.USER, procfs.identity(), datetime.now(UTC), kind=kind)
        runs.settle(run.id, Outcome.SUCCESS)
        runs.finish(run.id, RunStatus.SUCCESS, datetime.now(UTC))
        ended = RunEnded(run.id, repository.name, RunStatus.SUCCESS, "")
        if kind is RunKind.CHECK:
            view.maintenance.result.show_end(ended)
            assert view.notice.text == ""
            view.header.compact_requested.emit()
        view.maintenance.result.show_end(ended)
        qtbot.waitUntil(lambda: view.notice.text == "Check of Documents finished. No damage was found.")


def test_a_repair_is_asked_about_sternly(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    tasks = asked_for(view)
    view.show_repository(scene.repository())
    view.header.check_requested.emit()
    (dialog,) = view.findChildren(CheckDialog)
    dialog.verify_data.setChecked(True)
    dialog.repository_only.setChecked(True)
    assert not dialog.verify_data.isEnabled()
    assert dialog.options() == CheckOptions(repository_only=True)
    dialog.archives_only.setChecked(True)
    dialog.repair.setChecked(True)
    dialog.check.click()
    assert tasks == []
    said = press_in_box(view, "&Repair anyway")
    assert "Files may be lost" in said
    (task,) = tasks
    assert isinstance(task, Check)
    assert task.report == {"repository_only": False, "archives_only": True, "verify_data": True, "repair": True}


def test_the_preview_follows_the_rules(real: Desk, background: Background, qtbot: QtBot) -> None:
    names = make_archives(real, ["2026-11-20T10:00:00", "2026-11-22T10:00:00", "2026-11-21T10:00:00"])
    view = RepositoryView(real.workspace, background)
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.show_repository(real.repository)
    view.tabs.setCurrentWidget(view.retention)
    preview, rules = view.retention.preview, view.retention.rules
    # Borg is not called before the user asks for it.
    rules.counts["last"].setValue(2)
    assert not preview._pause.isActive()
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        preview.show_button.click()
    assert preview.sentence.text() == "1 of 3 archives would be pruned now."
    newest_first = [names[1], names[2], names[0]]
    assert [(one.archive, one.keep) for one in preview.rows.rows()] == list(
        zip(newest_first, (True, True, False), strict=True)
    )
    for day, name in zip((22, 21, 20), newest_first, strict=True):
        assert name in preview.calendar.dateTextFormat(QDate(2026, 11, day)).toolTip()
    assert (preview.calendar.yearShown(), preview.calendar.monthShown()) == (2026, 11)
    assert preview.calendar.selectedDate() == preview.calendar.minimumDate()
    assert preview.minimumSizeHint().height() > preview.calendar.minimumSizeHint().height()
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        rules.counts["last"].setValue(1)
    assert preview.sentence.text() == "2 of 3 archives would be pruned now."
    assert [one.keep for one in preview.rows.rows()] == [True, False, False]
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        rules.within.setText("nonsense")
        rules.within.textEdited.emit("nonsense")
    assert "nonsense" in preview.sentence.text()
    assert view.is_modified()
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        view.discard()
    assert preview.sentence.text() == "0 of 3 archives would be pruned now."
    make_archives(real, ["2026-11-23T10:00:00"])
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        view.refresh(replace(real.repository, last_run_at=datetime.now(UTC)))
    assert preview.rows.rowCount() == 4, "after a backup"
    make_archives(real, ["2026-11-24T10:00:00"])
    runs = real.workspace.store.runs
    run = runs.queue(real.repository, Trigger.USER, procfs.identity(), datetime.now(UTC), kind=RunKind.PRUNE)
    runs.settle(run.id, Outcome.SUCCESS)
    runs.finish(run.id, RunStatus.SUCCESS, datetime.now(UTC))
    view.maintenance.result.expect(real.repository)
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        view.maintenance.result.show_end(RunEnded(run.id, real.repository.name, RunStatus.SUCCESS, ""))
    assert preview.rows.rowCount() == 5, "after a prune"
    view.show_repository(real.add_repository("Other"))
    assert preview.tabs.isHidden()


def test_a_repository_that_is_away_is_said(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository = scene.repository()
    view.show_repository(replace(repository, location=str(scene.folder / "nowhere"), retention=Retention(last=1)))
    preview = view.retention.preview
    with qtbot.waitSignal(preview.answered, timeout=PATIENCE):
        preview.show_button.click()
    assert preview.sentence.text()
    assert not preview.show_button.isHidden()
