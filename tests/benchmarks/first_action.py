"""Program whose window does one thing for the first time, and prints the longest turn of its event loop meanwhile.

:mod:`.test_first_actions` starts it. *early* is as soon as the store is open: nothing is loaded that a start does not
need. *late* is when somebody has moved the pointer over the window, and all pages are loaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication, QWidget

from borgdesk import app
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.window_request import WindowRequest
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.shell import Shell
from tests.benchmarks.stall_meter import StallMeter, Turn

_FIRST = RepositoryId(1)
_SOON = 20
_STILL = 50
"""How many looks in a row must find nothing under way, until the window is considered idle."""


def _shell(program: app.Application) -> Shell:
    assert program.shell is not None
    return program.shell


class _Idleness:
    """Calls something once nothing has been under way for a second."""

    def __init__(self, program: app.Application, then: Callable[[], object]) -> None:
        self._program, self._then, self._still = program, then, 0
        self._clock = QTimer(program, interval=_SOON)
        self._clock.timeout.connect(self._look)
        self._clock.start()

    def _look(self) -> None:
        is_busy = self._program.background._questions or _shell(self._program).executor.is_busy
        self._still = 0 if is_busy else self._still + 1
        if self._still == _STILL:
            self._clock.stop()
            self._then()


def _choose(name: str) -> Callable[[app.Application], object]:
    return lambda program: program.window._choose(name)


def _open(request: str) -> Callable[[app.Application], object]:
    return lambda program: program.open(WindowRequest.parse(request))


def _on_page(name: str, act: Callable[[QWidget], object]) -> Callable[[app.Application], object]:
    """Do something on a page in the first turn in which there is one."""

    def begin(program: app.Application) -> None:
        program.window._choose(name)
        wait(program)

    def wait(program: app.Application) -> None:
        if program.window.has_made(name):
            act(program.window.page(name))
        else:
            QTimer.singleShot(_SOON, lambda: wait(program))

    return begin


def _drag(program: app.Application) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(__file__)])
    actions, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(300, 300), actions, data, button, none)
    QApplication.sendEvent(program.window, event)


ACTIONS: dict[str, Callable[[app.Application], object]] = {
    "nothing": lambda _: None,
    "back up": lambda program: _shell(program).requests.back_up(_FIRST),
    "back up all": lambda program: _shell(program).requests.back_up_all(),
    "back up and show the run": lambda program: _shell(program).requests.run_again(_FIRST),
    **{
        f"page {name}": _choose(name)
        for name in ("overview", "repositories", "archives", "scripts", "history", "settings")
    },
    "--open run:1": _open("run:1"),
    "--open repository:1": _open("repository:1"),
    "--open backup:1": _open("backup:1"),
    "--open backup:all": _open("backup:all"),
    "--open history": _open("history"),
    "help (F1)": lambda program: program.window._show_help(),
    "about": lambda program: program.window.help_button.about_requested.emit(),
    "copy report": lambda program: program.window.report_requested.emit(),
    "import dialog": lambda program: _shell(program)._pages._ask_what_to_import(),
    "add repository": lambda program: _shell(program).navigation.add_repository(),
    "queue": lambda program: _shell(program).show_queue(),
    "sample data": lambda program: program.window.help_button.sample_requested.emit(),
    "lanes": lambda program: _shell(program).navigation.show_lanes(_FIRST),
    "history of a repository": lambda program: _shell(program).navigation.show_history(_FIRST),
    "a script": lambda program: _shell(program).navigation.show_script(ScriptId(1)),
    "new script": _on_page("scripts", lambda page: page.new_script()),  # type: ignore[attr-defined]
    "script template": _on_page("scripts", lambda page: page.open_templates()),  # type: ignore[attr-defined]
    "drag a file": _drag,
    "import a file": lambda program: _shell(program).navigation.import_files([Path(__file__)]),
    "notification": lambda program: _shell(program).notifications.show("Title", "Text"),
}


class _Measurement:
    def __init__(self, program: app.Application, name: str) -> None:
        self._program, self._act = program, ACTIONS[name]
        self._longest = Turn()
        self._meter = StallMeter()
        self._meter.lengthened.connect(self._keep)
        QTimer.singleShot(0, lambda: self._act(program))
        self._end = _Idleness(program, self._tell)

    def _keep(self, turn: Turn) -> None:
        self._longest = turn

    def _tell(self) -> None:
        print(json.dumps({"work": self._longest.work, "causes": self._longest.causes(5)}), flush=True)
        os._exit(0)


def main(name: str, when: str) -> int:
    """Open the window, and measure."""
    begin, kept = app.Application._begin, list[object]()

    def begun(self: app.Application, workspace: Workspace) -> None:
        begin(self, workspace)
        measure = lambda: kept.append(_Measurement(self, name))  # noqa: E731
        if when == "early":
            QTimer.singleShot(0, measure)
        else:
            _shell(self)._prepare_pages()
            kept.append(_Idleness(self, measure))

    app.Application._begin = begun  # type: ignore[method-assign]
    return app.main([])
