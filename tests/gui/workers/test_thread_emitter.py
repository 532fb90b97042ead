"""Signals emitted for threads, also for objects that are destroyed meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from borgdesk.gui.workers.thread_emitter import ThreadEmitter


class Source(QObject):
    told = Signal(int, list)


def test_a_signal_is_emitted_where_its_object_lives(qtbot: QtBot) -> None:
    source = Source()
    heard: list[tuple[int, list[str], bool]] = []
    source.told.connect(lambda number, texts: heard.append((number, texts, QThread.currentThread() is source.thread())))
    tell = ThreadEmitter(source.told)

    def work() -> None:
        for number in range(3):
            tell(number, ["é"])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == []
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert heard == [(number, ["é"], True) for number in range(3)]


def test_an_object_that_is_gone_says_nothing(qtbot: QtBot) -> None:
    source, other = Source(), Source()
    heard: list[int] = []
    source.told.connect(lambda number, _texts: heard.append(number))
    other.told.connect(lambda number, _texts: heard.append(number))
    ThreadEmitter(source.told)(1, [])
    source.deleteLater()
    QCoreApplication.sendPostedEvents(source, QEvent.Type.DeferredDelete)
    ThreadEmitter(other.told)(2, [])
    qtbot.waitUntil(lambda: 2 in heard)
    assert heard == [2]


DESTROYED_MEANWHILE = """
import sys, threading
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from borgdesk.gui.workers.thread_emitter import ThreadEmitter

class Source(QObject):
    told = Signal(int, list)

sys.setswitchinterval(1e-5)
application = QCoreApplication([])
for _ in range(150):
    source, begun = Source(), threading.Event()
    tell = ThreadEmitter(source.told)

    def work():
        for number in range(200):
            tell(number, [number])
            begun.set()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait()
    source.deleteLater()
    QCoreApplication.sendPostedEvents(source, QEvent.Type.DeferredDelete)
    for thread in threads:
        thread.join()
    QCoreApplication.processEvents()
print("no crash")
"""


def test_an_object_may_be_destroyed_while_threads_tell_of_it() -> None:
    """With ``signal.emit`` in the thread, even after ``shiboken6.isValid``, this ends in a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-c", DESTROYED_MEANWHILE],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "no crash\n"), done.stderr
