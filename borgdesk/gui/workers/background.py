"""Runs slow calls (to the store, to Borg, to the disk) in threads and delivers their results in the GUI thread."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

from borgdesk.domain.errors import BorgDeskError, Defect
from borgdesk.engine.processes.cancel import Cancel

T = TypeVar("T")

_log = logging.getLogger(__name__)

_THREADS = 8
"""Threads of the pool: enough that slow repositories do not delay quick calls to the store."""


CLOSING = 1.5
"""Seconds that running calls get when the program ends: half of them to stop, half to be terminated."""


@dataclass(slots=True)
class _Question:
    ask: Callable[[], Any]
    answer: Callable[[Any], None]
    failed: Callable[[BorgDeskError], None] | None
    owner: QObject | None
    cancel: Cancel | None
    result: Any = None
    error: Exception | None = None

    def find_answer(self) -> None:
        """Call the question."""
        try:
            self.result = self.ask()
        except Exception as error:
            self.error = error


def leave_untold(_error: BorgDeskError) -> None:
    """Say nothing of a refusal; to be passed as *failed* to :meth:`Background.ask`."""


class Background(QObject):
    """Calls questions in a thread pool and delivers each answer in this object's thread, the GUI's.

    Questions and answers often hold references to widgets. These are kept here until the answer is delivered, and the
    pool's threads know only numbers: whoever drops the last reference to a widget destroys it, which must happen in the
    GUI thread.
    """

    problem_met = Signal(str)
    """The sentence of a BorgDeskError that a question without a *failed* callback raised."""
    closed = Signal()
    """No more answers are delivered; owners of other threads must stop them, too, since the store closes next."""
    _answered = Signal(int)
    """The number of the question."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_THREADS)
        self._closed = False
        self._numbers = itertools.count()
        self._questions: dict[int, _Question] = {}
        """Questions without an answer yet."""
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is called or delivered any more."""
        return self._closed

    def ask(
        self,
        question: Callable[[], T],
        answer: Callable[[T], None],
        failed: Callable[[BorgDeskError], None] | None = None,
        owner: QObject | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Call *question* in another thread, then *answer* with its result in this one.

        When *question* raises a BorgDeskError, *failed* gets it; without *failed*, its sentence is emitted with
        :attr:`problem_met`. Any other exception goes to ``sys.excepthook``, after *failed* got a Defect, so that it can
        end what waits for an answer. Nothing is delivered once *owner* is destroyed. *cancel* stops the question; one
        that uses the network must have it.
        """
        if not self._closed:
            number = next(self._numbers)
            self._questions[number] = _Question(question, answer, failed, owner, cancel)
            self._pool.start(partial(self._work, number))

    def do(self, work: Callable[[], object], owner: QObject | None = None) -> None:
        """Call *work* in another thread if its result does not matter."""
        self.ask(work, lambda _: None, owner=owner)

    def close(self, patience: float = CLOSING) -> bool:
        """Stop all deliveries, and wait at most *patience* seconds for calls that are running or queued.

        Calls that can be cancelled are cancelled, and their processes terminated. Return whether nothing is left: a
        thread that is blocked by an unresponsive disk can only be abandoned.
        """
        self._closed = True
        self.closed.emit()
        half = int(patience * 500)
        self._stop(Cancel.ask)
        if self._pool.waitForDone(half):
            return True
        self._pool.clear()
        self._stop(Cancel.abandon)
        return self._pool.waitForDone(half)

    def _stop(self, how: Callable[[Cancel], None]) -> None:
        for question in [*self._questions.values()]:
            if question.cancel is not None:
                how(question.cancel)

    def _work(self, number: int) -> None:
        self._questions[number].find_answer()
        if not self._closed and shiboken6.isValid(self):
            self._answered.emit(number)

    @Slot(int)
    def _on_answered(self, number: int) -> None:
        task = self._questions.pop(number)
        if self._closed or (task.owner is not None and not shiboken6.isValid(task.owner)):
            return
        if task.error is None:
            task.answer(task.result)
        elif isinstance(task.error, BorgDeskError):
            (task.failed or self._on_unminded)(task.error)
        else:
            try:
                (task.failed or leave_untold)(Defect())
            finally:
                sys.excepthook(type(task.error), task.error, task.error.__traceback__)

    def _on_unminded(self, error: BorgDeskError) -> None:
        _log.warning("a question failed: %s", error)
        self.problem_met.emit(error.sentence)
