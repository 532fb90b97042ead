"""Problem reports, and the display of internal errors from a run's thread."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from borgdesk import logs
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.version import VERSION
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.about_dialog import AboutDialog
from borgdesk.gui.shell.report import facts, report
from borgdesk.paths import Paths
from tests import empty_database

FAKE = Path(__file__).parents[2] / "fakes" / "borg"

BROKEN = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from borgdesk import app
from borgdesk.engine.runs import recipe

def broken(*_):
    raise RuntimeError("a defect of ours")

begin = app.Application.__init__
recipe._turn = broken

def watched(self, application, paths, **options):
    begin(self, application, paths, **options)
    clock, said = QTimer(self, interval=20), set()

    def once(what, does):
        if what not in said:
            said.add(what)
            does()

    def look():
        if self.shell is not None and not self.shell.executor.is_busy:
            once("asked", lambda: self.shell.executor.start(self._workspace.store.repositories.get("Docs")))
        if "RuntimeError" in self.window.problem.text:
            once("told", tell)
        if (text := QGuiApplication.clipboard().text()).startswith("BorgDesk:"):
            once("copied", lambda: print(text, flush=True) or self.lifetime.terminate())

    def tell():
        print(self.window.problem.text, flush=True)
        (button,) = [one for one in self.window.problem.findChildren(QPushButton) if one.isVisible()]
        button.click()

    clock.timeout.connect(look)
    clock.start()

app.Application.__init__ = watched
sys.exit(app.main([]))
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    environment = {**os.environ, "BORGDESK_HOME": str(tmp_path), "BORGDESK_BORG": str(FAKE)}
    workspace = empty_database.opened(environment)
    workspace.store.repositories.add(
        Repository(RepositoryId(0), "Docs", str(tmp_path / "docs"), sources=(str(tmp_path),))
    )
    return workspace


def test_a_defect_in_a_runs_thread_reaches_the_user_who_can_copy_a_report(tmp_path: Path, workspace: Workspace) -> None:
    workspace.store.close()
    program = subprocess.run(
        [sys.executable, "-c", BROKEN],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "BORGDESK_HOME": str(tmp_path),
            "BORGDESK_BORG": str(FAKE),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    told, copied = program.stdout.split("\n", 1)
    assert told == (
        f"Unexpected error (RuntimeError: a defect of ours). Details are in {tmp_path / 'state' / 'borgdesk.log'}."
    ), program.stderr
    assert "Traceback (most recent call last)" in copied
    assert "RuntimeError: a defect of ours" in copied


def test_a_report_has_versions_folders_and_the_log(workspace: Workspace) -> None:
    logs.start(workspace.paths.state, {})
    try:
        logs.hide(["correct horse"])
        logging.getLogger("borgdesk.x").error("it was correct horse")
        text = report(workspace.paths, workspace)
    finally:
        handler = logging.getLogger().handlers.pop()
        handler.close()
        workspace.store.close()
    lines = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines())
    names = "BorgDesk Borg Python Qt SQLite System Desktop Config Data State Cache"
    assert list(lines) == names.split()
    assert lines["BorgDesk"].strip() == VERSION
    assert str(FAKE) in lines["Borg"]
    assert lines["Data"].strip() == str(workspace.paths.data)
    assert text.rstrip().endswith("borgdesk.x: it was [secret]")


def test_a_report_can_be_had_where_the_store_cannot_be_opened(tmp_path: Path) -> None:
    text = report(Paths.below(tmp_path), None)
    assert ["Borg:", "not", "asked"] in [line.split() for line in text.splitlines()]
    assert text.rstrip().endswith("(empty)")


def test_about_says_versions_and_where_data_lies(workspace: Workspace, qtbot: QtBot) -> None:
    dialog = AboutDialog(facts(workspace.paths, workspace), None)
    qtbot.addWidget(dialog)
    told = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    assert f"BorgDesk {VERSION}" in told
    assert str(FAKE) in told
    for folder in (workspace.paths.config, workspace.paths.data, workspace.paths.state, workspace.paths.cache):
        assert str(folder) in told
    with qtbot.waitSignal(dialog.report_requested):
        dialog.copy_report.click()
