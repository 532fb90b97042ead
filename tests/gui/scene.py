"""A small BorgDesk for tests of the window: real store, real Borg, a folder of sources, and scripts."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication
from sqlalchemy import update

from borgdesk.borg.options import Encryption
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunOn, Trigger
from borgdesk.domain.schedule import Schedule
from borgdesk.domain.script import NewScript, Script
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import backup
from borgdesk.gui.runs.run_search import RunSearch
from borgdesk.store.tables import ScheduleRow
from tests import empty_database

PRE, POST, LAST = Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN


class Scene:
    """Everything is below one folder; the environment must already be isolated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = empty_database.opened({**os.environ, "BORGDESK_HOME": str(folder / "home")})
        # As if the user had been told long ago: other messages of the window would wait for this one.
        self.workspace.store.key_values.set("advice.borg-1.2", True)
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "letter.txt").write_text("Dear reader\n")

    def close(self) -> None:
        # As the program does at its end: nothing may read a closed database.
        for search in (one for window in QApplication.allWidgets() for one in window.findChildren(RunSearch)):
            search.stop()
        self.workspace.store.close()

    def repository(self, name: str = "Documents", *, source: Path | None = None) -> Repository:
        """Create a repository with Borg."""
        location = str(self.folder / f"repository-{name}")
        values = Repository(RepositoryId(0), name, location, (str(source or self.source),))
        return add_repository(self.workspace, values, init=Encryption.NONE)

    def script(self, name: str, text: str, run_on: str = "always") -> Script:
        """Add a bash script to the library."""
        content = f"#!/bin/bash\n{text}\n".encode()
        return self.workspace.store.scripts.add(NewScript(name, content, run_on=RunOn.parse(run_on)))

    def assign(self, repository: Repository, script: Script, hook: Hook = PRE) -> Assignment:
        """Assign a script to a lane."""
        return assign(self.workspace, repository.id, script.id, hook, Changes())

    def hook(self, repository: Repository, name: str, text: str, hook: Hook = PRE, run_on: str = "always") -> Script:
        """Add a new script to a lane."""
        script = self.script(name, text, run_on)
        self.assign(repository, script, hook)
        return script

    def schedule(self, repository: Repository, cron: str, *, since: datetime | None = None, **values: Any) -> Schedule:
        """Give a repository a schedule, which has been there *since* a moment, and other *values* of it."""
        store = self.workspace.store
        schedule = store.schedules.put(Schedule(repository.id, cron, **values))
        if since is None:
            return schedule
        with store.database.writing() as session:
            session.execute(update(ScheduleRow).values(changed_at=since).filter_by(repository_id=repository.id))
        return replace(schedule, changed_at=since)

    def run(self, repository: Repository) -> Run:
        """Back up without a window."""
        return backup.run(self.workspace, repository, Trigger.CLI, lambda _: None, Cancel())

    def command(self, *arguments: str) -> str:
        """Run ``borgdesk`` with these arguments in another process; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "borgdesk", *arguments],
            env={**self.workspace.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command as in :meth:`command`, without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "borgdesk", *arguments],
            env={**self.workspace.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def gate(self, name: str = "gate") -> Gate:
        """Return a gate at which a script can wait."""
        return Gate(self.folder / name)


class Gate:
    """A script that runs :attr:`line` waits there until the test opens the gate."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        assert stat.S_ISFIFO(path.stat().st_mode)
        self.path = path
        self.line = f'read -r _ < "{path}"'

    def open(self) -> None:
        """Let one script continue, which must be on its way to the gate."""
        with self.path.open("w") as gate:
            gate.write("go\n")


def ended(event: RunEnded | Run, status: str) -> bool:
    """Return whether a run ended with that status."""
    return event.status.value == status
