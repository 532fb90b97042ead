"""The real command, with everything it keeps below one folder.

What a test looks at happens in processes of its own, as for a user. What it needs before is made here and now, by the
same services; and tables of many small cases call the command's ``main`` here, because a process costs a second.
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
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Trigger
from borgdesk.domain.script import Script
from borgdesk.engine import backup
from borgdesk.engine.assigning import Changes, assign
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository, checked
from borgdesk.engine.workspace import Workspace

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
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        return self.err.splitlines()


def _checked(answer: Answer) -> Answer:
    assert not re.search("^Traceback", answer.err, re.MULTILINE), answer.err
    assert "should not have" not in answer.err, answer.err
    return answer


class BorgDesk:
    """One user's BorgDesk, as it is used from a shell."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.home = folder / "home"
        self.environment = {
            # The fake Borg starts sooner with this very Python than with what may be in front of it.
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
        """Run a command to its end."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment | environment,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        return _checked(Answer(done.returncode, done.stdout.decode(), done.stderr.decode()))

    def ok(self, *arguments: str, stdin: str = "") -> Answer:
        """The same for a command that must work."""
        answer = self(*arguments, stdin=stdin)
        assert answer.code == 0, answer.err
        return answer

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Begin a command that the test watches."""
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
        """Run a command without a process of its own."""
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
        """For what a test needs, not for what it looks at."""
        return Workspace.open(self.environment)

    def close(self) -> None:
        if "workspace" in vars(self):
            self.workspace.store.close()

    def shell(self, line: str) -> Answer:
        """A line of bash in which ``borgdesk`` is the command."""
        define = f'borgdesk() {{ {shlex.join(self.argv())} "$@"; }}\n'
        done = subprocess.run(
            ["bash", "-c", define + line], env=self.environment, capture_output=True, text=True, check=False
        )
        return _checked(Answer(done.returncode, done.stdout, done.stderr))

    def add_repository(self, name: str, passphrase: str | None = None, **values: Any) -> Repository:
        """A new repository of Borg, encrypted where there is a passphrase."""
        init = Encryption.NONE if passphrase is None else Encryption.REPOKEY_BLAKE2
        return add_repository(self.workspace, self._repository(name, **values), passphrase, init)

    def add_pretended_repository(self, name: str, **values: Any) -> Repository:
        """One that no real Borg will be asked for."""
        return self.workspace.store.repositories.add(checked(self._repository(name, **values)))

    def _repository(self, name: str, **values: Any) -> Repository:
        wanted = Repository(0, name, str(self.folder / f"{name.lower()}.borg"), sources=(str(self.source),))
        return replace(wanted, **values)

    def add_script(self, name: str, body: str = "", header: str = "", **values: Any) -> Script:
        """A script of the library that says its name in a journal."""
        block = "".join(f"# {line}\n" for line in ["/// borgdesk", *header.splitlines(), "///"]) if header else ""
        text = f"#!/bin/bash\n{block}echo {shlex.quote(name)} >>{shlex.quote(str(self.journal_file))}\n{body}\n"
        return self.workspace.store.scripts.add(name, text.encode(), **values)

    def assign(self, repository: str, script: str, hook: Hook, **changes: Any) -> Assignment:
        """Place a script in a lane."""
        store = self.workspace.store
        ids = store.repositories.get(repository).id, store.scripts.get(script).id
        return assign(self.workspace, *ids, hook, Changes(**changes))

    def back_up(self, repository: str) -> Run:
        """A run that is over."""
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
        """Wait until a script has made a file."""
        wait_until((self.folder / file).exists, file)

    def add_held_script(self, name: str) -> Script:
        """A script that makes the file ``NAME.began`` and goes on when there is one called ``NAME.go``."""
        base = shlex.quote(str(self.folder / name))
        return self.add_script(name, f"touch {base}.began; until [[ -e {base}.go ]]; do sleep 0.05; done")

    def play(self, create: dict[str, Any]) -> dict[str, str]:
        """The environment in which the fake Borg answers ``borg create``."""
        scenario = self.folder / "scenario.json"
        scenario.write_text(json.dumps({"commands": {"create": create}}))
        return {"BORGDESK_BORG": str(FAKE_BORG), "FAKE_BORG_SCENARIO": str(scenario)}

    def stub(self, text: str) -> str:
        """A program that takes the place of Borg."""
        file = self.folder / "stub"
        file.write_text(text)
        file.chmod(0o700)
        return str(file)


def end_with_guardian(process: subprocess.Popen[str]) -> None:
    """What a power failure does to a run: all that could finish it is gone at once."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    guardians = [pid for pid in children if b"guardian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert guardians
    for pid in (*map(int, guardians), process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def progress(files: int, path: str) -> dict[str, Any]:
    """A step of the fake Borg: one line of progress."""
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
    """The last step of a fake Borg that made an archive."""
    return {"stdout": (CREATED / "stdout").read_text()}


def borg(desk: BorgDesk, *arguments: str) -> str:
    """Ask Borg itself."""
    program = desk.environment.get("BORGDESK_BORG") or shutil.which("borg") or "borg"
    environment = desk.environment | {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def keys(documents: Sequence[dict[str, Any]]) -> set[str]:
    """The keys of documents that must have the same ones."""
    found = {frozenset(document) for document in documents}
    assert len(found) == 1, found
    return set(found.pop())
