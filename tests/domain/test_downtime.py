"""How long services were down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.downtime import Side, down_since, downtime, is_cleanup, is_pair, is_stopping
from borgdesk.domain.run import ExecutionStatus, Hook

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PRE, POST, LAST = Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN


def side(name: str, hook: Hook, after: float | None, status: ExecutionStatus = ExecutionStatus.SUCCESS) -> Side:
    return Side(name, hook, status, None if after is None else BEGAN + timedelta(seconds=after))


@pytest.mark.parametrize(
    ("stopping", "starting", "answer"),
    [
        ("Stop containers", "Start containers", True),
        ("Docker: stop containers", "Docker: start containers again", True),
        ("Docker: stop containers", "Docker: start containers", True),
        ("Shut down guests", "Start guests", True),
        ("libvirt: suspend guests", "libvirt: resume guests", True),
        ("Nextcloud: maintenance mode on", "Nextcloud: maintenance mode off", True),
        ("Stop containers", "Start guests", False),
        ("Stop containers", "Stop containers", False),
        ("Start containers", "Stop containers", False),
        ("Light on", "Light off", False),
        ("Nonstop", "Nonstart", False),
        ("", "", False),
    ],
)
def test_pairs_by_name(stopping: str, starting: str, answer: bool) -> None:
    assert is_pair(stopping, starting) is answer


@pytest.mark.parametrize(
    ("name", "stops", "cleans"),
    [
        ("Stop containers", True, False),
        ("Docker: start containers", False, True),
        ("Nextcloud: maintenance mode on", True, False),
        ("Light on", False, False),
        ("Unmount disk", False, True),
        ("Remove the LVM snapshot", False, True),
        ("Delete dumps", False, True),
        ("Dump PostgreSQL", False, False),
        ("Healthcheck ping", False, False),
        ("Nonstop", False, False),
    ],
)
def test_what_a_name_says(name: str, stops: bool, cleans: bool) -> None:
    assert (is_stopping(name), is_cleanup(name)) == (stops, cleans)


def test_down_from_the_first_stop_to_the_last_start() -> None:
    sides = [
        side("Stop web", PRE, 2),
        side("Stop db", PRE, 4),
        side("Dump", PRE, 9),
        side("Start db", POST, 60),
        side("Start web", LAST, 65.5),
        side("Tell me", LAST, 90),
    ]
    assert downtime(sides) == 63.5
    assert down_since(sides) is None


def test_what_was_not_started_again_has_no_downtime_yet() -> None:
    stopped = side("Stop web", PRE, 2)
    waits = side("Start web", POST, None, ExecutionStatus.PENDING)
    assert downtime([stopped, waits]) is None
    assert down_since([stopped, waits]) == stopped.finished_at
    assert downtime([stopped, side("Start web", POST, 7, ExecutionStatus.FAILED)]) is None
    assert down_since([side("Stop web", PRE, None, ExecutionStatus.RUNNING), waits]) is None
    assert downtime([]) is None
    assert down_since([]) is None


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_clock_that_was_set_back_makes_nothing_negative(stop: float, start: float) -> None:
    seconds = downtime([side("Stop web", PRE, stop), side("Start web", POST, start)])
    assert seconds is not None
    assert seconds >= 0
