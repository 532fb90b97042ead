"""What a look at a repository adds to what Borg says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.borg.command import Operation
from borgdesk.borg.result import BorgResult
from borgdesk.domain.run import Outcome
from borgdesk.engine.explaining import explained

SAID = "The repository's lock was removed while Borg worked: run the backup again."


def failed(msgid: str | None, detail: str = "") -> BorgResult:
    return BorgResult(Operation.CREATE, Outcome.FAILURE, 2, None, msgid, SAID, detail, None)


@pytest.mark.parametrize(
    ("msgid", "detail"),
    [("NotLocked", ""), ("LockFailed", "Failed to create the lock"), (None, "OSError: [Errno 5] Input/output error")],
)
def test_a_repository_that_vanished_is_told_whatever_borg_stumbled_over(
    tmp_path: Path, msgid: str | None, detail: str
) -> None:
    result = explained(failed(msgid, detail), str(tmp_path))
    assert result.sentence == f"The repository is not at {tmp_path} any more: was its disk unplugged or unmounted?"
    assert result.detail == (detail or SAID)


def test_where_it_is_there_borg_knows_best(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    assert explained(failed("NotLocked"), str(tmp_path)) == failed("NotLocked")


def test_where_nobody_may_look_borg_knows_best() -> None:
    result = failed(None, "OSError: [Errno 36] File name too long")
    assert explained(result, "/" + "x" * 300) == result
