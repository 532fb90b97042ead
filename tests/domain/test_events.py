"""Events that were created with only the required fields."""

from __future__ import annotations

from borgdesk.domain.events import ExecutionStarted, StopAsked
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.domain.run import Hook


def test_a_script_is_started_by_its_own_run() -> None:
    assert not ExecutionStarted(RunId(1), ExecutionId(1), Hook.POST_RUN, "Start").recovered


def test_a_stop_is_not_hurried() -> None:
    assert not StopAsked(RunId(1)).hurried
