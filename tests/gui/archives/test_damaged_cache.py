"""Damaged listings and comparisons in the window: the models show what is sound, the rest is made anew."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from borgdesk.domain.change import ALL_KINDS
from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.difference_dialog import DifferenceDialog, _first_rows, _rows
from borgdesk.gui.archives.difference_model import DifferenceModel
from borgdesk.gui.contents.contents_model import DEPTH_ROLE, OPEN_ROLE, ContentsModel
from borgdesk.gui.contents.listing_questions import in_order, rows_of, top_rows, totals
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.differences import DifferenceLost
from borgdesk.store.listing_writer import ListingWriter
from borgdesk.store.listings import Order
from tests.engine.archives.test_damaged_cache import ITEMS, differences
from tests.engine.desk import Desk
from tests.store.damage import damage

PATIENCE = 60_000
_ROLES = (
    *(Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.ToolTipRole),
    *(Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ForegroundRole, DEPTH_ROLE, OPEN_ROLE),
)


def show_all(model: ContentsModel) -> None:
    for place in range(model.rowCount()):
        for column in range(model.columnCount()):
            for role in _ROLES:
                model.data(model.index(place, column), role)
        model.is_folder(place)
        model.above(place)


@pytest.mark.parametrize("seed", range(6))
def test_the_tree_of_a_damaged_listing(tmp_path: Path, qtbot: QtBot, seed: int) -> None:
    path = tmp_path / "listing.db"
    writer = ListingWriter(path, "r", "a")
    writer.add(ITEMS)
    writer.finish().close()
    whole = path.read_bytes()
    for number in range(10):
        damage(path, whole, 10 * seed + number)
        model = ContentsModel()
        model.rows_requested.connect(
            lambda folder, model=model: model.show_rows(folder, rows_of(path, (folder,), *model.order)[folder])
        )
        with contextlib.suppress(BorgDeskError), qtbot.captureExceptions() as raised:
            totals(path)
            model.begin(top_rows(path, Order.NAME, descending=False))
            for place in reversed(range(model.rowCount())):
                model.open(place)
            show_all(model)
            model.replace(in_order(model.inside, Order.SIZE, descending=True))
            show_all(model)
        assert all(issubclass(kind, BorgDeskError) for kind, _error, _trace in raised), raised


@pytest.mark.parametrize("seed", range(6))
def test_the_tree_of_a_damaged_comparison(tmp_path: Path, qtbot: QtBot, seed: int) -> None:
    path, whole = differences(tmp_path)
    for number in range(10):
        damage(path, whole, 10 * seed + number)
        model = DifferenceModel()
        with contextlib.suppress(BorgDeskError):
            model.begin(_first_rows(path, "", ALL_KINDS, model.sorting)[0])
            show_all(model)
            model.replace(_rows(path, "", ALL_KINDS, ("added", True), model.open_folders))
            model.begin(_first_rows(path, "e", ALL_KINDS, model.sorting)[0])
            show_all(model)


@pytest.fixture
def page(compared: Desk, background: Background, executor: Executor, qtbot: QtBot) -> ArchivesPage:
    page = ArchivesPage(compared.workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(1100, 600)
    page.show_repository(compared.repository.id)
    page.show()
    qtbot.waitUntil(lambda: is_shown(page), timeout=PATIENCE)
    return page


def is_shown(page: ArchivesPage) -> bool:
    return page.contents_panel.is_whole and not page.contents_panel.is_empty


def harm(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


def test_a_damaged_listing_is_made_anew_and_only_once(page: ArchivesPage, qtbot: QtBot) -> None:
    panel = page.contents_panel
    path = panel.listing.path
    assert path is not None
    whole = path.read_bytes()
    harm(path, "UPDATE dir SET size = 'wild'")
    panel._show_tree()
    qtbot.waitUntil(lambda: path.exists() and path.read_bytes() == whole and is_shown(page), timeout=PATIENCE)
    # Damaged again at once, it would be made anew for ever.
    panel.listing.lost.emit("It is damaged.")
    assert panel.is_empty
    assert panel.tree.empty_text == "It is damaged."


def test_a_damaged_comparison_is_made_anew_and_only_once(page: ArchivesPage, qtbot: QtBot) -> None:
    page.actions_of_archives.compare.trigger()
    (dialog,) = page.findChildren(DifferenceDialog)
    qtbot.waitUntil(lambda: dialog.changes.rowCount() > 0, timeout=PATIENCE)
    path, rows = dialog._path, dialog.changes.rowCount()
    assert path is not None
    harm(path, "UPDATE item SET added = -1")
    dialog._show_again()
    qtbot.waitUntil(lambda: dialog._made_anew is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: dialog.changes.rowCount() == rows, timeout=PATIENCE)
    dialog._on_unreadable(path, DifferenceLost("It is damaged."))
    assert (dialog.changes.rowCount(), dialog.banner.text) == (0, "It is damaged.")
    dialog.reject()
