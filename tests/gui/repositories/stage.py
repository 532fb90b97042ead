"""What tests of the repositories page do: add a repository, show the page, save."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from tests.gui.scene import Scene

SAVE = QDialogButtonBox.StandardButton.Save


def kept(scene: Scene, name: str, **values: object) -> Repository:
    """Add a repository to the store without calling Borg."""
    one = Repository(
        RepositoryId(0), name, f"/backup/{name}", (str(scene.source),), archive_name="x-{now}", encryption="none"
    )
    return scene.workspace.store.repositories.add(replace(one, **values))  # type: ignore[arg-type]


def show(page: RepositoriesPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.view.board.shown):
        page.show()


def save(page: RepositoriesPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.view.saved, timeout=30_000):
        page.view.buttons.button(SAVE).click()
