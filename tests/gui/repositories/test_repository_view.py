"""Saving a connection to a host that does not answer: it can be cancelled, and quitting does not wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.workers.background import Background
from tests.gui.repositories.stage import show
from tests.gui.scene import Scene
from tests.gui.stage import answer, open_box

STORED = "/backup/Docs"


class DeadHost:
    """Replacement of ssh that reports its start, and then never answers."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "dead-ssh"
        self._called = folder / "called"
        self.program.write_text(
            f"#!/bin/sh\necho $$ >'{self._called}.new'\nmv '{self._called}.new' '{self._called}'\nexec sleep 1000\n"
        )
        self.program.chmod(0o755)

    @property
    def was_called(self) -> bool:
        return self._called.exists()

    @property
    def is_alive(self) -> bool:
        state = Path("/proc", self._called.read_text().strip(), "stat")
        return state.exists() and ") Z " not in state.read_text()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeadHost:
    host = DeadHost(tmp_path)
    monkeypatch.setenv("BORG_RSH", str(host.program))
    return host


@pytest.fixture
def scene(host: DeadHost, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    values = Repository(
        RepositoryId(0), "Docs", STORED, (str(scene.source),), archive_name="x-{now}", encryption="none"
    )
    scene.workspace.store.repositories.add(values)
    yield scene
    scene.close()


@pytest.fixture
def page(page: RepositoriesPage, qtbot: QtBot) -> RepositoriesPage:
    """Provide the page with another location entered for the repository."""
    show(page, qtbot)
    line = page.view.connection.location
    line.setText("ssh://dead.example/./repository")
    line.textEdited.emit(line.text())
    return page


def begin_saving(page: RepositoriesPage, host: DeadHost, qtbot: QtBot) -> RepositoryView:
    page.view.save()
    qtbot.waitUntil(lambda: host.was_called, timeout=30_000)
    return page.view


def test_stop_leaves_it_at_what_is_stored(page: RepositoriesPage, host: DeadHost, scene: Scene, qtbot: QtBot) -> None:
    view = begin_saving(page, host, qtbot)
    assert view.work.stop.isVisible()
    assert view.work.stop.isEnabled()
    with qtbot.waitSignal(view.save_failed, timeout=60_000):
        view.work.stop.click()
        assert not view.work.stop.isEnabled()
        assert view.notice.text == "Stopping…"
    assert view.notice.text == "Stopped; nothing was changed."
    assert not view.work.stop.isVisible()
    assert view.is_modified(), "what was typed is still there"
    (stored,) = scene.workspace.store.repositories.list()
    assert stored.location == STORED
    assert not host.is_alive


def test_quitting_ends_what_was_asked(
    page: RepositoriesPage, host: DeadHost, background: Background, scene: Scene, qtbot: QtBot
) -> None:
    begin_saving(page, host, qtbot)
    assert background.close(patience=20)
    assert not host.is_alive
    assert scene.workspace.store.repositories.list()[0].location == STORED


def test_quitting_ends_an_attempt_to_open_it(
    page: RepositoriesPage, host: DeadHost, background: Background, qtbot: QtBot
) -> None:
    view = page.view
    assert view.repository is not None
    view.show_repository(replace(view.repository, location="ssh://dead.example/./repository"))
    view.opening.check()
    qtbot.waitUntil(lambda: host.was_called, timeout=30_000)
    assert view.work.stop.isVisible()
    assert background.close(patience=20)
    assert not host.is_alive


def test_saving_before_leaving_can_be_stopped_too(page: RepositoriesPage, host: DeadHost, qtbot: QtBot) -> None:
    answer(QMessageBox.StandardButton.Save)

    def stop() -> None:
        if host.was_called and page.view.work.stop.isEnabled():
            page.view.work.stop.click()
            clock.stop()

    clock = QTimer(page, interval=20)
    clock.timeout.connect(stop)
    clock.start()
    assert not page.can_leave()
    assert page.view.notice.text == "Stopped; nothing was changed."
    assert open_box() is None


def test_a_defect_while_saving_keeps_nobody_waiting(
    page: RepositoriesPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception prevented the signal for which the window waited in an endless nested event loop."""
    monkeypatch.setattr("borgdesk.gui.repositories.repository_view.edit_with_schedule", lambda *_, **__: 1 // 0)
    answer(QMessageBox.StandardButton.Save)
    with qtbot.captureExceptions() as met:
        assert not page.can_leave()
    assert [kind for kind, _, _ in met] == [ZeroDivisionError]
    assert not page.view.work.is_busy
