from __future__ import annotations

import sys
import threading
import time

import pytest
from PySide6.QtCore import QCoreApplication, QObject, QThread
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import BorgDeskError, Defect, NotFound
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.workers.background import Background, leave_untold


def test_question_is_asked_elsewhere_and_answered_here(background: Background, qtbot: QtBot) -> None:
    answers: list[tuple[int, QThread]] = []
    background.ask(threading.get_ident, lambda answer: answers.append((answer, QThread.currentThread())))
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0][0] != threading.get_ident()
    assert answers[0][1] is background.thread()


def test_nothing_is_delivered_to_an_owner_that_is_gone(background: Background, qtbot: QtBot) -> None:
    answers: list[int | bool] = []
    gate, owner = threading.Event(), QObject()
    background.ask(gate.wait, answers.append, owner=owner)
    owner.deleteLater()
    with qtbot.waitSignal(owner.destroyed):
        pass
    gate.set()
    background.ask(lambda: 2, answers.append)
    qtbot.waitUntil(lambda: 2 in answers)
    background.ask(lambda: 3, answers.append)
    qtbot.waitUntil(lambda: 3 in answers)
    assert answers == [2, 3]


def test_a_sentence_for_people_becomes_a_problem(background: Background, qtbot: QtBot) -> None:
    def fail() -> None:
        raise NotFound("There is no run 7.")

    with qtbot.waitSignal(background.problem_met) as told:
        background.ask(fail, lambda _: pytest.fail("there is no answer"))
    assert told.args == ["There is no run 7."]


def test_who_minds_failures_gets_them(background: Background, qtbot: QtBot) -> None:
    def fail() -> None:
        raise NotFound("There is no run 7.")

    errors: list[BorgDeskError] = []
    background.problem_met.connect(lambda _: pytest.fail("somebody minded it"))
    background.ask(fail, lambda _: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].sentence == "There is no run 7."


def test_who_minds_failures_hears_of_a_defect_that_is_reported_all_the_same(
    background: Background, qtbot: QtBot
) -> None:
    errors: list[BorgDeskError] = []
    with qtbot.captureExceptions() as met:
        background.ask(lambda: 1 // 0, lambda _: None, errors.append)
        qtbot.waitUntil(lambda: bool(met))
    assert [type(error) for error in errors] == [Defect]
    assert [kind for kind, _error, _trace in met] == [ZeroDivisionError]


def test_a_defect_is_reported_even_if_its_telling_fails(background: Background, qtbot: QtBot) -> None:
    def fail(_error: BorgDeskError) -> None:
        raise LookupError

    with qtbot.captureExceptions() as met:
        background.ask(lambda: 1 // 0, lambda _: None, fail)
        qtbot.waitUntil(lambda: len(met) == 2)
    assert {kind for kind, _error, _trace in met} == {ZeroDivisionError, LookupError}


def test_a_refusal_may_be_left_untold_but_no_defect(background: Background, qtbot: QtBot) -> None:
    def refuse() -> None:
        raise NotFound("There is no run 7.")

    background.problem_met.connect(lambda _: pytest.fail("it was to be left untold"))
    with qtbot.captureExceptions() as met:
        background.ask(refuse, lambda _: pytest.fail("there is no answer"), leave_untold)
        background.ask(lambda: 1 // 0, lambda _: None, leave_untold)
        qtbot.waitUntil(lambda: bool(met))
        background._pool.waitForDone()
        QCoreApplication.processEvents()
    assert [kind for kind, _error, _trace in met] == [ZeroDivisionError]


def test_a_defect_reaches_the_hook(background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: met.append(kind))
    background.ask(lambda: 1 // 0, lambda _: None)
    qtbot.waitUntil(lambda: bool(met))
    assert met == [ZeroDivisionError]


def test_closed_it_delivers_nothing(qtbot: QtBot) -> None:
    answers: list[int | bool] = []
    background, gate = Background(), threading.Event()
    background.ask(gate.wait, answers.append)
    gate.set()
    background.close()
    background.ask(lambda: 2, answers.append)
    qtbot.wait(1)
    assert answers == []


def test_closing_stops_what_can_be_stopped(qtbot: QtBot) -> None:
    background, cancel = Background(), Cancel()
    background.ask(lambda: cancel.wait(60), lambda _: pytest.fail("it is closed"), cancel=cancel)
    assert background.close(patience=20)
    assert cancel.asked
    assert not cancel.abandoned


def test_closing_abandons_what_does_not_stop(qtbot: QtBot) -> None:
    """As with a Borg that is asked to end but still waits for its server."""
    background, cancel = Background(), Cancel()

    def stubborn() -> None:
        while not cancel.abandoned:
            time.sleep(0.01)

    background.ask(stubborn, lambda _: None, cancel=cancel)
    assert background.close(patience=2)


def test_closing_leaves_behind_what_hangs(qtbot: QtBot) -> None:
    background, gate = Background(), threading.Event()
    background.ask(gate.wait, lambda _: None)
    assert not background.close(patience=0.1)
    gate.set()


def test_what_was_asked_before_the_end_is_still_done(qtbot: QtBot) -> None:
    """Such as a change of the board just before the end, queued while all threads are busy."""
    background, gate, done = Background(), threading.Event(), threading.Event()
    for _ in range(8):
        background.ask(gate.wait, lambda _: None)
    background.do(done.set)
    threading.Timer(0.2, gate.set).start()
    assert background.close(patience=20)
    assert done.is_set()
