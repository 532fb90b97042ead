"""The made-up home server in the pictures of the documentation: what is backed up, how often, and how it went."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select

from borgdesk.domain.history import ArchiveStatistics, Run
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Hook, Outcome, RunOn, RunStatus, Trigger
from borgdesk.domain.schedule import Conditions, daily
from borgdesk.domain.script import NewScript, Script
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes import procfs
from borgdesk.store.tables import BackupJobRow, BorgCallRow, ScriptExecutionRow
from tests.engine.archives.lab import borg
from tests.gui.scene import Scene

DOCUMENTS, NEXTCLOUD, PHOTOS = "Documents", "Nextcloud", "Photos"
STOP = "Stop Nextcloud"

_STOP = """\
# /// borgdesk
# description = "Stops the containers of Nextcloud, the application before its database."
# timeout = 300
# [parameters.CONTAINERS]
# description = "Names of the containers, in order"
# required = true
# ///
set -euo pipefail

for container in $CONTAINERS; do
    # The note comes first: whatever happens now, the script that starts them knows of it.
    echo "$container" >>"$BORGDESK_STATE_DIR/stopped"
    echo "stopping $container"
done
echo "all containers have stopped"
"""
_START = """\
# /// borgdesk
# description = "Starts the containers that were stopped, in reverse order."
# ///
[[ -s $BORGDESK_STATE_DIR/stopped ]] || exit 0

for container in $(tac "$BORGDESK_STATE_DIR/stopped"); do
    echo "starting $container"
