"""Queries file systems, and other things that may hang, with a time limit and the possibility to cancel."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.translation import _

T = TypeVar("T")

PROBE_LIMIT = 20.0
"""Seconds for one query; a disk that has to spin up takes ten."""

_ALL_PROBES = 60.0
"""Seconds for all queries together."""

_GLANCE = 0.05

# The program's text is kept in memory, since its file may be gone if BorgDesk is replaced during a run.
_PROGRAM = Path(__file__).with_name("file_probe_program.py").read_text()


class NoAnswer(BorgDeskError):
    """Something did not answer in time; the sentence says what."""


def probe(questions: Sequence[tuple[str, str]], cancel: Cancel | None = None, limit: float = PROBE_LIMIT) -> list[Any]:
    """Return the answers in order, with a :class:`NoAnswer` in place of those that do not arrive.

    A process that hangs is abandoned, and another one continues with the next question.

    Raises:
        Stopped: *cancel* was asked meanwhile.
        BorgDeskError: no process can be started.
    """
    answers: list[Any] = []
    end = time.monotonic() + max(_ALL_PROBES, limit)
    cancel = cancel or Cancel()
    while len(answers) < len(questions):
        words = [word for question in questions[len(answers) :] for word in question]
        patience = min(limit, end - time.monotonic())
        if patience > 0:
            argv = [sys.executable, "-I", "-S", "-c", _PROGRAM, *words]
            try:
                lines = process.answers(argv, {"LC_ALL": "C.UTF-8"}, patience, lambda: cancel.asked)
                answers += [ast.literal_eval(line.decode()) for line in lines]
            except process.StartFailed as error:
                raise BorgDeskError(_("Files cannot be examined: {error}").format(error=error)) from error
        if cancel.asked:
            raise Stopped
        if len(answers) < len(questions):
            answers.append(NoAnswer)
    return answers


def within(limit: float, ask: Callable[[], T], late: str, cancel: Cancel | None = None) -> T:
    """Return what *ask* returns or raises, in a thread that is abandoned after *limit* seconds.

    This is for waiting on other programs. For file systems use :func:`probe`.

    Raises:
        NoAnswer: it took longer; *late* is the sentence.
        Stopped: *cancel* was asked meanwhile.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    try:
        Thread(target=work, name="question", daemon=True).start()
    except RuntimeError:
        raise NoAnswer(late) from None
    end = time.monotonic() + limit
    while True:
        try:
            return answer.result(min(_GLANCE, max(0.0, end - time.monotonic())))
        except FutureTimeoutError:
            if answer.done():
                raise
            if cancel is not None and cancel.asked:
                raise Stopped from None
            if time.monotonic() >= end:
                raise NoAnswer(late) from None
