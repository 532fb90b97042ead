"""Runs the real command with all its data in one folder.

The tested commands run in processes of their own, as for a user, most of them forked from a process that has imported
the program: see ``tests/fork_server.py``. Preparations use the same services in this process, and so do tables of many
small cases, which call the command's ``main``.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from borgdesk.__main__ import main
from borgdesk.borg.options import Encryption
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Trigger
from borgdesk.domain.script import NewScript, Script
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository, checked
from borgdesk.engine.runs import backup
from borgdesk.engine.workspace import Workspace
from tests import empty_database, fork_server
from tests.command_lines import command_line

FAKE_BORG = Path(__file__).parents[1] / "fakes" / "borg"
CREATED = Path(__file__).parents[1] / "data" / "borg" / "1.4" / "create_success"
PATIENCE = 60


def wait_until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"it did not happen: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Answer:
    """Output and exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The single document on standard output."""
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        return self.err.splitlines()


def _checked(answer: Answer) -> Answer:
    assert not re.search("^Traceback", answer.err, re.MULTILINE), answer.err
    assert "Unexpected error" not in answer.err, answer.err
    return answer


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _answer(done: subprocess.CompletedProcess[bytes]) -> Answer:
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


class BorgDesk:
    """BorgDesk of one user, as used from a shell."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.home = folder / "home"
        self.environment = {
            # The fake Borg starts faster with this Python than with one that may come earlier in PATH.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "BORGDESK_HOME": str(self.home),
            "BORG_BASE_DIR": str(folder / "borg-base"),
            "BORG_SELFTEST": "disabled",
            "BORGDESK_SECRETS": "file",
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/no-bus",
        }
        if "BORGDESK_BORG" in os.environ:
            self.environment["BORGDESK_BORG"] = os.environ["BORGDESK_BORG"]
        self.source = folder / "source"
        if not self.source.exists():
            self.source.mkdir()
            (self.source / "file.txt").write_text("something to back up\n")

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "borgdesk", *arguments]

    def __call__(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Answer:
        """Run a command and wait for its end."""
        variables = self.environment | environment
        if not fork_server.can_run(variables):
            return self.started(*arguments, stdin=stdin, **environment)
        return _checked(_answer(fork_server.run(arguments, variables, _encoded(stdin), PATIENCE)))

    def started(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Answer:
        """Run a command as users do, in a Python that is started for it and imports what it needs."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment | environment,
            input=_encoded(stdin),
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        return _checked(_answer(done))

    def ok(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a command that must succeed."""
        answer = self(*arguments, stdin=stdin)
        assert answer.code == 0, answer.err
        return answer

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command that the test observes."""
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def here(self, *arguments: str) -> Answer:
        """Run a command within this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        root = logging.getLogger()
        level, handlers = root.level, list(root.handlers)
        with patch.dict(os.environ, self.environment, clear=True), redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
        root.setLevel(level)
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
            handler.close()
        texts = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            texts.append(stream.read())
        return _checked(Answer(code, *texts))

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, for preparations."""
        return empty_database.opened(self.environment)

    def close(self) -> None:
        if "workspace" in vars(self):
            self.workspace.store.close()

    def shell(self, line: str) -> Answer:
        """Run a line of bash in which ``borgdesk`` is the command."""
        define = f'borgdesk() {{ {shlex.join(self.argv())} "$@"; }}\n'
        done = subprocess.run(
            ["bash", "-c", define + line], env=self.environment, capture_output=True, text=True, check=False
        )
        return _checked(Answer(done.returncode, done.stdout, done.stderr))

    def add_repository(self, name: str, passphrase: str | None = None, **values: Any) -> Repository:
        """Create a new Borg repository, encrypted if there is a passphrase."""
        init = Encryption.NONE if passphrase is None else Encryption.REPOKEY_BLAKE2
        return add_repository(self.workspace, self._repository(name, **values), passphrase, init)

    def add_pretended_repository(self, name: str, **values: Any) -> Repository:
        """Add a repository for which Borg is never called."""
        return self.workspace.store.repositories.add(checked(self._repository(name, **values)))

    def _repository(self, name: str, **values: Any) -> Repository:
        wanted = Repository(
            RepositoryId(0), name, str(self.folder / f"{name.lower()}.borg"), sources=(str(self.source),)
        )
        return replace(wanted, **values)

    def add_script(self, name: str, body: str = "", header: str = "", **values: Any) -> Script:
        """Add a library script that writes its name to a journal."""
        block = "".join(f"# {line}\n" for line in ["/// borgdesk", *header.splitlines(), "///"]) if header else ""
        text = f"#!/bin/bash\n{block}echo {shlex.quote(name)} >>{shlex.quote(str(self.journal_file))}\n{body}\n"
        return self.workspace.store.scripts.add(NewScript(name, text.encode(), **values))

    def assign(self, repository: str, script: str, hook: Hook, **changes: Any) -> Assignment:
        """Assign a script to a lane."""
        store = self.workspace.store
        ids = store.repositories.get(repository).id, store.scripts.get(script).id
        return assign(self.workspace, *ids, hook, Changes(**changes))

    def back_up(self, repository: str) -> Run:
        """Back up and return the finished run."""
        wanted = self.workspace.store.repositories.get(repository)
        return backup.run(self.workspace, wanted, Trigger.CLI, lambda _: None, Cancel())

    @property
    def journal_file(self) -> Path:
        return self.folder / "journal"

    @property
    def journal(self) -> list[str]:
        """The scripts that ran, in order."""
        return self.journal_file.read_text().split() if self.journal_file.exists() else []

    def wait_for(self, file: str) -> None:
        """Wait until a script has created a file."""
        wait_until((self.folder / file).exists, file)

    def add_held_script(self, name: str) -> Script:
        """Add a script that creates the file ``NAME.began`` and continues when ``NAME.go`` exists."""
        base = shlex.quote(str(self.folder / name))
        return self.add_script(name, f"touch {base}.began; until [[ -e {base}.go ]]; do sleep 0.05; done")

    def play(self, create: dict[str, Any]) -> dict[str, str]:
        """Return the environment in which the fake Borg answers ``borg create`` like this."""
        scenario = self.folder / "scenario.json"
        scenario.write_text(json.dumps({"commands": {"create": create}}))
        return {"BORGDESK_BORG": str(FAKE_BORG), "FAKE_BORG_SCENARIO": str(scenario)}

    def stub(self, text: str) -> str:
        """Create a program that replaces Borg."""
        file = self.folder / "stub"
        file.write_text(text)
        file.chmod(0o700)
        return str(file)


def end_with_guardian(process: subprocess.Popen[str]) -> None:
    """Kill the run and its guardian at once, as a power failure would."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    guardians = [pid for pid in children if b"guardian" in command_line(int(pid))]
    assert guardians
    for pid in (*map(int, guardians), process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def progress(files: int, path: str) -> dict[str, Any]:
    """Return a step of the fake Borg: one line of progress."""
    return {
        "type": "archive_progress",
        "original_size": files * 1000,
        "compressed_size": files * 500,
        "deduplicated_size": files * 10,
        "nfiles": files,
        "path": path,
        "time": 0.0,
        "finished": False,
    }


def created() -> dict[str, str]:
    """Return the last step of a fake Borg that created an archive."""
    return {"stdout": (CREATED / "stdout").read_text()}


def borg(desk: BorgDesk, *arguments: str) -> str:
    """Run Borg itself."""
    program = desk.environment.get("BORGDESK_BORG") or shutil.which("borg") or "borg"
    environment = desk.environment | {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def keys(documents: Sequence[dict[str, Any]]) -> set[str]:
    """Return the keys of documents, all of which must have the same ones."""
    found = {frozenset(document) for document in documents}
    assert len(found) == 1, found
    return set(found.pop())
