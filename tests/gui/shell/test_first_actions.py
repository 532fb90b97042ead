"""What is done first, before anything but the first page is loaded, imports nothing heavy in the window's thread."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from tests.gui.scene import Scene
from tests.gui.tour import Tour

_PROGRAM = """
import sys, threading
from borgdesk import app
from borgdesk.gui.shell.shell import Shell
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog

HEAVY = ("sqlalchemy", "borgdesk.store", "borgdesk.engine", "borgdesk.borg")

class Witness:
    def find_spec(self, name, path, target=None):
        if threading.current_thread() is threading.main_thread() and name.startswith(HEAVY):
            print(name)

def until_a_dialog_opens(shell):
    dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
    if not dialogs:
        QTimer.singleShot(10, shell, lambda: until_a_dialog_opens(shell))
        return
    for dialog in dialogs:
        dialog.done(0)
    end(shell)

def until_a_run_ends(shell):
    shell.executor.run_ended.connect(lambda _: end(shell))

def end(shell):
    sys.meta_path.pop(0)
    shell._lifetime.quit()
    shell.executor.became_idle.connect(shell._lifetime.quit)

def opened(shell, *given):
    begin(shell, *given)
    sys.meta_path.insert(0, Witness())
    {act}
    {until}(shell)

begin = Shell.__init__
Shell.__init__ = opened
sys.exit(app.main([]))
"""


@pytest.mark.parametrize(
    ("act", "until"),
    [
        ("shell.requests.back_up(1)", "until_a_run_ends"),
        ("shell.requests.back_up_all()", "until_a_run_ends"),
        ("pass  # The schedule starts it.", "until_a_run_ends"),
        ("shell.window.help_button.about_requested.emit()", "until_a_dialog_opens"),
        ("shell.window.page('overview').import_requested.emit()", "until_a_dialog_opens"),
        ("shell.navigation.add_repository()", "until_a_dialog_opens"),
    ],
    ids=["back up", "back up all", "schedule", "about", "import", "add"],
)
def test_nothing_heavy_is_imported_in_the_thread_of_the_window(scene: Scene, act: str, until: str) -> None:
    repository = scene.repository()
    if act.startswith("pass"):
        scene.schedule(repository, "* * * * *", since=datetime.now(UTC) - timedelta(hours=1))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(act=act, until=until)],
        env={**scene.workspace.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines(), "Traceback" in done.stderr) == (0, [], False)


def test_the_dialog_that_adds_a_repository_is_not_made_in_the_same_turn_as_its_page(tour: Tour) -> None:
    tour.shell.navigation.add_repository()
    assert tour.window.has_made("repositories")
    assert QApplication.activeModalWidget() is None
    tour.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), AddRepositoryDialog))
    tour.modal(AddRepositoryDialog).done(0)
    tour.settle()
    tour.shell.navigation.add_repository()
    tour.modal(AddRepositoryDialog).done(0)
    tour.settle()
