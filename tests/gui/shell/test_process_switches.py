"""Process-wide settings of the window: garbage collection, signals, uncaught exceptions."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QObject, Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from borgdesk.gui.shell.process_switches import ExceptionHook, GarbageCollection, TerminationSignals, _locale
from borgdesk.gui.workers.background import Background


@pytest.fixture
def collection(qtbot: QtBot) -> Iterator[GarbageCollection]:
    collection = GarbageCollection()
    yield collection
    collection.stop()


class Cycle(QDialog):
    """An object in a reference cycle, which only the garbage collector can find."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self


def watched(thing: QObject, destroyed_in: list[int]) -> None:
    told = Qt.ConnectionType.DirectConnection
    thing.destroyed.connect(lambda: destroyed_in.append(threading.get_ident()), told)


def make_in_a_thread() -> list[list[int]]:
    """Allocate enough for Python to collect garbage in this thread."""
    made: list[list[int]] = []
    thread = threading.Thread(target=lambda: made.extend([] for _ in range(10 * gc.get_threshold()[0])))
    thread.start()
    thread.join()
    return made


def test_a_cycle_is_destroyed_in_the_gui_thread(collection: GarbageCollection, qtbot: QtBot) -> None:
    destroyed_in: list[int] = []
    watched(Cycle(), destroyed_in)
    made = make_in_a_thread()
    assert (len(made) > 0, destroyed_in) == (True, [])
    qtbot.waitUntil(lambda: bool(destroyed_in))
    assert destroyed_in == [threading.get_ident()]


def test_when_it_stops_python_searches_as_before(collection: GarbageCollection, qtbot: QtBot) -> None:
    before = gc.isenabled()
    gc.enable()
    try:
        GarbageCollection().stop()
        assert gc.isenabled()
    finally:
        if not before:
            gc.disable()


class Lingering(Background):
    """A background whose threads have not ended yet when answers are delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def _work(self, number: int) -> None:
        super()._work(number)
        self.gate.wait()


def test_a_thread_holds_nothing_of_an_answered_question(qtbot: QtBot) -> None:
    destroyed_in: list[int] = []
    background = Lingering()

    def ask() -> None:
        dialog = QDialog()
        watched(dialog, destroyed_in)
        background.ask(dialog.objectName, lambda _: None)

    ask()
    try:
        qtbot.waitUntil(lambda: bool(destroyed_in))
    finally:
        background.gate.set()
        background.close()
    assert destroyed_in == [threading.get_ident()]


def test_signals_are_heard_in_the_event_loop(qtbot: QtBot) -> None:
    before = signal.getsignal(signal.SIGHUP)
    signals = TerminationSignals()
    with qtbot.waitSignal(signals.end_requested):
        os.kill(os.getpid(), signal.SIGHUP)
    signals.close()
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_defect_is_told_once_and_the_hooks_come_back(tmp_path: Path, qtbot: QtBot) -> None:
    before, parent = sys.excepthook, QObject()
    hook = ExceptionHook(tmp_path / "borgdesk.log", parent)
    told: list[str] = []
    hook.caught.connect(told.append)
    for _ in range(3):
        sys.excepthook(ValueError, ValueError("what"), None)
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(told) == 2)
    hook.remove()
    assert "ValueError: what" in told[0]
    assert str(tmp_path / "borgdesk.log") in told[0]
    assert "ZeroDivisionError" in told[1]
    assert sys.excepthook is before


@pytest.mark.parametrize(
    ("system", "environment", "messages", "name"),
    [
        ("C", {}, "en", "en_001"),
        ("C", {"LANGUAGE": "de"}, "de", "de_DE"),
        ("de_AT", {"LANG": "de_AT.UTF-8"}, "de", "de_AT"),
        ("en_US", {"LANG": "en_US.UTF-8", "LANGUAGE": "de"}, "de", "de_DE"),
        ("de_DE", {"LANG": "de_DE.UTF-8", "LANGUAGE": "en"}, "en", "en_DE"),
        ("de_DE", {"LANG": "en_US.UTF-8", "LC_TIME": "de_CH.UTF-8"}, "en", "en_CH"),
        ("en_GB", {"LANG": "en_GB.UTF-8"}, "en", "en_GB"),
        ("ru_RU", {"LANG": "ru_RU.UTF-8"}, "en", "ru_RU"),
    ],
)
def test_dates_have_the_words_of_the_messages(
    system: str, environment: dict[str, str], messages: str, name: str
) -> None:
    assert _locale(QLocale(system), messages, environment).name() == name
