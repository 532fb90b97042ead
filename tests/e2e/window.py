"""The window as a separate process that says what can be seen in it, and does what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

# Prints what a user sees, one line of JSON per change, and executes the lines of its input.
_PROGRAM = """
import json, sys
from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QTableView
from borgdesk import app

begin = app.Application.__init__

def plain(text):
    return text.replace("&", "")

def boxes():
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]

def place_of_quit(tray):
    # On the screen, while the menu is open.
    if tray is None or not tray.menu.isVisible():
        return []
    quit = next(one for one in tray.menu.actions() if plain(one.text()) == "Quit")
    return [*tray.menu.mapToGlobal(tray.menu.actionGeometry(quit).center()).toTuple()]

def steps_of_the_run(window):
    return [
        table.model().index(row, 0).data()
        for table in window.findChildren(QTableView)
        if table.isVisible() and table.accessibleName() == "Steps of the run"
        for row in range(table.model().rowCount())
    ]

def watched(self, application, paths, **more):
    begin(self, application, paths, **more)
    last = []

    def look():
        window, shell = self.window, self.shell
        seen = {
            "open": shell is not None,
            "tray": shell is not None and shell.tray is not None,
            "visible": window.isVisible(),
            "minimized": window.isMinimized(),
            "busy": shell is not None and shell.executor.is_busy,
            "scripts": [live.story.script for live in shell.executor.active()] if shell is not None else [],
            "problem": window.problem.text,
            "recovers": shell is not None and shell.executor.has_found_dead_runs,
            "unsaved": window.has_unsaved(),
            "quit_at": place_of_quit(shell.tray) if shell is not None else [],
            "question": " ".join(box.text() for box in boxes()),
            "steps": steps_of_the_run(window),
        }
        if [seen] != last:
            last[:] = [seen]
            print(json.dumps(seen), flush=True)

    def begin_to_write():
        # As soon as there is a page, and before there is an editor.
        if not self.window.has_made("scripts"):
            QTimer.singleShot(20, begin_to_write)
            return
        view = self.window.page("scripts").view
        write = lambda: view.editor.replace_text("#!/bin/bash\\necho precious\\n")
        view.shown.connect(lambda _: QTimer.singleShot(0, write))
        self.window.page("scripts").new_script()

    def obey():
        command, _, argument = sys.stdin.readline().strip().partition(" ")
        if command == "close":
            self.window.close()
        elif command == "quit":
            application.quit()
        elif command == "back_up":
            self.shell.requests.back_up(int(argument))
        elif command == "open_page":
            self.window.open_page(argument)
        elif command == "edit":
            self.shell.navigation.open_scripts()
            begin_to_write()
        elif command == "press":
            for box in boxes():
                for button in box.buttons():
                    if argument in (plain(button.text()), box.standardButton(button).name):
                        QTimer.singleShot(0, button.click)

    clock = QTimer(self, interval=20)
    clock.timeout.connect(look)
    clock.start()
    self.commands = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
    self.commands.activated.connect(obey)

app.Application.__init__ = watched
sys.exit(app.main([]))
"""


class Window:
    """The program on the screen."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**environment, "BORGDESK_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._said: Queue[dict[str, Any] | None] = Queue()
        self._seen: dict[str, Any] = {}
        self.errors: list[str] = []
        self._threads = [threading.Thread(target=self._hear), threading.Thread(target=self._hear_errors)]
        for thread in self._threads:
            thread.start()

    def until(self, done: Callable[[dict[str, Any]], object], patience: float = 60) -> dict[str, Any]:
        """Return the state as soon as *done* accepts it; raise Empty if nothing changes for *patience* seconds."""
        while not self._seen or not done(self._seen):
            seen = self._said.get(timeout=patience)
            assert seen is not None, f"the window went away: {''.join(self.errors)}"
            self._seen = seen
        return self._seen

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def ends(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(30)
        for thread in self._threads:
            thread.join()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ends()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)

    def _hear_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)
