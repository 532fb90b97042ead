"""Secret values entered in an assignment's options, with a real keyring."""

from __future__ import annotations

import json
from pathlib import Path

from tests.secret_service import in_python, needs_secret_service, secret_service, session_bus

__all__ = ["session_bus"]

SECRET = "hush-4711-ä"

EDIT = """
import json, os, sys
from PySide6.QtCore import QEventLoop
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign, header_of_script
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog

application = QApplication([])
workspace, background = Workspace.open(os.environ), Background()
store = workspace.store
text = b"#!/bin/sh\\n# /// borgdesk\\n# [parameters.TOKEN]\\n# secret = true\\n# [parameters.NAME]\\n# ///\\n"
script = store.scripts.add(NewScript("Stop", text))
repository = store.repositories.add(Repository(0, "Docs", "/backup", ("/home",)))
assignment = assign(workspace, repository.id, script.id, Hook.PRE_BACKUP, Changes())

def edit(assignment, fill):
    dialog = AssignmentDialog(workspace, background, assignment, header_of_script(workspace, script.id))
    dialog.show()
    fill(dialog)
    waiting = QEventLoop()
    dialog.saved.connect(waiting.quit)
    background.problem_met.connect(waiting.quit)
    dialog.buttons.button(QDialogButtonBox.StandardButton.Save).click()
    waiting.exec()
    assert not dialog.notice.text, dialog.notice.text
    return store.assignments.get(assignment.id)

secret = sys.argv[1]
assignment = edit(assignment, lambda dialog: dialog.parameters.field("TOKEN").line.insert(secret) or
                  dialog.parameters.field("TOKEN").edited.emit())
kept = workspace.secrets.get(f"assignment:{assignment.id}", "TOKEN")
assignment = edit(assignment, lambda dialog: dialog.timeout.set_seconds(77) or dialog.timeout.edited.emit())
background.close()
store.close()
print(json.dumps([assignment.id, kept, assignment.timeout, sorted(assignment.secrets), workspace.secrets.where]))
"""

ASK = """
import os, sys
from borgdesk.engine.workspace import Workspace
print(Workspace.open(os.environ).secrets.get(f"assignment:{sys.argv[1]}", "TOKEN"))
"""


@needs_secret_service
def test_a_secret_survives_an_edit_and_is_in_no_file(session_bus: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "trial"
    environment = {**session_bus, "BORGDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    with secret_service(session_bus, unlocked=True):
        number, kept, timeout, secrets, where = json.loads(in_python(EDIT, environment, SECRET))
        assert (kept, timeout, secrets) == (SECRET, 77, ["TOKEN"])
        assert "SecretService" in where
        assert in_python(ASK, environment, str(number)).strip() == SECRET
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix in (".db", ".sqlite", ".sqlite3") for path in files)
    for path in files:
        assert b"hush-4711" not in path.read_bytes(), path
