"""Texts executed by a run: unchanged since the run was armed, however often they are read."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from borgdesk.engine.runs import script_texts
from borgdesk.engine.runs.script_texts import ScriptTexts, _State
from tests.engine.desk import Desk

TEXT = b"#!/bin/sh\necho mine\n"
FOREIGN = b"#!/bin/sh\necho them\n"


@pytest.fixture
def revision(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    # Treat all files as if they had been written long ago.
    monkeypatch.setattr(script_texts, "_CLOCK_STEP", -1)
    return desk.workspace.store.revisions.freeze_text(TEXT)


@pytest.mark.parametrize("age", [1, 2_000_000_000, 2_000_000_001])
def test_a_file_that_was_just_written_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, age: int) -> None:
    """A change that follows at once may have the same time."""
    monkeypatch.setattr(script_texts, "time", SimpleNamespace(time_ns=lambda: 2**60))
    assert _State(1, 2, 3, 4, 2**60 - age).is_settled() is (age > 2_000_000_000)


def _alter(file: Path) -> None:
    """Change the file while leaving as few traces as possible."""
    before = file.stat()
    file.chmod(0o700)
    file.write_bytes(FOREIGN)
    file.chmod(before.st_mode)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_was_altered_without_a_trace_is_made_again(desk: Desk, revision: str) -> None:
    texts = ScriptTexts(desk.workspace.store.revisions)
    _, file = texts.get(revision)
    assert texts.get(revision) == (TEXT, file)
    _alter(file)
    assert texts.get(revision) == (TEXT, file)
    assert file.read_bytes() == TEXT


def test_a_file_that_is_gone_is_made_again(desk: Desk, revision: str) -> None:
    texts = ScriptTexts(desk.workspace.store.revisions)
    _, file = texts.get(revision)
    file.unlink()
    assert texts.get(revision) == (TEXT, file)
    assert file.read_bytes() == TEXT
