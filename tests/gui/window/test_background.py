from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import NotFound
from borgdesk.gui.background import Background


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

    with qtbot.waitSignal(background.problem) as told:
        background.ask(fail, lambda _: pytest.fail("there is no answer"))
    assert told.args == ["There is no run 7."]


def test_who_minds_failures_gets_them(background: Background, qtbot: QtBot) -> None:
    errors: list[Exception] = []
    background.problem.connect(lambda _: pytest.fail("somebody minded it"))
    background.ask(lambda: 1 // 0, lambda _: None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], ZeroDivisionError)


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
