"""SIGKILL at every step of an import, or of adding a repository: all of it is there then, or nothing and no secret.

The steps are the C calls that touch files or the database, so that there is a kill between any two of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Hook
from borgdesk.domain.schedule import Schedule
from borgdesk.domain.script import NewScript
from borgdesk.engine.configuration import sealing
from borgdesk.engine.configuration.document import to_bytes
from borgdesk.engine.configuration.exporting import export, set_up
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.repositories.registration import checked
from borgdesk.engine.runs.recovery import recover_all
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files, library_names
from tests.store.samples import assert_whole

KINDS = ("config", "borgmatic", "wizard")

TEXT = b"#!/bin/sh\n# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\necho %d\n"

BORGMATIC = """
repositories:
    - {path: /backup/home.borg, label: Home}
source_directories: [/srv]
encryption_passphrase: pass phrase
keep_daily: 3
commands:
    - {before: action, when: [create], run: ["echo one"]}
    - {after: action, when: [create], run: ["echo two"]}
"""

VICTIM = """
import os, signal, sys
from pathlib import Path
from borgdesk.borg.replies import RepositoryInfo
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.configuration import importing
from borgdesk.engine.configuration.carrying_out import carry_out
from borgdesk.engine.imports import carrying_out, planning
from borgdesk.engine.imports.borgmatic import read_borgmatic
from borgdesk.engine.lanes.new_repository import NewRepository, add_with_all
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories import registration
from borgdesk.engine.services.service import Service, ServiceKind
from borgdesk.engine.workspace import Workspace

registration.usable_version = lambda *args, **values: None
registration.open_repository = lambda *args: RepositoryInfo("0" * 64, "/repository", "repokey", None)
SERVICES = [
    Service(ServiceKind.MARIADB, ("mysql-dump.sh",), {"OUTPUT_DIR": "/tmp", "DB_PASSWORD": "hunter2"}),
    Service(ServiceKind.CONTAINERS, ("docker-stop.sh", "docker-start.sh"), {"CONTAINERS": "app"}),
]

STEPS = {"open", "write", "rename", "replace", "link", "unlink", "fsync", "fchmod", "mkdir", "close", "execute",
         "commit", "rollback", "fdopen", "flock"}

for line in sys.stdin:
    kind, file, number = line.split()
    child = os.fork()
    if child == 0:
        workspace = Workspace.open(os.environ)
        if kind == "config":
            planned = importing.plan(workspace, importing.read(Path(file)))
        elif kind == "wizard":
            repository = Repository(RepositoryId(0), "New", file, ("/srv",))
            planned = NewRepository(repository, "correct horse", cron="30 2 * * *", services=SERVICES)
        else:
            planned = planning.plan(workspace, read_borgmatic([Path(file)], Path.home()))
        steps = 0

        def step(frame, event, function):
            global steps
            if event in ("c_call", "c_return") and function.__name__ in STEPS:
                steps += 1
                if steps == int(number):
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(step)
        if kind == "config":
            carry_out(workspace, planned, "right")
        elif kind == "wizard":
            assert not add_with_all(workspace, planned, Cancel()).problems
        else:
            carrying_out.carry_out(workspace, planned)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else f"done {status}", flush=True)
"""


class Imports:
    """A BorgDesk into which something is imported, again and again from nothing."""

    def __init__(self, folder: Path, kind: str, file: Path) -> None:
        self._kind, self._file = kind, file
        self._home, self._empty = folder / "desk", folder / "empty"
        self.environment = {**os.environ, "BORGDESK_HOME": str(self._home), "BORGDESK_SECRETS": "file"}
        Workspace.open(self.environment).store.close()
        shutil.copytree(self._home, self._empty)
        self._process = subprocess.Popen(
            [sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**self.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        self.nothing = self.found()

    def kill_at(self, number: int) -> bool:
        """Kill at a step; return False if there is no such step."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        shutil.rmtree(self._home)
        shutil.copytree(self._empty, self._home)
        self._process.stdin.write(f"{self._kind} {self._file} {number}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer in ("killed", "done 0")
        return answer == "killed"

    def found(self) -> tuple[str, str]:
        """Return the set-up and the secrets, as the next start finds them."""
        workspace = Workspace.open(self.environment)
        try:
            recover_all(workspace)
            library = workspace.paths.library
            scripts = workspace.store.scripts.list()
            assert sorted(Path(one.file_path).name for one in scripts) == library_names.file_names(library)
            # A file that was being written to is swept an hour later.
            assert [words for _, words in files.leftovers(library) if "-" in words] == []
            assert not list((workspace.paths.state / "secrets-being-added").glob("*"))
            secrets = workspace.paths.config / "secrets.json"
            kept = secrets.read_text() if secrets.exists() else "{}"
            return to_bytes(set_up(workspace)).decode(), json.dumps(json.loads(kept))
        finally:
            workspace.store.close()
            assert_whole(workspace.paths.database)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(params=KINDS)
def imports(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imports]:
    file = tmp_path / "file"
    if request.param == "config":
        # It is not the key derivation that is tested.
        monkeypatch.setattr(sealing, "_N", 2)
        _export(tmp_path / "origin", file)
    elif request.param == "borgmatic":
        file.write_text(BORGMATIC)
    imports = Imports(tmp_path, request.param, file)
    yield imports
    imports.close()


def _export(home: Path, file: Path) -> None:
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(home), "BORGDESK_SECRETS": "file"})
    scripts = [workspace.store.scripts.add(NewScript(f"Script {n}", TEXT % n)) for n in range(2)]
    for name in ("Home", "Work"):
        made = Repository(RepositoryId(0), name, f"/backup/{name}", ("/srv",), retention=Retention(daily=3))
        added = workspace.store.repositories.add(checked(replace(made, has_passphrase=True)))
        workspace.secrets.set(passphrase_owner(added.id), PASSPHRASE, "secret")
        for script in scripts:
            assign(workspace, added.id, script.id, Hook.PRE_BACKUP, Changes(secrets={"TOKEN": "token"}))
        workspace.store.schedules.put(Schedule(added.id, "5 4 * * *"))
    workspace.store.settings.set_all({"editor.tab-width": 8})
    export(workspace, file, "right")
    workspace.store.close()


def kill_everywhere(imports: Imports, every: int) -> Counter[str]:
    """Kill at every *every*-th step until the import completes; count what was found afterwards."""
    assert not imports.kill_at(10**9)
    complete, told, number = imports.found(), Counter[str](), 1
    assert complete[0] != imports.nothing[0]
    assert complete[1] != imports.nothing[1]
    while imports.kill_at(number):
        found = imports.found()
        assert found in (imports.nothing, complete), f"killed at step {number}"
        told["all" if found == complete else "nothing"] += 1
        number += every
    return told


def test_a_kill_at_some_steps(imports: Imports) -> None:
    told = kill_everywhere(imports, every=83)
    assert told["nothing"] > 1


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_a_kill_at_every_step(imports: Imports, record_property: Callable[[str, object], None]) -> None:
    told = kill_everywhere(imports, every=1)
    assert told["nothing"] > 50
    assert told["all"] > 1
    record_property("campaign", f"an import killed at each of {told.total()} steps: {dict(told)}")
