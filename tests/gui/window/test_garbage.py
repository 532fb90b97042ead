from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from borgdesk.gui.background import Background
from borgdesk.gui.garbage import GarbageCollection


@pytest.fixture
def collection(qtbot: QtBot) -> Iterator[GarbageCollection]:
    collection = GarbageCollection()
    yield collection
    collection.stop()


class Cycle(QDialog):
    """Garbage as soon as nobody else knows it, but only a search finds out."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self


def watched(thing: QObject, destroyed_in: list[int]) -> None:
    told = Qt.ConnectionType.DirectConnection
    thing.destroyed.connect(lambda: destroyed_in.append(threading.get_ident()), told)


def make_in_a_thread() -> list[list[int]]:
    """As much as lets Python search for garbage, there and then."""
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
    """Its threads are not gone yet when the answers are delivered."""

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
