from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.ids import ExecutionId
from borgdesk.engine.processes.markers import (
    borg_marker,
    execution_marker,
    mark_of,
    marked,
    supervisor_marker,
)


@pytest.mark.parametrize(
    ("token", "mark"),
    [("abc=", "BORGDESK_RUN_TOKEN=abc="), (None, "BORGDESK_STATE_DIR=/a=b"), ("", "BORGDESK_STATE_DIR=/a=b")],
)
def test_a_run_is_known_by_its_token_and_before_there_were_any_by_its_notes(token: str | None, mark: str) -> None:
    assert mark_of(token, Path("/a=b")) == mark
    name, value = mark.split("=", 1)
    for marker, execution in (
        (execution_marker(mark, ExecutionId(7)), "7"),
        (borg_marker(mark), "borg"),
        (supervisor_marker(mark), "supervisor"),
    ):
        assert marked(marker) == {name: value, "BORGDESK_EXECUTION_ID": execution}
