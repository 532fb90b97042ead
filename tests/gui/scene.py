"""A small BorgDesk for tests of the window: real store, real Borg, a folder of sources, and scripts."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunOn, Trigger
from borgdesk.domain.script import Script
from borgdesk.engine import backup
from borgdesk.engine.assigning import Changes, assign
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository
from borgdesk.engine.workspace import Workspace

PRE, POST, LAST = Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN


class Scene:
    """Everything is below one folder; the environment must be isolated already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(folder / "home")})
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "letter.txt").write_text("Dear reader\n")

    def close(self) -> None:
        self.workspace.store.close()

    def repository(self, name: str = "Documents", *, source: Path | None = None) -> Repository:
        """A repository that Borg has really made."""
        location = str(self.folder / f"repository-{name}")
        values = Repository(0, name, location, (str(source or self.source),))
        return add_repository(self.workspace, values, init=Encryption.NONE)

    def script(self, name: str, text: str, run_on: str = "always") -> Script:
        """A bash script of the library."""
        content = f"#!/bin/bash\n{text}\n".encode()
        return self.workspace.store.scripts.add(name, content, run_on=RunOn.parse(run_on))

    def assign(self, repository: Repository, script: Script, hook: Hook = PRE) -> Assignment:
        """Place a script in a lane."""
        return assign(self.workspace, repository.id, script.id, hook, Changes())

    def hook(self, repository: Repository, name: str, text: str, hook: Hook = PRE, run_on: str = "always") -> Script:
        """A new script in a lane."""
        script = self.script(name, text, run_on)
        self.assign(repository, script, hook)
        return script

    def run(self, repository: Repository) -> Run:
        """Back up without a window."""
        return backup.run(self.workspace, repository, Trigger.CLI, lambda _: None, Cancel())

    def gate(self, name: str = "gate") -> Gate:
        """Something a script can wait at."""
        return Gate(self.folder / name)


class Gate:
    """A script that runs :attr:`line` waits there until the test opens the gate."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        assert stat.S_ISFIFO(path.stat().st_mode)
        self.path = path
        self.line = f'read -r _ < "{path}"'

    def open(self) -> None:
        """Let one script go on; it must be on its way here."""
        with self.path.open("w") as gate:
            gate.write("go\n")


def ended(event: RunEnded | Run, status: str) -> bool:
    """Whether a run ended so."""
    return event.status.value == status
