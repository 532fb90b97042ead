"""Diagnosis of a repository that explains Borg's errors."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.command import Operation
from borgdesk.borg.result import BorgResult
from borgdesk.domain.repository import is_local
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_diagnosis import lock_holders, with_diagnosis

SAID = "The repository's lock was removed while Borg was running: run the backup again."


def failed(msgid: str | None, detail: str = "") -> BorgResult:
    return BorgResult(Operation.CREATE, Outcome.FAILURE, 2, None, msgid, SAID, detail, None)


@pytest.mark.parametrize(
    ("msgid", "detail"),
    [("NotLocked", ""), ("LockFailed", "Failed to create the lock"), (None, "OSError: [Errno 5] Input/output error")],
)
def test_a_repository_that_vanished_is_told_whatever_borg_stumbled_over(
    tmp_path: Path, msgid: str | None, detail: str
) -> None:
    result = with_diagnosis(failed(msgid, detail), str(tmp_path))
    assert result.sentence == (
        f"The repository is no longer at {tmp_path}: its disk may have been unplugged or unmounted."
    )
    assert result.detail == (detail or SAID)


def test_where_it_is_there_borg_knows_best(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    assert with_diagnosis(failed("NotLocked"), str(tmp_path)) == failed("NotLocked")


def test_where_nobody_may_look_borg_knows_best() -> None:
    result = failed(None, "OSError: [Errno 36] File name too long")
    assert with_diagnosis(result, "/" + "x" * 300) == result


@pytest.mark.parametrize("location", ["/nowhere/repository", "ssh://host.invalid/./repository"])
def test_only_a_failure_on_this_machine_is_looked_into(location: str) -> None:
    fine = replace(failed("NotLocked"), outcome=Outcome.WARNING)
    assert with_diagnosis(fine, location) == fine
    if not is_local(location):
        assert with_diagnosis(failed("NotLocked"), location) == failed("NotLocked")


@pytest.mark.parametrize(
    ("host", "held_by"),
    [
        (socket.gethostname(), "process 77 on this machine"),
        (f"{socket.gethostname()}@1234", "process 77 on this machine"),
        ("0-before-all-others", "process 77 on 0-before-all-others"),
        ("zzz-after-all-others@1", "process 77 on zzz-after-all-others"),
    ],
)
def test_who_has_the_lock_is_named_with_its_machine(tmp_path: Path, host: str, held_by: str) -> None:
    (tmp_path / "config").touch()
    (tmp_path / "lock.exclusive").mkdir()
    (tmp_path / "lock.exclusive" / f"{host}.77-0").touch()
    (holder,) = lock_holders(str(tmp_path))
    assert holder.startswith(f"{held_by} since 20")
    assert with_diagnosis(failed("LockTimeout"), str(tmp_path)).sentence == f"{SAID} It is held by {holder}."
