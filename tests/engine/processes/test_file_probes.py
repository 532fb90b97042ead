"""Probes that are never answered and must not block anybody forever."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.engine.processes import file_probes
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe, within


def hanging(folder: Path) -> tuple[str, str]:
    """Return a probe that is never answered, as on a dead disk."""
    folder.mkdir()
    os.mkfifo(folder / "lock.roster")
    return "repository", str(folder)


def test_answers_come_in_the_order_of_the_questions(tmp_path: Path) -> None:
    assert probe([]) == []
    assert probe([("real", "/"), ("folder", str(tmp_path)), ("folder", str(tmp_path / "no"))]) == ["/", True, False]


def test_who_hangs_at_a_question_does_not_keep_the_others_from_an_answer(tmp_path: Path) -> None:
    questions = [("real", "/a"), hanging(tmp_path / "one"), ("real", "/b"), hanging(tmp_path / "two"), ("real", "/c")]
    assert probe(questions, limit=2.0) == ["/a", NoAnswer, "/b", NoAnswer, "/c"]


def test_all_questions_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_probes, "_ALL_PROBES", 0.0)
    questions = [hanging(tmp_path / "one"), hanging(tmp_path / "two"), ("real", "/")]
    assert probe(questions, limit=0.5) == [NoAnswer] * 3


def test_nobody_need_wait_for_them(tmp_path: Path) -> None:
    cancel = Cancel()
    asked = threading.Timer(0.2, cancel.ask)
    asked.start()
    with pytest.raises(Stopped):
        probe([hanging(tmp_path / "one")], cancel, limit=3600.0)
    asked.join()


def test_without_a_process_nothing_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(BorgDeskError, match="Files cannot be examined: /no/such/python is not installed"):
        probe([("real", "/")])


def test_what_is_asked_in_a_thread_is_answered_or_raised() -> None:
    assert within(60, lambda: 7, "late") == 7
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0, "late")
    with pytest.raises(TimeoutError, match="its own"):
        within(60, _time_out, "late")


def _time_out() -> None:
    raise TimeoutError("its own")


def test_what_is_late_is_left() -> None:
    go = threading.Event()
    with pytest.raises(NoAnswer, match="late"):
        within(0.2, lambda: go.wait(60), "late")
    assert within(60, lambda: go.wait(0.2), "late") is False, "each has the time of its own"
    go.set()


def test_what_is_asked_in_a_thread_can_be_stopped() -> None:
    go, cancel = threading.Event(), Cancel()
    asked = threading.Timer(0.2, cancel.ask)
    asked.start()
    with pytest.raises(Stopped):
        within(3600, lambda: go.wait(60), "late", cancel)
    go.set()
    asked.join()


def test_without_a_thread_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    with pytest.raises(NoAnswer, match="late"):
        within(60, lambda: 7, "late")
