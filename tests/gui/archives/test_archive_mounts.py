"""Mounting archives on the archives page, with real Borg."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from borgdesk.engine.archives.mounts import mount, unmount
from borgdesk.engine.repositories.mounted import mounts
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.archives.test_mounts import needs_fuse
from tests.engine.desk import Desk

PATIENCE = 60_000


@pytest.fixture
def page(compared: Desk, background: Background, qtbot: QtBot) -> Iterator[ArchivesPage]:
    executor = Executor(compared.workspace, background)
    page = ArchivesPage(compared.workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(1100, 600)
    page.show_repository(compared.repository.id)
    page.show()
    qtbot.waitUntil(lambda: page.contents_panel.is_whole, timeout=PATIENCE)
    yield page
    for one in mounts(compared.workspace):
        unmount(compared.workspace, Path(one.folder), even_in_use=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Provide the folders that the file manager was told to open."""
    folders: list[str] = []

    def remember(url: QUrl) -> bool:
        folders.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", remember)
    return folders


@needs_fuse
def test_an_archive_is_opened_in_the_file_manager(
    page: ArchivesPage, compared: Desk, qtbot: QtBot, opened: list[str]
) -> None:
    with qtbot.waitSignal(page.mounts.mounts_shown, timeout=PATIENCE):
        page.actions_of_archives.open_folder.trigger()
    (mounted,) = mounts(compared.workspace)
    assert opened == [mounted.folder]
    assert (Path(mounted.folder) / str(compared.source)[1:] / "letters" / "new.txt").read_text() == "brand new"
    qtbot.waitUntil(lambda: mounted.folder in page.mounted.text, timeout=PATIENCE)
    # The second time, it is already mounted.
    page.actions_of_archives.open_folder.trigger()
    qtbot.waitUntil(lambda: opened == [mounted.folder, mounted.folder], timeout=PATIENCE)
    page.mounted.button("&Unmount").click()
    qtbot.waitUntil(lambda: not page.mounted.text and mounts(compared.workspace) == [], timeout=PATIENCE)
    assert not Path(mounted.folder).exists()


@needs_fuse
def test_what_others_mount_and_unmount(page: ArchivesPage, compared: Desk, qtbot: QtBot, opened: list[str]) -> None:
    folder = compared.folder / "elsewhere"
    folder.mkdir()
    archive = page.table.current_row()
    assert archive is not None
    theirs = mount(compared.workspace, compared.repository, archive, folder)
    page.refresh()
    qtbot.waitUntil(lambda: theirs.folder in page.mounted.text, timeout=PATIENCE)
    unmount(compared.workspace, folder)
    # It is not there any more, which the window does not know: it must not open an empty folder.
    with qtbot.waitSignal(page.mounts.mounts_shown, timeout=PATIENCE):
        page.actions_of_archives.open_folder.trigger()
    (ours,) = mounts(compared.workspace)
    assert opened == [ours.folder] != [theirs.folder]
    qtbot.waitUntil(lambda: ours.folder in page.mounted.text, timeout=PATIENCE)
    unmount(compared.workspace, Path(ours.folder))
    page.mounted.button("&Unmount").click()
    qtbot.waitUntil(lambda: not page.mounted.text, timeout=PATIENCE)


@needs_fuse
def test_a_mount_in_use(page: ArchivesPage, compared: Desk, qtbot: QtBot, opened: list[str]) -> None:
    with qtbot.waitSignal(page.mounts.mounts_shown, timeout=PATIENCE):
        page.actions_of_archives.open_folder.trigger()
    qtbot.waitUntil(lambda: opened[-1:] == [*(one.folder for one in mounts(compared.workspace))], timeout=PATIENCE)
    qtbot.waitUntil(lambda: opened[0] in page.mounted.text, timeout=PATIENCE)
    with subprocess.Popen(["sleep", "600"], cwd=opened[0]) as user:
        page.mounted.button("&Unmount").click()
        qtbot.waitUntil(lambda: "is in use" in page.mounted.text, timeout=PATIENCE)
        user.kill()
    page.mounted.button("&Unmount").click()
    qtbot.waitUntil(lambda: not page.mounted.text and mounts(compared.workspace) == [], timeout=PATIENCE)
