"""File system probe: its findings, and what it does not wait for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from borgdesk.engine.processes import file_probe_program

needs_a_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everything")


def ask(*words: str) -> list[Any]:
    argv = [sys.executable, "-I", "-S", file_probe_program.__file__, *words]
    said = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout
    return [ast.literal_eval(line.decode()) for line in said.splitlines()]


def test_what_there_is_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("full")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    sources = ["file", "empty", "full", "full/", "pipe", "link", "link/", "dangling", "nowhere", "file/below", "loop"]
    found = ask(*(word for name in sources for word in ("source", f"{tmp_path}/{name}")))
    full, nowhere = str(tmp_path / "full"), str(tmp_path / "nowhere")
    assert found == [
        {"state": "there", "why": ""},
        {"state": "empty"},
        {"state": "there"},
        {"state": "there"},
        {"state": "there", "why": ""},
        {"state": "there", "target": full},
        {"state": "there", "target": full},
        {"state": "dangling", "target": nowhere},
        {"state": "missing"},
        {"state": "missing"},
        {"state": "unreadable", "why": "Too many levels of symbolic links", "target": str(tmp_path / "loop")},
    ]
    assert ask("source", "/") == [{"state": "there"}]


@needs_a_user
def test_what_may_not_be_read(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.touch(0o000)
    folder.mkdir(0o000)
    assert ask("source", str(file), "source", str(folder), "folder", str(folder)) == [
        {"state": "unreadable", "why": "Permission denied"},
        {"state": "unreadable", "why": "Permission denied"},
        False,
    ]


def test_a_path_without_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert ask("real", f"{tmp_path}/link/x") == [f"{tmp_path}/x"]


def test_a_folder_that_can_be_entered(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o700)
    assert ask("folder", str(tmp_path), "folder", str(tmp_path / "file"), "folder", str(tmp_path / "no")) == [
        True,
        False,
        False,
    ]


def test_whether_a_repository_is_there_and_who_has_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock.exclusive"
    nothing = {"gone": True, "holders": [], "roster": ""}
    assert ask("repository", str(tmp_path), "repository", str(tmp_path / "file")) == [nothing, nothing]
    (tmp_path / "config").touch()
    lock.mkdir()
    (lock / "host@1.2-3").touch()
    os.utime(lock / "host@1.2-3", (0, 1234.5))
    (tmp_path / "lock.roster").write_bytes(b'{"exclusive": []}\xff')
    assert ask("repository", str(tmp_path)) == [
        {"gone": False, "holders": [("host@1.2-3", 1234.5)], "roster": '{"exclusive": []}\ufffd'}
    ]
    assert ask("repository", str(tmp_path / "config")) == [nothing], "a file is none"


def test_a_repository_that_may_not_be_looked_at_is_not_gone(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to("config")
    assert ask("repository", str(tmp_path))[0]["gone"] is False


def test_the_identity_of_a_repository(tmp_path: Path) -> None:
    assert ask("identity", str(tmp_path)) == [None]
    (tmp_path / "config").write_text("[repository]\nid = ä")
    assert ask("identity", str(tmp_path)) == ["[repository]\nid = ä"]
    (tmp_path / "config").write_bytes(b"x" * 70_000)
    assert ask("identity", str(tmp_path)) == ["x" * 65_536]
    (tmp_path / "config").write_bytes(b"\xff")
    assert ask("identity", str(tmp_path)) == [None]
    (tmp_path / "config").unlink()
    os.mkfifo(tmp_path / "config")
    assert ask("identity", str(tmp_path)) == [None], "and a pipe keeps nobody waiting"


def test_where_a_program_is_and_which_file_that_is(tmp_path: Path) -> None:
    tool = tmp_path / "real-tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    (tmp_path / "tool").symlink_to("real-tool")
    known = tool.stat()
    file = f"{tool}:{known.st_size}:{known.st_mtime_ns}"
    found, none, absolute = ask(
        "program", f"tool\n{tmp_path}", "program", "tool\n/nowhere", "program", f"{tool}\n/nowhere"
    )
    assert found == {"path": f"{tmp_path}/tool", "file": file}
    assert none is None
    assert absolute == {"path": str(tool), "file": file}


def test_each_answer_is_there_before_the_next_question_is_asked(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock.roster")
    argv = [sys.executable, "-I", "-S", file_probe_program.__file__, "real", "/", "repository", str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as hanging:
        assert hanging.stdout is not None
        assert hanging.stdout.readline() == b"'/'\n"
        hanging.kill()
