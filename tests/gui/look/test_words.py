from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QLocale

from borgdesk.domain.enumeration import either, listed
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, Outcome, RunOn, RunStatus, Step, Trigger
from borgdesk.gui.look import words

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


def test_every_value_has_a_phrase() -> None:
    vocabulary: list[tuple[Callable[[Any], str], Iterable[Any]]] = [
        (words.run_status, RunStatus),
        (words.outcome, Outcome),
        (words.execution_status, ExecutionStatus),
        (lane_title, Hook),
        (words.step, Step),
        (words.trigger, Trigger),
        (words.on_failure, OnFailure),
    ]
    for phrase, values in vocabulary:
        phrases = [phrase(value) for value in values]
        assert all(phrases)
        assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize(
    ("seconds", "phrase"),
    [
        (0, "0 ms"),
        (0.0421, "42 ms"),
        (3.14, "3.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (75, "1 min 15 s"),
        (3600, "1 h 0 min"),
        (7384, "2 h 3 min"),
        (-1, "0 ms"),
        (None, "–"),
    ],
)
def test_durations(seconds: float | None, phrase: str) -> None:
    assert words.duration(seconds) == phrase


@pytest.mark.parametrize(
    ("before", "phrase"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=2, minutes=59), "2 hours ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=14), "2 weeks ago"),
    ],
)
def test_how_long_ago(before: timedelta, phrase: str) -> None:
    assert words.ago(NOW - before, NOW) == phrase


def test_long_ago_is_a_date() -> None:
    assert "2025" in words.ago(NOW - timedelta(days=300), NOW) or "25" in words.ago(NOW - timedelta(days=300), NOW)
    assert words.ago(None) == "never"


def test_what_a_wrong_clock_recorded_is_a_date() -> None:
    assert words.ago(NOW + timedelta(hours=2), NOW) == "just now"
    ahead = NOW + timedelta(days=300)
    assert words.ago(ahead, NOW) == words.ago(ahead, ahead + timedelta(days=300))


def test_amounts() -> None:
    assert words.size(3_200_000_000) == "3.2 GB"
    assert words.size(None) == "–"
    assert [words.size(count) for count in (0, 1, 2)] == ["0 bytes", "1 byte", "2 bytes"]
    assert words.files(1) == "1 file"
    assert words.files(12_431) == "12,431 files"
    assert [words.times(count) for count in (0, 1, 7)] == ["never", "once", "7 times"]


def test_lists() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed("abc") == "a, b and c"
    assert either(["a", "b", "c"]) == "a, b or c"


def test_conditions() -> None:
    assert words.run_on(RunOn.parse("always")) == "Always"
    assert words.run_on(RunOn.parse("failure,success")) == "After success or failure"


def test_texts_for_menus_and_tooltips() -> None:
    assert words.literal("Salt & pepper") == "Salt && pepper"
    assert words.tooltip("short\nlines") == "short\nlines"
    long = words.tooltip("word " * 100)
    assert max(map(len, long.splitlines())) <= 90
    assert long.split() == ["word"] * 100


def test_a_file_name_is_one_line_that_reads_as_it_is() -> None:
    assert words.file_name("new\nline\tand \x1b[31m") == "new↵line⇥and �[31m"
    assert words.file_name("evil\u202etxt.exe") == "evil�txt.exe"
    assert words.file_name("שלום é 日本") == "שלום é 日本"
