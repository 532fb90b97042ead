"""Large windows: forms stay as wide as can be read, cards stand beside each other, and nothing is spread."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.overview.card_grid import CardGrid
from borgdesk.gui.repositories.repository_tabs import BackupTab, ConnectionTab, RetentionTab
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene

WIDE = QSize(2300, 1200)


@pytest.fixture
def tabs(scene: Scene, background: Background, qtbot: QtBot) -> list[FormScroll]:
    workspace: Workspace = scene.workspace
    repository = Repository(RepositoryId(1), "Documents", "/backup", ("/home",))
    made = (
        BackupTab(background),
        ConnectionTab(workspace, background),
        RetentionTab(workspace, background, lambda: None),
    )
    for tab in made:
        qtbot.addWidget(tab)
        tab.show_repository(repository)
        tab.resize(WIDE)
        tab.show()
    return [*made]


def test_a_form_is_no_wider_than_lines_can_be_read(tabs: list[FormScroll]) -> None:
    for tab in tabs:
        inside = tab.widget()
        assert inside is not None
        assert inside.width() <= tab.fontMetrics().averageCharWidth() * 130
        assert inside.x() == 0


def test_a_number_is_as_wide_as_it_can_become(tabs: list[FormScroll]) -> None:
    numbers = [one for tab in tabs for one in tab.findChildren(QAbstractSpinBox) if one.isVisible()]
    assert len(numbers) == 8
    for number in numbers:
        assert number.width() <= number.sizeHint().width()


def test_the_room_below_a_form_stays_below_it(tabs: list[FormScroll]) -> None:
    """It used to be spread between the parts of the excludes."""
    backup = tabs[0]
    assert isinstance(backup, BackupTab)
    excludes = backup.excludes
    text = excludes.findChild(QPlainTextEdit)
    assert text is not None
    gap = excludes.caches.y() - text.geometry().bottom()
    assert gap < excludes.fontMetrics().height() * 6
    assert excludes.height() <= excludes.sizeHint().height() + excludes.fontMetrics().height() * 2


def test_a_form_that_needs_more_gets_it(qtbot: QtBot) -> None:
    inside = QWidget()
    inside.setMinimumWidth(1500)
    form = FormScroll(inside)
    qtbot.addWidget(form)
    form.resize(WIDE)
    form.show()
    assert inside.width() >= 1500


def test_a_duration_is_a_number_beside_its_unit(qtbot: QtBot) -> None:
    edit = DurationEdit("Timeout")
    qtbot.addWidget(edit)
    edit.resize(1500, edit.sizeHint().height())
    edit.show()
    assert edit._unit.geometry().right() < 400


@pytest.mark.parametrize(("width", "columns"), [(900, 1), (1600, 2), (2300, 3)])
def test_cards_stand_beside_each_other_where_there_is_room(qtbot: QtBot, width: int, columns: int) -> None:
    grid = CardGrid()
    qtbot.addWidget(grid)
    cards = [QWidget() for _ in range(5)]
    grid.show_cards(cards)
    grid.resize(width, 500)
    grid.show()
    assert len({card.x() for card in cards}) == columns
    assert [(card.y(), card.x()) for card in cards] == sorted((card.y(), card.x()) for card in cards)
    assert max(card.width() for card in cards) - min(card.width() for card in cards) <= 1


def test_a_single_card_is_not_stretched(qtbot: QtBot) -> None:
    grid = CardGrid()
    qtbot.addWidget(grid)
    card = QWidget()
    grid.show_cards([card])
    grid.resize(2300, 500)
    grid.show()
    assert (card.x(), card.width()) == (0, 1160)
    second = QWidget()
    grid.show_cards([second, card])
    QApplication.processEvents()
    assert second.x() == 0
    assert card.x() > 1000
