"""Sentences about programs that could not be started, and whether a retry may succeed."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from borgdesk.engine.processes.start_errors import (
    Shortage,
    StartFailed,
    check_platform,
    is_shortage,
    located,
    shortage_told_apart,
    start_failed,
)

PASSING = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS)
LASTING = (errno.ENOEXEC, errno.E2BIG, errno.EIO, errno.ENOENT, errno.EACCES)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        *((OSError(number, os.strerror(number)), True) for number in PASSING),
        *((OSError(number, os.strerror(number)), False) for number in LASTING),
        (MemoryError(), True),
        (Shortage("none"), True),
        (StartFailed("none"), False),
        (ValueError(), False),
        (caused(ValueError(), caused(ValueError(), OSError(errno.EMFILE, "many"))), True),
        (caused(ValueError(), OSError(errno.EIO, "broken")), False),
        (None, False),
    ],
)
def test_what_there_may_be_room_for_later(error: Exception | None, passes: bool) -> None:
    assert is_shortage(error) is passes


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (FileNotFoundError(), StartFailed, "tool is not installed."),
        (PermissionError(), StartFailed, "tool could not be started: permission denied."),
        (ValueError("embedded null byte"), StartFailed, "tool could not be started: embedded null byte."),
        (OSError(errno.ENOEXEC, "Exec format error"), StartFailed, "tool could not be started: Exec format error."),
        (OSError(errno.EMFILE, "Too many open files"), Shortage, "tool could not be started: Too many open files."),
    ],
)
def test_why_it_was_not_started(error: Exception, kind: type[StartFailed], sentence: str) -> None:
    failed = start_failed("tool", error)
    assert type(failed) is kind
    assert str(failed) == sentence


def test_only_what_may_pass_is_told_apart() -> None:
    with pytest.raises(Shortage, match="tool could not be started: many") as shortage, shortage_told_apart("tool"):
        raise OSError(errno.EMFILE, "many")
    assert isinstance(shortage.value.__cause__, OSError)
    with pytest.raises(OSError, match="broken"), shortage_told_apart("tool"):
        raise OSError(errno.EIO, "broken")


@pytest.mark.parametrize(
    ("program", "environment", "found"),
    [
        ("/no/such/tool", {}, "/no/such/tool"),
        ("folder/tool", {}, "folder/tool"),
        ("tool", {"PATH": "HERE"}, "HERE/tool"),
    ],
)
def test_where_a_program_is(tmp_path: Path, program: str, environment: Mapping[str, str], found: str) -> None:
    (tmp_path / "tool").touch(0o700)
    here = {name: value.replace("HERE", str(tmp_path)) for name, value in environment.items()}
    assert located(program, here) == found.replace("HERE", str(tmp_path))


def test_one_that_is_nowhere_on_its_own_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tool").touch(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartFailed, match="tool is not installed"):
        located("tool", {"PATH": "/nowhere"})


def test_this_machine_lets_programs_be_watched() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    check_platform()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("call", ["os.pidfd_open", "signal.pidfd_send_signal"])
def test_one_that_does_not_is_told_so(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(call, forbidden)
    with pytest.raises(StartFailed, match=r"cannot monitor programs on this machine \(Operation not permitted\)"):
        check_platform()
