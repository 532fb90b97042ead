"""The repositories page, and the view of one repository, which is not shown yet."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


@pytest.fixture
def page(scene: Scene, background: Background, qtbot: QtBot) -> RepositoriesPage:
    page = RepositoriesPage(scene.workspace, background)
    qtbot.addWidget(page)
    page.resize(900, 600)
    return page


@pytest.fixture
def view(scene: Scene, background: Background, qtbot: QtBot) -> RepositoryView:
    view = RepositoryView(scene.workspace, background)
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    return view
