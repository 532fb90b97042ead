"""Pictures of every page and some dialogs, light and dark, with realistic and with ugly data, to be looked at.

    python -m tests.e2e.screenshots FOLDER [WIDTHxHEIGHT] [SCALE]

Not a test: nothing compares them. They are drawn in memory unless QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if len(sys.argv) > 3:
    os.environ["QT_SCALE_FACTOR"] = sys.argv[3]

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QDialog, QWidget
from sqlalchemy import insert

from borgdesk import app
from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome, RunStatus, Step, Trigger
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.drafts import Draft, Drafts, key_of
from borgdesk.engine.trial import Pretence, run_test
from borgdesk.engine.usage import usage
from borgdesk.engine.writing import Edited
from borgdesk.gui.desk import Desk
from borgdesk.gui.dialogs.add_repository import AddRepositoryDialog
from borgdesk.gui.dialogs.past_test import PastTestDialog
from borgdesk.gui.dialogs.places import PlacesDialog
from borgdesk.gui.pages.history import HistoryPage
from borgdesk.gui.pages.repositories import RepositoriesPage
from borgdesk.gui.pages.scripts import ScriptsPage
from borgdesk.store.tables import BackupJobRow
from tests.gui.scene import LAST, POST, PRE, Scene

HISTORY = 10_000
Dialog = TypeVar("Dialog", bound=QDialog)
LONG = "A repository whose name is as long as anybody might make it, with Ümläuts, 日本語 and “quotes” & ampersands"
COLOURS = r"""for n in {31..36}; do echo -e "\e[${n}mcolour $n\e[0m and \e[1mbold\e[0m"; done
echo "this goes to standard error" >&2
for i in {1..40}; do echo "container web$i stopped after $((i * 7)) ms, which makes this line rather long to read"
sleep 0.03; done
"""


def pause(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(done: Callable[[], object]) -> None:
    while not done():
        pause(20)


def realistic(scene: Scene) -> None:
    """Three repositories: a good one, one that failed, one that never ran."""
    documents, photos = scene.repository("Documents"), scene.repository("Photos")
    scene.repository("Nextcloud")
    stop = scene.script("Stop containers", COLOURS)
    start = scene.script("Start containers", "echo 'web1 web2 web3 started'")
    alarm = scene.script("Tell me when it failed", "echo 'message sent'", "failure")
    for repository in (documents, photos):
        scene.assign(repository, stop, PRE)
        scene.assign(repository, start, POST)
        scene.assign(repository, alarm, LAST)
    scene.hook(photos, "Mount the disk", "echo 'mount: /mnt/photos: no such device' >&2; exit 32", PRE)
    for _ in range(3):
        scene.run(documents)
    scene.run(photos)
    run_test(scene.workspace, stop, Pretence(repository=documents), lambda _: None, Cancel())
    typed = Edited(None, "Dump the database", "#!/bin/bash\nset -euo pipefail\npg_dumpall > dump.sql\n")
    Drafts(scene.workspace.paths.state).keep(Draft(key_of(None), typed, datetime.now(UTC)))


def ugly(scene: Scene) -> None:
    """Long names, long errors, ten thousand runs, scripts that are owed, many repositories."""
    store = scene.workspace.store
    long = store.repositories.add(
        Repository(0, LONG, "ssh://backup@a-very-long-host-name.example.org:2222/./volumes/" + "folder/" * 12 + "repo")
    )
    for number in range(8):
        store.repositories.add(Repository(0, f"Repository {number}", f"/mnt/backup/{number}"))
    fill_history(scene, long)
    script = scene.script(LONG, "exit 1")
    short = scene.repository("Short")
    scene.assign(short, script, POST)
    run = scene.run(short)
    store.runs.still_owed(run.executions[0].id)
    store.runs.set_error_if_none(run.id, "An error that goes on and on. " * 30)
    for number in range(30):
        scene.hook(short, f"Script number {number} with a longish name", "true", Hook.PRE_BACKUP)
    scene.run(short)


def fill_history(scene: Scene, repository: Repository) -> None:
    statuses = [RunStatus.SUCCESS] * 6 + [status for status in RunStatus if status.is_final]
    began = datetime.now(UTC) - timedelta(days=2000)
    with scene.workspace.store.database.writing() as session:
        session.execute(insert(BackupJobRow), [job(n, repository, statuses[n * 7 % 12], began) for n in range(HISTORY)])


def job(number: int, repository: Repository, status: RunStatus, began: datetime) -> dict[str, object]:
    began += timedelta(hours=4.5 * number)
    return {
        "repository_id": repository.id, "repository": repository.name, "location": repository.location,
        "trigger": Trigger.SCHEDULE, "status": status, "step": Step.DONE, "outcome": Outcome(status.value),
        "tainted": False, "recovered": False, "queued_at": began, "started_at": began,
        "finished_at": began + timedelta(minutes=number % 900), "original_size": 123_456_789_012_345,
        "deduplicated_size": 987_654_321, "files": 12_345_678,
        "error": None if status is RunStatus.SUCCESS else "Connection closed by remote host. " * 8,
    }  # fmt: skip


class Photographer:
    """Opens the window on a scene and takes its pictures."""

    def __init__(self, scene: Scene, folder: Path, name: str, size: str) -> None:
        assert scene.workspace.paths.home is not None
        os.environ["BORGDESK_HOME"] = str(scene.workspace.paths.home)
        self._workspace, self._folder, self._name = scene.workspace, folder, name
        self._opened = app.Application(app.make_application(), scene.workspace.paths)
        self._opened.window.resize(*map(int, size.split("x")))
        wait_until(lambda: self._opened.desk is not None and not self._opened.desk.executor.is_busy)

    @property
    def desk(self) -> Desk:
        assert self._opened.desk is not None
        return self._opened.desk

    def take_all(self) -> None:
        for scheme in ("light", "dark"):
            self._opened.preferences.change(scheme=scheme)
            pause(300)
            self._take_pages(scheme)
        self._opened.close()

    def _take_pages(self, scheme: str) -> None:
        for page in ("overview", "repositories", "scripts", "history", "settings"):
            self.desk.window.open_page(page)
            pause(600)
            self._take(page, scheme)
        history = self.desk.window.page("history")
        assert isinstance(history, HistoryPage)
        for run in history.model.rows()[:2]:
            self.desk.show_run(run.id)
            pause(800)
            self._take(f"run-{run.id}", scheme)
        rows = [run for run in history.model.rows() if run.repository_id is not None]
        if rows and self._name == "realistic":
            self.desk.run_again(rows[-1].repository_id or 0)
            wait_until(lambda: any(live.script or live.progress for live in self.desk.executor.active()))
            pause(150)
            self._take("live", scheme)
            wait_until(lambda: not self.desk.executor.is_busy)
            self._take_dialogs(scheme)

    def _take_dialogs(self, scheme: str) -> None:
        scripts, repositories = self.desk.window.page("scripts"), self.desk.window.page("repositories")
        assert isinstance(scripts, ScriptsPage)
        assert isinstance(repositories, RepositoriesPage)
        self.desk.window.open_page("scripts")
        stop = next(one for one in scripts.table.rows.rows() if one.name == "Stop containers")
        scripts.actions_on_scripts.delete(stop)
        self._take_dialog(PlacesDialog, scheme).reject()
        scripts.show_script(stop.id)
        wait_until(lambda: scripts.desk.script is not None)
        scripts.desk.tabs.setCurrentWidget(scripts.desk.usage)
        pause(600)
        self._take("usage", scheme)
        test = next(one for one in usage(self._workspace, stop.id).executions if one.run_id is None)
        scripts.desk.execution_asked.emit(test)
        self._take_dialog(PastTestDialog, scheme).reject()
        repositories.ask_for_new()
        self._take_founding(self._take_dialog(AddRepositoryDialog, scheme), scheme)

    def _take_founding(self, dialog: AddRepositoryDialog, scheme: str) -> None:
        """A repository that is being made, and stopped."""
        dialog.location.setText(str(self._folder.resolve() / "stopped"))
        dialog.encryption.setCurrentIndex(dialog.encryption.findData(Encryption.NONE))
        dialog.name.setText("Music")
        dialog.sources.add(["/etc"])
        wait_until(dialog.add.isEnabled)
        self._take("add-ready", scheme, dialog)
        dialog.add.click()
        pause(50)
        self._take("add-working", scheme, dialog)
        dialog.stop.click()
        pause(20)
        self._take("add-stopping", scheme, dialog)
        wait_until(dialog.stop.isHidden)
        self._take("add-stopped", scheme, dialog)
        dialog.reject()

    def _take_dialog(self, kind: type[Dialog], scheme: str) -> Dialog:
        def shown() -> Dialog | None:
            return next((one for one in self.desk.window.findChildren(kind) if one.isVisible()), None)

        wait_until(shown)
        pause(300)
        dialog = shown()
        assert dialog is not None
        self._take(kind.__name__, scheme, dialog)
        return dialog

    def _take(self, what: str, scheme: str, widget: QWidget | None = None) -> None:
        (widget or self.desk.window).grab().save(str(self._folder / f"{self._name}-{what}-{scheme}.png"))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    size = sys.argv[2] if len(sys.argv) > 2 else "1120x740"
    for name, make in (("empty", lambda _: None), ("realistic", realistic), ("ugly", ugly)):
        with tempfile.TemporaryDirectory() as place:
            os.environ["BORG_BASE_DIR"] = place + "/borg"
            scene = Scene(Path(place))
            make(scene)
            Photographer(scene, folder, name, size).take_all()
            scene.close()


if __name__ == "__main__":
    main()
