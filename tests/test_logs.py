"""BorgDesk's own log, written by several processes at the same time."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk import logs

WRITER = """
import logging, sys
from pathlib import Path
from borgdesk.logs import SharedFileHandler
handler = SharedFileHandler(Path(sys.argv[1]), int(sys.argv[2]))
sys.stdin.readline()
for number in range(int(sys.argv[4])):
    handler.handle(logging.makeLogRecord({"msg": f"<{sys.argv[3]} {number} {'x' * 80}>"}))
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("borgdesk")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def written(folder: Path) -> list[str]:
    names = (logs.FILE_NAME, f"{logs.FILE_NAME}.1", f"{logs.FILE_NAME}.2")
    return [line for name in names if (folder / name).exists() for line in (folder / name).read_text().splitlines()]


def test_several_processes_lose_no_line_when_a_new_file_is_begun(tmp_path: Path) -> None:
    path, records = tmp_path / logs.FILE_NAME, 500
    # Four times 500 records of some 95 bytes: the third file is begun, and not full.
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(80_000), str(who), str(records)], stdin=subprocess.PIPE
        )
        for who in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0] * 4
    expected = Counter(f"<{who} {number} {'x' * 80}>" for who in range(4) for number in range(records))
    assert Counter(written(tmp_path)) == expected
    assert sorted(path.name for path in tmp_path.glob("*.log*")) == ["borgdesk.log", "borgdesk.log.1", "borgdesk.log.2"]


def test_who_stands_still_while_a_new_file_is_begun_keeps_nobody_waiting(tmp_path: Path) -> None:
    handler = logs.SharedFileHandler(tmp_path / logs.FILE_NAME, size=10)
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    for number in range(3):
        handler.handle(logging.makeLogRecord({"msg": f"line {number}"}))
    os.close(folder)
    handler.close()
    assert written(tmp_path) == ["line 0", "line 1", "line 2"]


@pytest.mark.parametrize(
    ("level", "heard"),
    [("debug", ["debug", "info"]), ("DEBUG", ["debug", "info"]), (None, ["info"]), ("warning", [])],
)
def test_levels(tmp_path: Path, level: str | None, heard: list[str]) -> None:
    logs.start(tmp_path, {} if level is None else {logs.VARIABLE: level})
    for name in ("debug", "info"):
        getattr(logging.getLogger("borgdesk.x"), name)(name)
    logging.getLogger("sqlalchemy.x").debug("every statement")
    assert [line.rpartition(" ")[2] for line in written(tmp_path)] == heard


def test_an_unknown_level_is_said(tmp_path: Path) -> None:
    logs.start(tmp_path, {logs.VARIABLE: "loud"})
    assert written(tmp_path)[0].endswith("BORGDESK_LOG=loud is none of debug, info, warning, error")


def test_known_secrets_are_masked(tmp_path: Path) -> None:
    logs.start(tmp_path, {})
    logs.hide(["correct horse", "first line\nsecond line", "no"])
    logging.getLogger("borgdesk.x").warning("correct horse, second line, no")
    assert written(tmp_path)[0].endswith("[secret], [secret], no")


def test_a_mask_is_not_masked_again(tmp_path: Path) -> None:
    logs.start(tmp_path, {})
    logs.hide(["correct horse", "secret"])
    logging.getLogger("borgdesk.x").warning("correct horse, secret")
    assert logs.last_lines(tmp_path, 1).endswith(": [secret], [secret]")


def test_the_last_lines_have_no_logins_either(tmp_path: Path) -> None:
    (tmp_path / f"{logs.FILE_NAME}.1").write_text("old\n")
    (tmp_path / logs.FILE_NAME).write_text("a\nGET https://me:hush@host/x\nssh://me@host:22/./r\n")
    logs.hide(["known secret"])
    assert logs.last_lines(tmp_path, 4).splitlines() == [
        "old",
        "a",
        "GET https://me:[secret]@host/x",
        "ssh://me@host:22/./r",
    ]
    assert logs.last_lines(tmp_path / "nowhere", 4) == ""
