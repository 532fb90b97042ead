"""Pictures of every page, light and dark, with realistic and with ugly data, for whoever wants to look at them.

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

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if len(sys.argv) > 3:
    os.environ["QT_SCALE_FACTOR"] = sys.argv[3]

from PySide6.QtCore import QEventLoop, QTimer

from borgdesk import app
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome, RunStatus, Trigger
from borgdesk.engine import procfs
from borgdesk.gui.desk import Desk
from borgdesk.gui.pages.history import HistoryPage
from tests.gui.scene import LAST, POST, PRE, Scene

HISTORY = 10_000
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
    runs, began = scene.workspace.store.runs, datetime.now(UTC) - timedelta(days=2000)
    statuses = [RunStatus.SUCCESS] * 6 + [status for status in RunStatus if status.is_final]
    statistics = ArchiveStatistics(123_456_789_012_345, 987_654_321, 12_345_678)
    for number in range(HISTORY // 40):
        status = statuses[number * 7 % len(statuses)]
        run = runs.queue(repository, Trigger.SCHEDULE, procfs.identity(), began + timedelta(hours=5 * number))
        runs.arm(run.id, began + timedelta(hours=5 * number), [])
        error = None if status is RunStatus.SUCCESS else "Connection closed by remote host. " * 8
        runs.settle(run.id, Outcome(status.value), statistics=statistics, error=error)
        runs.finish(run.id, status, began + timedelta(hours=5 * number, minutes=number % 900))


class Photographer:
    """Opens the window on a scene and takes its pictures."""

    def __init__(self, scene: Scene, folder: Path, name: str, size: str) -> None:
        assert scene.workspace.paths.home is not None
        os.environ["BORGDESK_HOME"] = str(scene.workspace.paths.home)
        self._folder, self._name = folder, name
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

    def _take(self, page: str, scheme: str) -> None:
        self.desk.window.grab().save(str(self._folder / f"{self._name}-{page}-{scheme}.png"))


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
