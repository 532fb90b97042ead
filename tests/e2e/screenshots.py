"""Takes screenshots of every page and some dialogs, light and dark, with realistic and with extreme data, for review.

python -m tests.e2e.screenshots --help

This is not a test: nothing compares the pictures. They are drawn in memory unless QT_QPA_PLATFORM says otherwise.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QDialog, QWidget
from sqlalchemy import insert

from borgdesk import app
from borgdesk.borg.options import Encryption
from borgdesk.domain import settings
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome, RunStatus, Step, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Conditions, Hours, daily, hourly
from borgdesk.domain.uuid7 import uuid7
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.scripts.drafts import Draft, Drafts, key_of
from borgdesk.engine.scripts.script_editing import Edited
from borgdesk.engine.scripts.usage import usage
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step as AddingStep
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.scripts.past_test_dialog import PastTestDialog
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.scripts.usage_dialog import UsageDialog
from borgdesk.gui.shell.shell import Shell
from borgdesk.store.tables import BackupJobRow
from tests.e2e.archive_pictures import ArchivePictures
from tests.e2e.archive_scenes import ugly_archives, usual_archives
from tests.e2e.event_loop import pause, wait_until
from tests.gui.listed import runs_in
from tests.gui.scene import LAST, POST, PRE, Scene

HISTORY = 10_000
Dialog = TypeVar("Dialog", bound=QDialog)
LONG = "A repository whose name is as long as anybody might make it, with Ümläuts, 日本語 and “quotes” & ampersands"
COLOURS = r"""for n in {31..36}; do echo -e "\e[${n}mcolour $n\e[0m and \e[1mbold\e[0m"; done
echo "this goes to standard error" >&2
for i in {1..40}; do echo "container web$i stopped after $((i * 7)) ms, which makes this line rather long to read"
sleep 0.03; done
"""


def realistic(scene: Scene) -> None:
    """Create three repositories: a good one, one that failed, one that never ran."""
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
    run_test(scene.workspace, stop, ScriptTestSetup(repository=documents), lambda _: None, Cancel())
    scene.schedule(documents, daily(time(2, 30)))
    scene.schedule(photos, daily(time(3, 0)), since=datetime.now(UTC) - timedelta(days=9), paused_until=UNTIL_RESUMED)
    nextcloud = scene.workspace.store.repositories.get("Nextcloud")
    closed = datetime.now().astimezone() + timedelta(hours=2)
    hours = Hours(time(closed.hour), time((closed.hour + 1) % 24))
    waits = Conditions(between=hours, on_battery=True, run_anyway_after=30)
    scene.schedule(nextcloud, hourly(), since=datetime.now(UTC) - timedelta(days=9), conditions=waits)
    typed = Edited(None, "Dump the database", "#!/bin/bash\nset -euo pipefail\npg_dumpall > dump.sql\n")
    Drafts(scene.workspace.paths.state).keep(Draft(key_of(None), typed, datetime.now(UTC)))


def ugly(scene: Scene) -> None:
    """Create long names, long errors, ten thousand runs, pending scripts, and many repositories."""
    store = scene.workspace.store
    long = store.repositories.add(
        Repository(
            RepositoryId(0),
            LONG,
            "ssh://backup@a-very-long-host-name.example.org:2222/./volumes/" + "folder/" * 12 + "repo",
        )
    )
    ugly_archives(scene)
    for number in range(8):
        store.repositories.add(Repository(RepositoryId(0), f"Repository {number}", f"/mnt/backup/{number}"))
    fill_history(scene, long)
    script = scene.script(LONG, "exit 1")
    short = scene.repository("Short")
    scene.assign(short, script, POST)
    run = scene.run(short)
    store.executions.still_owed(run.executions[0].id)
    store.runs.set_error_if_none(run.id, text("An error that goes on and on. " * 30))
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
        "uid": str(uuid7(number, 0)),
        "repository_id": repository.id, "repository": repository.name, "location": repository.location,
        "trigger": Trigger.SCHEDULE, "status": status, "step": Step.DONE, "outcome": Outcome(status.value),
        "tainted": False, "recovered": False, "queued_at": began, "started_at": began,
        "finished_at": began + timedelta(minutes=number % 900), "original_size": 123_456_789_012_345,
        "deduplicated_size": 987_654_321, "files": 12_345_678,
        "errors": () if status is RunStatus.SUCCESS else (text("Connection closed by remote host. " * 8),),
    }  # fmt: skip


class Photographer:
    """Opens the window on a scene and takes the pictures."""

    def __init__(self, scene: Scene, folder: Path, name: str, size: str) -> None:
        assert scene.workspace.paths.home is not None
        os.environ["BORGDESK_HOME"] = str(scene.workspace.paths.home)
        self._workspace, self._folder, self._name = scene.workspace, folder, name
        self._opened = app.Application(app.make_application(), scene.workspace.paths)
        self._opened.window.resize(*map(int, size.split("x")))
        wait_until(lambda: self._opened.shell is not None and not self._opened.shell.executor.is_busy)

    @property
    def shell(self) -> Shell:
        assert self._opened.shell is not None
        return self._opened.shell

    def take_all(self) -> None:
        for scheme in ("light", "dark"):
            self.shell.settings.change(settings.COLOURS, scheme)
            pause(300)
            self._take_pages(scheme)
            self._take_archives(scheme)
        self._opened.close()

    def _take_archives(self, scheme: str) -> None:
        pictures = ArchivePictures(self.shell, self._workspace, lambda what, widget: self._take(what, scheme, widget))
        if self._name == "archives":
            pictures.usual()
        elif self._name == "ugly":
            pictures.ugly()

    def _take_pages(self, scheme: str) -> None:
        for page in ("overview", "repositories", "archives", "scripts", "history", "settings"):
            self.shell.window.open_page(page)
            pause(600)
            self._take(page, scheme)
        if self._name == "realistic":
            self._take_schedules(scheme)
        history = self.shell.window.page("history")
        assert isinstance(history, HistoryPage)
        for run in runs_in(history.model)[:2]:
            self.shell.navigation.show_run(run.id)
            pause(800)
            self._take(f"run-{run.id}", scheme)
        rows = [run for run in runs_in(history.model) if run.repository_id is not None]
        if rows and self._name == "realistic":
            self.shell.requests.run_again(RepositoryId(rows[-1].repository_id or 0))
            wait_until(lambda: any(live.story.script or live.story.progress for live in self.shell.executor.active()))
            pause(150)
            self._take("live", scheme)
            wait_until(lambda: not self.shell.executor.is_busy)
            self._take_dialogs(scheme)

    def _take_schedules(self, scheme: str) -> None:
        page = self.shell.window.page("repositories")
        assert isinstance(page, RepositoriesPage)
        for repository in self._workspace.store.repositories.list():
            self.shell.navigation.show_repository(repository.id)
            pause(400)
            page.view.tabs.setCurrentWidget(page.view.schedule)
            pause(400)
            self._take(f"schedule-{repository.name}", scheme)
        page.view.tabs.setCurrentIndex(0)

    def _take_dialogs(self, scheme: str) -> None:
        scripts, repositories = self.shell.window.page("scripts"), self.shell.window.page("repositories")
        assert isinstance(scripts, ScriptsPage)
        assert isinstance(repositories, RepositoriesPage)
        self.shell.window.open_page("scripts")
        stop = next(one for one in scripts.table.rows.rows() if one.name == "Stop containers")
        scripts.library_actions.delete(stop)
        self._take_dialog(UsageDialog, scheme).reject()
        scripts.show_script(stop.id)
        wait_until(lambda: scripts.view.script is not None)
        scripts.view.tabs.setCurrentWidget(scripts.view.usage)
        pause(600)
        self._take("usage", scheme)
        test = next(one for one in usage(self._workspace, stop.id).executions if one.run_id is None)
        scripts.view.execution_requested.emit(test)
        self._take_dialog(PastTestDialog, scheme).reject()
        repositories.ask_for_new()
        self._take_founding(self._take_dialog(AddRepositoryDialog, scheme), scheme)

    def _take_founding(self, dialog: AddRepositoryDialog, scheme: str) -> None:
        """Take a repository whose creation is stopped."""
        dialog.where.set_location(str(self._folder.resolve() / "stopped"))
        dialog.encryption.setCurrentIndex(dialog.encryption.findData(Encryption.NONE))
        dialog.name.setText("Music")
        dialog.sources.add(["/etc"])
        wait_until(dialog.add.isEnabled)
        for step in AddingStep:
            dialog.go_to(step)
            pause(50)
            self._take(f"add-{step.name.lower()}", scheme, dialog)
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
            return next((one for one in self.shell.window.findChildren(kind) if one.isVisible()), None)

        wait_until(shown)
        pause(300)
        dialog = shown()
        assert dialog is not None
        self._take(kind.__name__, scheme, dialog)
        return dialog

    def _take(self, what: str, scheme: str, widget: QWidget | None = None) -> None:
        (widget or self.shell.window).grab().save(str(self._folder / f"{self._name}-{what}-{scheme}.png"))


SCENES: tuple[tuple[str, Callable[[Scene], None]], ...] = (
    ("empty", lambda _: None),
    ("realistic", realistic),
    ("archives", usual_archives),
    ("ugly", ugly),
)


def main(words: Sequence[str] | None = None) -> None:
    wanted = parsed(words)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    if wanted.scale != 1:
        os.environ["QT_SCALE_FACTOR"] = str(wanted.scale)
    for name, make in SCENES:
        if name not in wanted.scenes:
            continue
        with tempfile.TemporaryDirectory() as place:
            os.environ["BORG_BASE_DIR"] = place + "/borg"
            scene = Scene(Path(place))
            make(scene)
            Photographer(scene, wanted.folder, name, wanted.size).take_all()
            scene.close()


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    names = [name for name, _make in SCENES]
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures are put; it is made if it is missing")
    parser.add_argument("size", nargs="?", type=size, default="1120x740", help="of the window (default: %(default)s)")
    parser.add_argument("scale", nargs="?", type=float, default=1.0, help="of everything (default: %(default)g)")
    parser.add_argument("scenes", nargs="?", type=scenes, default=names, help=f"of these: {','.join(names)}")
    return parser.parse_args(words)


def size(word: str) -> str:
    if not re.fullmatch(r"[1-9]\d{1,3}x[1-9]\d{1,3}", word):
        raise argparse.ArgumentTypeError(f"“{word}” is not WIDTHxHEIGHT")
    return word


def scenes(word: str) -> list[str]:
    names = word.split(",")
    if unknown := {*names} - {name for name, _make in SCENES}:
        raise argparse.ArgumentTypeError(f"there is no scene “{min(unknown)}”")
    return names


if __name__ == "__main__":
    main()
