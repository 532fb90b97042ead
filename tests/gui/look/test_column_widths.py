"""How the columns of a table share its width."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale
from PySide6.QtGui import QFontMetrics, QGuiApplication
from pytestqt.qtbot import QtBot

from borgdesk.gui.look import longest, words
from borgdesk.gui.look.column_widths import shared
from borgdesk.gui.look.columns import Column

NAME: Column[int] = Column("Name", str, stretch=True)
SIZE: Column[int] = Column("Size", str, right=True)
MADE: Column[int] = Column("Made", str, whole=["28/12/2028 22:58"])
FOLDER: Column[int] = Column("Folder", str, width=20)
BY: Column[int] = Column("Started by", str, width=10, optional=True)
TIME: Column[int] = Column("Time", str, width=30, grows=True)
COLUMNS = (NAME, SIZE, MADE, FOLDER, BY)
LEAST = dict.fromkeys(range(5), 40)
WANTED = {0: 120, 1: 80, 2: 140, 3: 200, 4: 100}


def test_all_have_their_width_where_there_is_room() -> None:
    assert shared(COLUMNS, WANTED, LEAST, 1000, frozenset()) == WANTED


def test_texts_give_way_first() -> None:
    widths = shared(COLUMNS, WANTED, LEAST, 540, frozenset())
    assert widths == {0: 120, 1: 80, 2: 140, 3: 100, 4: 100}


def test_then_what_is_stretched_and_then_optional_columns_are_left_out() -> None:
    assert shared(COLUMNS, WANTED, LEAST, 470, frozenset()) == {0: 70, 1: 80, 2: 140, 3: 80, 4: 100}
    assert shared(COLUMNS, WANTED, LEAST, 400, frozenset()) == {0: 100, 1: 80, 2: 140, 3: 80}


def test_dates_and_numbers_are_never_cut() -> None:
    assert shared(COLUMNS, WANTED, LEAST, 100, frozenset()) == {0: 60, 1: 80, 2: 140, 3: 80}


@given(st.integers(0, 900), st.sets(st.integers(0, 4)))
def test_any_room(room: int, places: set[int]) -> None:
    wanted = {place: width for place, width in WANTED.items() if place in places}
    widths = shared(COLUMNS, wanted, LEAST, room, frozenset())
    whole = [place for place in widths if COLUMNS[place].is_firm or COLUMNS[place].optional]
    assert all(widths[place] == wanted[place] for place in whole)
    assert all(40 <= width <= wanted[place] for place, width in widths.items())
    assert {place for place in wanted if not COLUMNS[place].optional} <= widths.keys()
    if widths.keys() == wanted.keys() and sum(widths.values()) > room:
        assert 4 not in wanted


def test_a_column_takes_half_of_what_is_left() -> None:
    """The time axis of a run used to stay as it was in a window of 2560 pixels."""
    columns = (NAME, TIME)
    assert shared(columns, {0: 120, 1: 200}, LEAST, 1320, frozenset()) == {0: 120, 1: 700}
    assert shared(columns, {0: 120, 1: 300}, LEAST, 1320, frozenset({1})) == {0: 120, 1: 300}


@pytest.mark.parametrize("name", ["en_GB", "de_DE", "ar_EG", "ja_JP", "hu_HU", "fa_IR", "C"])
def test_no_date_is_longer_than_the_longest(name: str, qtbot: QtBot) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(name))
    try:
        metrics = QFontMetrics(QGuiApplication.font())
        widest = max(map(metrics.horizontalAdvance, longest.moments()))
        for month in range(1, 13):
            made = datetime(2027, month, 28, 20, 44, tzinfo=UTC)
            assert metrics.horizontalAdvance(words.moment(made)) <= widest + 8
    finally:
        QLocale.setDefault(before)
