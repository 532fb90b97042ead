"""The timeline of a run: one time axis, whatever the run was like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, RunStatus
from borgdesk.engine.runs.story import Entry, Kind, Story
from borgdesk.gui.look import theme
from borgdesk.gui.runs.timeline_table import TimelineTable, rows_of

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def entry(number: int, after: float | None, seconds: float | None = None) -> Entry:
    start = None if after is None else BEGAN + timedelta(seconds=after)
    end = None if start is None or seconds is None else start + timedelta(seconds=seconds)
    status = ExecutionStatus.PENDING if start is None else ExecutionStatus.RUNNING if end is None else None
    return Entry(
        ExecutionId(number), Kind.SCRIPT, f"Script {number}", status or ExecutionStatus.SUCCESS, Hook.PRE_BACKUP,
        started_at=start, finished_at=end,
    )  # fmt: skip


def test_bars_begin_where_their_steps_began() -> None:
    create = Entry(BorgStep.CREATE, Kind.BORG, "create", RunStatus.RUNNING, started_at=BEGAN + timedelta(seconds=20))
    story = Story(entries=(entry(1, 0, 10), create, entry(2, None)))
    rows = rows_of(story, BEGAN + timedelta(seconds=40))
    assert [(row.begin, row.share) for row in rows] == [(0.0, 0.25), (0.5, 0.5), (0.0, None)]
    later = rows_of(story, BEGAN + timedelta(seconds=80))
    assert [(row.begin, row.share) for row in later] == [(0.0, 0.125), (0.25, 0.75), (0.0, None)]


def test_a_run_that_has_not_begun_and_one_without_any_length_have_rows_too() -> None:
    assert [row.share for row in rows_of(Story(entries=(entry(1, None), entry(2, None))))] == [None, None]
    assert [(row.begin, row.share) for row in rows_of(Story(entries=(entry(1, 0, 0),)))] == [(0.0, 0.0)]
    assert rows_of(Story()) == []


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False)),
            st.one_of(st.none(), st.floats(-100, 300_000, allow_nan=False)),
        ),
        max_size=20,
    ),
    st.floats(-1e6, 1e6),
)
def test_no_bar_leaves_the_axis(steps: list[tuple[float | None, float | None]], at: float) -> None:
    """Also if the clock was set back during the run."""
    story = Story(entries=tuple(entry(number, *step) for number, step in enumerate(steps, 1)))
    for row in rows_of(story, BEGAN + timedelta(seconds=at)):
        if row.share is not None:
            assert row.begin >= 0
            assert row.share >= 0
            assert row.begin + row.share <= 1 + 1e-9


def test_what_took_no_time_is_seen(qtbot: QtBot) -> None:
    table = TimelineTable()
    qtbot.addWidget(table)
    table.resize(900, 200)
    table.show_story(Story(entries=(entry(1, 0, 0), entry(2, 0, 259_200), entry(3, 259_200, 0))))
    image = table.viewport().grab().toImage()
    good = theme.color(theme.Tone.GOOD)
    scale = image.width() / table.viewport().width()

    def green(row: int) -> list[int]:
        area = table.visualRect(table.model().index(row, 2))
        y = round(area.center().y() * scale)
        line = [QColor(image.pixel(x, y)) for x in range(round(area.left() * scale), round(area.right() * scale))]
        return [x for x, color in enumerate(line) if color == good]

    first, whole, last = green(0), green(1), green(2)
    assert first
    assert last
    assert max(first) < 20
    assert min(last) > max(whole) - 20
    assert len(whole) > 100


@pytest.mark.parametrize("count", [1, 200])
def test_as_many_rows_as_steps(qtbot: QtBot, count: int) -> None:
    table = TimelineTable()
    qtbot.addWidget(table)
    table.show_story(Story(entries=tuple(entry(number, number, 1) for number in range(1, count + 1))))
    assert len(table.rows.rows()) == count
