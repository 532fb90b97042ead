"""The program as a process of its own: start, second start, bad stores, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.gui.defects import Defects
from borgdesk.gui.single_instance import SingleInstance
from borgdesk.gui.termination import Termination
from borgdesk.paths import Paths
from tests.gui.scene import POST, PRE, Scene

_PROGRAM = """
import sys
from PySide6.QtCore import SIGNAL, QTimer
from borgdesk import app
from borgdesk.domain.events import StopAsked

begin = app.Application.__init__

def watched(self, application, paths):
    begin(self, application, paths)
    clock = QTimer(self, interval=20)
    said, stops = set(), []
    self.termination.asked.connect(lambda: print("asked to end, hurried:", any(stops), flush=True))

    def hear(events):
        stops.extend(event.hurried for event in events if isinstance(event, StopAsked))

    def once(what):
        if what not in said:
            said.add(what)
            print(what, flush=True)

    def look():
        from PySide6.QtWidgets import QPushButton
        from borgdesk.gui.widgets.store_problem import StoreProblem
        if self.window.isVisible():
            once("seen")
        for page in self.window.findChildren(StoreProblem):
            once("problem: " + page.sentence.text())
        if self.desk is not None:
            if "open" not in said:
                self.desk.executor.events_arrived.connect(hear)
            once("open")
            if not self.desk.executor.is_busy:
                once("idle")
            for repository_id in {repositories}:
                if "asked" not in said and "idle" in said:
                    once("asked")
                    self.desk.back_up(repository_id)
            for live in self.desk.executor.active():
                if live.script and "script: " + live.script not in said:
                    once("script: " + live.script)
                    if live.script == {ends_in}:
                        commit()

    def commit():
        # As Qt does when the session manager asks; its argument cannot be made in Python, and nobody takes it.
        assert application.receivers(SIGNAL("commitDataRequest(QSessionManager&)")) == 1
        self._end_session()
        print("committed, busy:", self.desk.executor.is_busy, flush=True)

    clock.timeout.connect(look)
    clock.start()

app.Application.__init__ = watched
sys.exit(app.main([]))
"""


class Program:
    """BorgDesk's window without a screen."""

    def __init__(self, home: Path, repositories: tuple[int, ...] = (), session_ends_in: str | None = None) -> None:
        text = _PROGRAM.replace("{repositories}", repr(repositories)).replace("{ends_in}", repr(session_ends_in))
        self.process = subprocess.Popen(
            [sys.executable, "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                "BORGDESK_HOME": str(home),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
        )
        self.errors = ""
        self._drain = threading.Thread(target=self._read_errors)
        self._drain.start()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self.errors = stream.read()

    def wait_for(self, what: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(what):
                return line.strip()
        raise AssertionError(f"never said {what}; {self.errors}")

    def ends(self) -> int:
        code = self.process.wait(60)
        self._drain.join()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ends()
        assert self.process.stdout is not None
        self.process.stdout.close()


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    programs: list[Program] = []

    def begin(home: Path, repositories: tuple[int, ...] = (), session_ends_in: str | None = None) -> Program:
        programs.append(Program(home, repositories, session_ends_in))
        return programs[-1]

    yield begin
    for program in programs:
        program.close()


def test_a_second_start_raises_the_first_and_ends(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path)
    first.wait_for("open")
    assert start(tmp_path).ends() == 0
    first.process.terminate()
    assert first.ends() == 0
    assert "Traceback" not in first.errors


def test_a_damaged_store_is_told_in_the_window(start: Start, tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    paths.make()
    paths.database.write_bytes(b"this is not a database\n" * 100)
    program = start(tmp_path)
    assert str(paths.database) in program.wait_for("problem: ")
    program.process.terminate()
    assert program.ends() == 0
    assert "Traceback" not in program.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_and_what_is_owed_is_done(start: Start, scene: Scene, number: signal.Signals) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    assert scene.workspace.paths.home is not None
    program = start(scene.workspace.paths.home, (repository.id,))
    program.wait_for("script: Stop containers")
    program.process.send_signal(number)
    assert program.ends() == 0
    assert_cancelled_and_put_back(scene)


def test_the_end_of_the_session_waits_for_what_is_owed(start: Start, scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    assert scene.workspace.paths.home is not None
    program = start(scene.workspace.paths.home, (repository.id,), "Stop containers")
    assert program.wait_for("committed") == "committed, busy: False"
    assert program.ends() == 0
    assert "Traceback" not in program.errors
    assert_cancelled_and_put_back(scene)


def test_a_second_signal_does_not_hurry_what_is_owed(start: Start, scene: Scene) -> None:
    """A logout sends several, one after the other: nobody has asked twice for that."""
    home = scene.workspace.paths.home
    assert home is not None
    gate = home / "gate"
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "exec sleep 60", PRE)
    scene.hook(repository, "Start containers", f"while [ ! -e '{gate}' ]; do sleep 0.05; done", POST)
    program = start(home, (repository.id,))
    program.wait_for("script: Stop containers")
    program.process.send_signal(signal.SIGHUP)
    program.wait_for("script: Start containers")
    program.process.send_signal(signal.SIGTERM)
    assert program.wait_for("asked to end") == "asked to end, hurried: False"
    gate.touch()
    assert program.ends() == 0
    assert_cancelled_and_put_back(scene)


def assert_cancelled_and_put_back(scene: Scene) -> None:
    """The one run was stopped in its first script, and the second ran, in the window itself and not after it."""
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    assert not run.recovered
    statuses = [one.status for one in scene.workspace.store.runs.executions(run.id)]
    assert statuses == [ExecutionStatus.CANCELLED, ExecutionStatus.SUCCESS]


def test_the_first_hears_of_the_second(tmp_path: Path, qtbot: QtBot) -> None:
    first, second = SingleInstance(Paths.below(tmp_path)), SingleInstance(Paths.below(tmp_path))
    other = SingleInstance(Paths.below(tmp_path / "elsewhere"))
    assert first.is_first()
    with qtbot.waitSignal(first.raised):
        assert not second.is_first()
    assert other.is_first()
    first.close()
    assert second.is_first()
    for instance in (second, other):
        instance.close()


def test_signals_are_heard_in_the_event_loop(qtbot: QtBot) -> None:
    before = signal.getsignal(signal.SIGHUP)
    termination = Termination()
    with qtbot.waitSignal(termination.asked):
        os.kill(os.getpid(), signal.SIGHUP)
    termination.close()
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_defect_is_told_once_and_the_hooks_come_back(tmp_path: Path, qtbot: QtBot) -> None:
    before, parent = sys.excepthook, QObject()
    defects = Defects(tmp_path / "borgdesk.log", parent)
    defects.install()
    told: list[str] = []
    defects.told.connect(told.append)
    for _ in range(3):
        sys.excepthook(ValueError, ValueError("what"), None)
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(told) == 2)
    defects.remove()
    assert "ValueError: what" in told[0]
    assert str(tmp_path / "borgdesk.log") in told[0]
    assert "ZeroDivisionError" in told[1]
    assert sys.excepthook is before
