"""A small BorgDesk for tests: one repository, a scripted fake Borg, and scripts that write a journal."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.events import Event, RunEnded
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, OnFailure, RunOn, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.run_folders import log_in, run_folder
from tests import empty_database
from tests.listening import InStep

FAKE = Path(__file__).parents[1] / "fakes" / "borg"
DATA = Path(__file__).parents[1] / "data" / "borg" / "1.4"
CREATED = {"replay": str(DATA / "create_success")}
LISTED = {
    "steps": [
        {
            "stdout": {
                "archives": [],
                "encryption": {"mode": "none"},
                "repository": {"id": "0" * 64, "last_modified": "2026-11-23T10:00:00.000000", "location": "/r"},
            }
        }
    ]
}
"""A repository without archives."""
WARNED = {"replay": str(DATA / "create_file_changed")}
FAILED = {"replay": str(DATA / "create_no_space")}
PRE, POST, LAST = Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN

E = TypeVar("E")
Row = tuple[str, str, str | None]


def wait_until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@dataclass
class Desk:
    """BorgDesk of one user in a temporary folder."""

    folder: Path
    program: str = str(FAKE)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.environment = {
            # The fake Borg starts faster with this Python than with one that may come earlier in PATH.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "LANG": "C.UTF-8",
            "BORGDESK_HOME": str(self.folder / "desk"),
            "BORG_BASE_DIR": os.environ["BORG_BASE_DIR"],
            "BORG_SELFTEST": "disabled",
            "BORGDESK_BORG": self.program,
            "BORGDESK_SECRETS": "file",
            "DBUS_SYSTEM_BUS_ADDRESS": os.environ["DBUS_SYSTEM_BUS_ADDRESS"],
            "FAKE_BORG_SCENARIO": str(self.folder / "scenario.json"),
        }
        self.workspace = empty_database.opened(self.environment)
        self.source = self.folder / "source"
        self.source.mkdir(exist_ok=True)
        (self.source / "file.txt").write_text("something to back up\n")
        self.journal_file = self.folder / "journal"
        self.play(create=CREATED)
        self.repository = self.add_repository("Docs")

    def close(self) -> None:
        self.workspace.store.close()

    def add_repository(self, name: str, **values: Any) -> Repository:
        location = str(self.folder / name.lower())
        values = {"sources": (str(self.source),), "encryption": "none", "archive_name": "docs-{now}", **values}
        return self.workspace.store.repositories.add(Repository(RepositoryId(0), name, location, **values))

    def change(self, **values: Any) -> None:
        """Change the repository."""
        self.repository = self.workspace.store.repositories.update(replace(self.repository, **values))

    def play(self, version: str = "1.4.5", **commands: Any) -> None:
        """Set the answers of the fake Borg."""
        commands = {"list": LISTED, **commands}
        scenario = {"seen": str(self.folder / "calls.jsonl"), "version": version, "commands": commands}
        (self.folder / "scenario.json").write_text(json.dumps(scenario))

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of the fake Borg, except for its version."""
        path = self.folder / "calls.jsonl"
        seen = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [call for call in seen if call["argv"][1] != "--version"]

    def commands(self) -> list[str]:
        return [call["argv"][1] for call in self.calls()]

    def text(self, name: str, body: str, header: str = "", shebang: str = "#!/bin/bash") -> bytes:
        block = "".join(f"# {line}\n" for line in ["/// borgdesk", *header.splitlines(), "///"]) if header else ""
        return f"{shebang}\n{block}echo '{name}' >> {self.journal_file}\n{body}\n".encode()

    def add(
        self,
        name: str,
        hook: Hook,
        body: str = "",
        *,
        header: str = "",
        shebang: str = "#!/bin/bash",
        run_on: str | None = None,
        on_failure: OnFailure | None = None,
        repository: Repository | None = None,
        **changes: Any,
    ) -> Assignment:
        """Add a script at the end of a lane; it first writes its name to the journal."""
        script = self.workspace.store.scripts.add(NewScript(name, self.text(name, body, header, shebang), timeout=60))
        wanted = Changes(run_on=RunOn.parse(run_on) if run_on else None, on_failure=on_failure, **changes)
        return assign(self.workspace, (repository or self.repository).id, script.id, hook, wanted)

    def run(self, cancel: Cancel | None = None, repository: Repository | None = None) -> Run:
        """Back up in this thread."""
        wanted = self.workspace.store.repositories.get((repository or self.repository).id)
        return backup.run(self.workspace, wanted, Trigger.USER, InStep(self.events.append), cancel or Cancel())

    def start(self, cancel: Cancel | None = None, repository: Repository | None = None) -> Running:
        """Back up in another thread, as the window does."""
        return Running(self, cancel or Cancel(), repository)

    def journal(self) -> list[str]:
        """Return the scripts that ran, in order."""
        return self.journal_file.read_text().splitlines() if self.journal_file.exists() else []

    def file(self, name: str) -> Path:
        return self.folder / name

    def log(self, run: Run) -> str:
        return log_in(run_folder(self.workspace, run.id)).read_text(errors="surrogateescape")

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def variables(self, name: str) -> dict[str, str]:
        """Return what a script wrote with ``env -0 > $DESK/name``; see :meth:`dump`."""
        pairs = self.file(name).read_bytes().decode("utf-8", "surrogateescape").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    def dump(self, name: str) -> str:
        """Return a command that writes the environment to a file."""
        return f"env -0 > {self.file(name)}"


class Running:
    """An active run in another thread."""

    def __init__(self, desk: Desk, cancel: Cancel, repository: Repository | None) -> None:
        self.cancel = cancel
        self._done: Run | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(desk, repository))
        self._thread.start()

    def _work(self, desk: Desk, repository: Repository | None) -> None:
        try:
            self._done = desk.run(self.cancel, repository)
        except BaseException as error:
            self._error = error

    def result(self, seconds: float = 60) -> Run:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the run did not end"
        if self._error is not None:
            raise self._error
        assert self._done is not None
        return self._done


def rows(run: Run) -> list[Row]:
    """Return name, status and reason of every script of a run."""
    return [(one.planned.name, one.status.value, one.reason) for one in run.executions]


def statuses(run: Run) -> Mapping[str, str]:
    return {one.planned.name: one.status.value for one in run.executions}


def execution(run: Run, name: str) -> Execution:
    return next(one for one in run.executions if one.planned.name == name)


def sentence(desk: Desk) -> str:
    """Return the final sentence of the last run."""
    return desk.told(RunEnded)[-1].sentence
