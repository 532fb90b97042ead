"""Requests to stop."""

from __future__ import annotations

import threading
import time

from borgdesk.engine.processes.cancel import Cancel


def test_asked_once_and_asked_twice() -> None:
    cancel = Cancel()
    assert (cancel.asked, cancel.hurried, cancel.abandoned, cancel.keep_checkpoint) == (False, False, False, True)
    cancel.ask()
    assert (cancel.asked, cancel.hurried, cancel.abandoned) == (True, False, False)
    cancel.ask()
    assert (cancel.asked, cancel.hurried, cancel.abandoned) == (True, True, False)


def test_a_question_that_nobody_waits_for_is_stopped_and_not_hurried() -> None:
    cancel = Cancel()
    cancel.abandon()
    assert (cancel.asked, cancel.hurried, cancel.abandoned) == (True, False, True)


def test_who_waits_is_woken_and_told_whether_it_was_asked() -> None:
    cancel = Cancel()
    began = time.monotonic()
    assert not cancel.wait(0.1)
    assert time.monotonic() - began >= 0.1, "all of the time is waited for"
    threading.Timer(0.1, cancel.ask).start()
    assert cancel.wait(3600)
    assert cancel.wait(3600)
