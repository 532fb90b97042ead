"""Program in a separate process: start, second start, unusable stores, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from borgdesk import app
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.paths import Paths
from tests.gui.scene import POST, PRE, Scene

_PROGRAM = """
import sys
from PySide6.QtCore import SIGNAL, QTimer
from borgdesk import app
from borgdesk.domain.events import StopAsked

begin = app.Application.__init__

def watched(self, application, paths, **options):
    begin(self, application, paths, **options)
    clock = QTimer(self, interval=20)
    said, stops = set(), []
    self.switches.signals.end_requested.connect(lambda: print("asked to end, hurried:", any(stops), flush=True))

    def hear(events):
        stops.extend(event.hurried for event in events if isinstance(event, StopAsked))

    def once(what):
        if what not in said:
            said.add(what)
            print(what, flush=True)

    def look():
        from PySide6.QtWidgets import QPushButton
        from borgdesk.gui.shell.store_problem import StoreProblem
        if self.window.isVisible():
            once("minimised" if self.window.isMinimized() else "seen")
        for page in self.window.findChildren(StoreProblem):
            once("problem: " + page.sentence.text())
        if self.shell is not None:
            if "open" not in said:
                self.shell.executor.events_arrived.connect(hear)
            once("open")
            if {request} and self.window.has_made("history"):
                once("shows run " + str(self.window.page("history").run_view.run_id))
            if not self.shell.executor.is_busy:
                once("idle")
            for repository_id in {repositories}:
                if "asked" not in said and "idle" in said:
                    once("asked")
                    self.shell.requests.back_up(repository_id)
            for live in self.shell.executor.active():
                if live.story.script and "script: " + live.story.script not in said:
                    once("script: " + live.story.script)
                    if live.story.script == {ends_in}:
                        commit()

        if {scheme} and "idle" in said and "scheme chosen" not in said:
            once("scheme chosen")
            self.window.open_page("settings")
            page = self.window.page("settings")
            page.scheme.setCurrentIndex(page.scheme.findData({scheme}))
            base = application.palette().base().color()
            print("base:", "dark" if base.lightness() < 128 else "light", flush=True)

    def commit():
        # As Qt does when the session manager asks; its argument cannot be made in Python, and nobody takes it.
        assert application.receivers(SIGNAL("commitDataRequest(QSessionManager&)")) == 1
        self._hold_session()
        print("committed, busy:", self.shell.executor.is_busy, flush=True)
        # Then it tells us to end.
        application.quit()

    clock.timeout.connect(look)
    clock.start()

app.Application.__init__ = watched
app._TRAY_PATIENCE = 200
if {tray}:
    from PySide6.QtWidgets import QSystemTrayIcon
    QSystemTrayIcon.isSystemTrayAvailable = lambda: True
from borgdesk.domain.window_request import WindowRequest
request = {request}
sys.exit(app.main([], hidden={hidden}, request=WindowRequest.parse(request) if request else None))
"""


class Program:
    """BorgDesk's window without a screen."""

    def __init__(
        self,
        home: Path,
        repositories: tuple[int, ...] = (),
        session_ends_in: str | None = None,
        scheme: str | None = None,
        *,
        hidden: bool = False,
        tray: bool = False,
        request: str = "",
    ) -> None:
        text = _PROGRAM.replace("{repositories}", repr(repositories)).replace("{ends_in}", repr(session_ends_in))
        text = text.replace("{scheme}", repr(scheme)).replace("{hidden}", repr(hidden))
        text = text.replace("{tray}", repr(tray)).replace("{request}", repr(request))
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

    def said_before(self, what: str) -> list[str]:
        """Return what it says next, up to and with the line *what*."""
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line.strip())
            if said[-1] == what:
                return said
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

    def begin(
        home: Path,
        repositories: tuple[int, ...] = (),
        session_ends_in: str | None = None,
        scheme: str | None = None,
        *,
        hidden: bool = False,
        tray: bool = False,
        request: str = "",
    ) -> Program:
        programs.append(Program(home, repositories, session_ends_in, scheme, hidden=hidden, tray=tray, request=request))
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


