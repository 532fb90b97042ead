"""Slow questions (to the store, to Borg, to the disk) asked beside the window, and answered in its thread."""

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

from borgdesk.domain.errors import BorgDeskError

T = TypeVar("T")

_log = logging.getLogger(__name__)

_THREADS = 8
"""Enough that some questions to slow repositories do not keep quick ones to the store waiting."""


@dataclass(slots=True)
class _Question:
    ask: Callable[[], Any]
    answer: Callable[[Any], None]
    failed: Callable[[Exception], None] | None
    owner: QObject | None
    result: Any = None
    error: Exception | None = None

    def find_answer(self) -> None:
        """Call the question."""
        try:
            self.result = self.ask()
        except Exception as error:
            self.error = error


class Background(QObject):
    """Asks questions in threads of a pool and delivers each answer in the thread this object lives in, the GUI's.

    Questions and answers often hold widgets. They are kept here until the answer was delivered, and the pool's threads
    know their numbers only: whoever holds a widget last destroys it, and that must be done in the GUI thread.
    """

    problem = Signal(str)
    """A question that nobody else minds failed; the sentence of its BorgDeskError."""
    _answered = Signal(int)
    """The number of the question."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_THREADS)
        self._closed = False
        self._numbers = itertools.count()
        self._questions: dict[int, _Question] = {}
        """Those that are not answered yet."""
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        question: Callable[[], T],
        answer: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Call *question* in another thread, then *answer* with its result in this one.

        When *question* raises, *failed* gets the exception. Without *failed*, the sentence of a BorgDeskError becomes
        :attr:`problem`, and everything else goes to ``sys.excepthook`` as a defect of ours. Nothing is delivered any
        more once *owner* was destroyed.
        """
        if not self._closed:
            number = next(self._numbers)
            self._questions[number] = _Question(question, answer, failed, owner)
            self._pool.start(partial(self._work, number))

    def do(self, work: Callable[[], object], owner: QObject | None = None) -> None:
        """Call *work* in another thread when its result does not matter."""
        self.ask(work, lambda _: None, owner=owner)

    def close(self, patience: float = 5.0) -> None:
        """Deliver nothing any more, and wait at most *patience* seconds for what is under way."""
        self._closed = True
        self._pool.clear()
        self._pool.waitForDone(int(patience * 1000))

    def _work(self, number: int) -> None:
        self._questions[number].find_answer()
        if not self._closed and shiboken6.isValid(self):
            self._answered.emit(number)

    @Slot(int)
    def _deliver(self, number: int) -> None:
        task = self._questions.pop(number)
        if self._closed or (task.owner is not None and not shiboken6.isValid(task.owner)):
            return
        if task.error is None:
            task.answer(task.result)
        elif task.failed is not None:
            task.failed(task.error)
        elif isinstance(task.error, BorgDeskError):
            _log.warning("a question failed: %s", task.error)
            self.problem.emit(task.error.sentence)
        else:
            sys.excepthook(type(task.error), task.error, task.error.__traceback__)