done
"""
_DUMP = """\
# /// borgdesk
# description = "Writes the database of Nextcloud to a file."
# ///
echo "nextcloud: 184 MB"
"""
_MOUNT = """\
echo "mount: /media/ada/Archive: no such device" >&2
exit 32
"""
_SECONDS = {"Dump the database": 21, STOP: 14, "create": 268, "Start Nextcloud": 9, "prune": 6, "compact": 11}
"""How long the steps of a run take; others take two."""
_SIZES = {
    DOCUMENTS: ArchiveStatistics(48_300_000_000, 91_000_000, 41_206),
    NEXTCLOUD: ArchiveStatistics(112_000_000_000, 640_000_000, 183_410),
    PHOTOS: ArchiveStatistics(312_000_000_000, 0, 61_877),
}


class SampleHome:
    """Three repositories: of documents, with archives; of a Nextcloud, with scripts; of photos, whose disk is away."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._store = scene, scene.workspace.store
        self.documents = scene.repository(DOCUMENTS)
        self.nextcloud = scene.repository(NEXTCLOUD)
        self.photos = scene.repository(PHOTOS)
        self._schedule()
        self._assign()
        for repository, good in ((self.documents, 18), (self.nextcloud, 24), (self.photos, 12)):
            self._remember(repository, good)
        self._archives()
        self.good, self.failed = scene.run(self.nextcloud), scene.run(self.photos)
        self._spread(self.good, timedelta(hours=5))
        self._spread(self.failed, timedelta(hours=1))

    def rename_places(self) -> None:
        """Show the places of a home server, rather than those of this scene: nothing works any more then."""
        for repository, location, sources in (
            (self.documents, "/media/ada/Backup/documents", ["/home/ada/Documents"]),
            (self.nextcloud, "ssh://backup@nas.home/./nextcloud", ["/srv/nextcloud", "/home/ada/database-dumps"]),
            (self.photos, "/media/ada/Archive/photos", ["/home/ada/Pictures"]),
        ):
            stored = self._store.repositories.get(repository.id)
            self._store.repositories.update(replace(stored, location=location, sources=tuple(sources)))

    def _schedule(self) -> None:
        long_ago = datetime.now(UTC) - timedelta(days=90)
        self._scene.schedule(self.documents, daily(time(2, 30)), since=long_ago)
        waits = Conditions(on_battery=False)
        self._scene.schedule(self.nextcloud, daily(time(3, 0)), since=long_ago, conditions=waits)
        for one in (self.documents, self.nextcloud):
            stored = self._store.repositories.get(one.id)
            self._store.repositories.update(replace(stored, retention=Retention(daily=7, weekly=4, monthly=6)))

    def _assign(self) -> None:
        dump = self._script("Dump the database", _DUMP)
        stop, start = self._script(STOP, _STOP), self._script("Start Nextcloud", _START)
        tell = self._script("Tell my phone", 'echo "sent"\n', "warning,failure")
        containers = Changes(parameters={"CONTAINERS": "nextcloud redis db"})
        for script, hook, changes in (
            (dump, Hook.PRE_BACKUP, Changes()),
            (stop, Hook.PRE_BACKUP, containers),
            (start, Hook.POST_BACKUP, Changes()),
            (tell, Hook.POST_RUN, Changes()),
        ):
            assign(self._scene.workspace, self.nextcloud.id, script.id, hook, changes)
        assign(self._scene.workspace, self.photos.id, tell.id, Hook.POST_RUN, Changes())
        self._scene.assign(self.photos, self._script("Mount the archive disk", _MOUNT))

    def _script(self, name: str, text: str, run_on: str = "always") -> Script:
        content = f"#!/usr/bin/env bash\n{text}".encode()
        told = re.search(r'^# description = "(.*)"$', text, re.MULTILINE)
        about = told.group(1) if told else ""
        return self._store.scripts.add(NewScript(name, content, description=about, run_on=RunOn.parse(run_on)))

    def _remember(self, repository: Repository, count: int) -> None:
        """Record good backups of the last days, with one that ended with a warning."""
        for days in range(count, 0, -1):
            began = datetime.now(UTC) - timedelta(days=days, hours=5)
            self._record(repository, began, RunStatus.WARNING if days == 17 else RunStatus.SUCCESS)

    def _record(
        self, repository: Repository, began: datetime, status: RunStatus = RunStatus.SUCCESS, archive: str | None = None
    ) -> None:
        runs = self._store.runs
        run = runs.queue(repository, Trigger.SCHEDULE, procfs.identity(), began, turn="another")
        runs.arm(run.id, began, [])
        runs.settle(run.id, Outcome(status.value), archive=archive, statistics=_SIZES[repository.name])
        runs.finish(run.id, status, began + timedelta(minutes=2, seconds=run.id * 7 % 60))

    def _archives(self) -> None:
        """Create archives of a home folder, the newest five hours old."""
        home = self._scene.folder / "computer" / "home" / "ada"
        files = _files(home / "Documents")
        for days in (33, 26, 19, 12, 6, 5, 4, 3, 2, 1, 0):
            moment = datetime.now(UTC) - timedelta(days=days, hours=5)
            for number, file in enumerate(files):
                if days in {33, 12, 2} or (number + days) % 5 == 0:
                    with file.open("a") as opened:
                        opened.write(f"written {days} days ago\n" * 40 * (number + 1))
            name = f"nas-Documents-{moment:%Y-%m-%dT%H:%M:%S}"
            location = f"{self.documents.location}::{name}"
            # From here, the archive has the path that it would have on the home server.
            with chdir(self._scene.folder / "computer"):
                borg(self._scene.folder, "create", f"--timestamp={moment:%Y-%m-%dT%H:%M:%S}", location, "home")
            self._record(self.documents, moment, archive=name)

    def _spread(self, run: Run, ago: timedelta) -> None:
        """Let a run have happened earlier, and its steps have taken as long as on a real machine."""
        moment = began = datetime.now(UTC) - ago
        # The events of the run have the real times.
        shutil.rmtree(self._scene.workspace.paths.runs / str(run.id), ignore_errors=True)
        with self._store.database.writing() as session:
            executions = session.scalars(select(ScriptExecutionRow).filter_by(run_id=run.id)).all()
            calls = session.scalars(select(BorgCallRow).filter_by(run_id=run.id)).all()
            steps: list[ScriptExecutionRow | BorgCallRow] = [step for step in executions if step.started_at is not None]
            steps += calls
            for step in sorted(steps, key=lambda step: step.started_at or moment):
                name = step.script if isinstance(step, ScriptExecutionRow) else step.step.value
                step.started_at, moment = moment, moment + timedelta(seconds=_SECONDS.get(name, 2))
                step.finished_at = moment
            row = session.get_one(BackupJobRow, run.id)
            row.queued_at = row.started_at = began
            row.finished_at, row.trigger = moment, Trigger.SCHEDULE
            if row.outcome is Outcome.SUCCESS:
                sizes = _SIZES[row.repository]
                row.original_size, row.deduplicated_size, row.files = (
                    sizes.original_size, sizes.deduplicated_size, sizes.files,
                )  # fmt: skip


def _files(documents: Path) -> list[Path]:
    tree: Mapping[str, tuple[str, ...]] = {
        "Letters": ("Application.odt", "Rent.odt", "To the bank.odt"),
        "Recipes": ("Bread.txt", "Plum cake.txt"),
        "Taxes/2025": ("Income.ods", "Receipts.ods"),
        "Taxes/2026": ("Income.ods", "Receipts.ods"),
        "Thesis": ("Chapter 1.tex", "Chapter 2.tex", "References.bib"),
    }
    made = []
    for folder, names in tree.items():
        (documents / folder).mkdir(parents=True)
        for name in names:
            made.append(documents / folder / name)
            made[-1].write_text(f"{name}\n" * 900)
    return made