def test_a_start_shows_what_it_is_asked_for_in_a_new_or_the_open_window(start: Start, scene: Scene) -> None:
    home, documents = scene.workspace.paths.home, scene.repository()
    assert home is not None
    first_run, second_run = (scene.run(documents) for _ in range(2))
    first = start(home, request=f"run:{first_run.id}")
    first.wait_for(f"shows run {first_run.id}")
    assert start(home, request=f"run:{second_run.id}").ends() == 0
    first.wait_for(f"shows run {second_run.id}")
    first.process.terminate()
    assert first.ends() == 0
    assert "Traceback" not in first.errors


def test_a_start_at_login_shows_nothing_until_borgdesk_is_started_again(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path, hidden=True, tray=True)
    assert first.said_before("idle") == ["open", "idle"], "and not “seen”"
    assert start(tmp_path, hidden=True, tray=True).ends() == 0
    assert start(tmp_path).ends() == 0
    assert first.said_before("seen") == ["seen"]
    first.process.terminate()
    assert first.ends() == 0
    assert "Traceback" not in first.errors


def test_a_start_at_login_without_a_tray_is_minimised(start: Start, tmp_path: Path) -> None:
    first = start(tmp_path, hidden=True)
    assert "seen" not in first.said_before("minimised")
    first.process.terminate()
    assert first.ends() == 0


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_colours_that_were_chosen_are_shown_at_once(start: Start, tmp_path: Path, scheme: str) -> None:
    program = start(tmp_path, scheme=scheme)
    assert program.wait_for("base: ") == f"base: {scheme}"
    program.process.terminate()
    assert program.ends() == 0


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
    """A logout sends several signals in succession; they do not mean that anybody asked twice."""
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
    """Check that the run was stopped in its first script, and that the second script ran in the window itself."""
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    assert not run.recovered
    statuses = [one.status for one in scene.workspace.store.executions.of_run(run.id)]
    assert statuses == [ExecutionStatus.CANCELLED, ExecutionStatus.SUCCESS]


def test_a_start_that_cannot_begin_says_why_where_it_was_started(tmp_path: Path) -> None:
    """Also in a message box that waits for the user."""
    (tmp_path / "state").touch()
    program = subprocess.Popen(
        [sys.executable, "-c", "import sys; from borgdesk import app; sys.exit(app.main([]))"],
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "BORGDESK_HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    assert program.stderr is not None
    said = program.stderr.readline()
    program.terminate()
    program.communicate(timeout=60)
    assert said.startswith("borgdesk: BorgDesk cannot start because ")
    assert "window.lock" in said


def test_quitting_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    """A call hangs in the kernel: neither Qt nor Python may wait for its thread at the end."""
    text = """
import sys, threading
from borgdesk import app
begin = app.Application.__init__

def asking(self, application, paths, **options):
    begin(self, application, paths, **options)
    self.background.ask(threading.Event().wait, lambda _: None)
    print("asked", flush=True)

app.Application.__init__ = asking
sys.exit(app.main([]))
"""
    program = subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "BORGDESK_HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    assert program.stdout is not None
    with program.stdout:
        assert program.stdout.readline() == "asked\n"
        program.terminate()
        try:
            assert program.wait(60) == 0
        finally:
            program.kill()
            program.wait()


def test_the_store_is_opened_after_the_first_frame(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing it would delay each event of the frame; but a window that is covered is never painted."""
    monkeypatch.setattr(app, "_LATEST_FRAME", 3_600_000)
    window, seen = QWidget(), []
    qtbot.addWidget(window)
    inside, frame = Painted(window), app.FirstFrame(window)
    frame.over.connect(lambda: seen.append(inside.is_painted))
    with qtbot.waitSignal(frame.over):
        window.show()
    window.repaint()
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    assert seen == [True], "with all that is in it, and once"
    monkeypatch.setattr(app, "_LATEST_FRAME", 1)
    hidden = QWidget()
    qtbot.addWidget(hidden)
    with qtbot.waitSignal(app.FirstFrame(hidden).over):
        pass


class Painted(QWidget):
    is_painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        self.is_painted = True
