"""A small world for breaking things: a real Borg repository, scripts that keep a journal, and runs that are hurt.

The journal is what counts: every script writes when it begins and when it ends, with the machine's uptime, so that it
shows what ran, in which order, how often to its end, and how soon, whatever the history says.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Hook, RunOn, Trigger
from borgdesk.engine import procfs
from borgdesk.engine.active_run import notes_in, run_folder
from borgdesk.engine.assigning import Changes, assign
from borgdesk.engine.backup import run as back_up
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository
from borgdesk.engine.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
VICTIM = Path(__file__).with_name("victim.py")
PRE = ("pre1", "pre2", "pre3")
POST = ("post1", "post2", "post3")
LAST = ("report",)
OWED = (*POST, *LAST)

SCRIPT = """#!/bin/bash
journal=@JOURNAL@
say() { printf '%s %s %s\\n' "$1" "$2" "$(cut -d' ' -f1 /proc/uptime)" >>"$journal"; }
say begin @NAME@
echo "working"
@BODY@
say end @NAME@
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    what: str
    name: str
    uptime: float
    """Seconds since boot."""


class World:
    """One user's BorgDesk with one repository, three scripts before, three after and one at the end."""

    def __init__(self, folder: Path, borg: str) -> None:
        self.folder = folder
        self.journal_file = folder / "journal"
        self.journal_file.touch()
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "small.txt").write_text("something to back up\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            "BORGDESK_HOME": str(folder / "desk"),
            "BORG_BASE_DIR": str(folder / "borg"),
            "BORG_SELFTEST": "disabled",
            "BORGDESK_BORG": borg,
            "PYTHONPATH": str(ROOT),
        }
        (folder / "home").mkdir()
        self.workspace = Workspace.open(self.environment)
        self.repository = add_repository(
            self.workspace,
            Repository(
                0,
                "Documents",
                str(folder / "repository"),
                sources=(str(self.source),),
                retention=Retention(last=3),
                archive_name="documents-{now:%Y-%m-%dT%H:%M:%S.%f}",
            ),
            "a passphrase",
            Encryption.REPOKEY_BLAKE2,
        )
        for names, hook in ((PRE, Hook.PRE_BACKUP), (POST, Hook.POST_BACKUP), (LAST, Hook.POST_RUN)):
            for name in names:
                self.add_script(name, hook)

    def close(self) -> None:
        self.workspace.store.close()

    def add_script(self, name: str, hook: Hook, body: str = ":", run_on: str = "always", timeout: int = 60) -> None:
        script = self.workspace.store.scripts.add(
            name, self.script(name, body), timeout=timeout, run_on=RunOn.parse(run_on)
        )
        assign(self.workspace, self.repository.id, script.id, hook, Changes())

    def script(self, name: str, body: str) -> bytes:
        text = SCRIPT.replace("@JOURNAL@", str(self.journal_file)).replace("@NAME@", name).replace("@BODY@", body)
        return text.encode()

    def rewrite(self, name: str, body: str, timeout: int = 60) -> None:
        """Give a script another body."""
        script = self.workspace.store.scripts.get(name)
        self.workspace.store.scripts.save(script.id, self.script(name, body))
        self.workspace.store.scripts.edit(script.id, timeout=timeout)

    def make_create_slow(self) -> None:
        """Give Borg some seconds of work: data that cannot be compressed, compressed hard.

        In many files, since Borg heeds a signal only between two chunks: one big chunk takes a busy machine seconds.
        """
        for number in range(100):
            (self.source / f"{number}.bin").write_bytes(os.urandom(64 * 1024))
        self.repository = self.workspace.store.repositories.update(replace(self.repository, compression="lzma,9"))

    def start_victim(self, step: str, fault: str) -> subprocess.Popen[str]:
        """A run in a process of its own, to which *fault* happens at *step*."""
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(VICTIM), json.dumps({"step": step, "fault": fault})],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of BorgDesk, as people type it."""
        return subprocess.run(
            [sys.executable, "-m", "borgdesk", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            timeout=120,
        )

    def wait_for_guardian(self) -> None:
        """Wait until nobody works at the location any more: the guardian holds the turn until it is done."""
        name = hashlib.sha256(os.path.realpath(self.repository.location).encode()).hexdigest()[:32] + ".lock"
        path = self.workspace.paths.turns / name
        if path.exists():
            with path.open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)

    def journal(self) -> list[Entry]:
        """What scripts did, in order."""
        lines = [line.split() for line in self.journal_file.read_text().splitlines()]
        return [Entry(what, name, float(uptime)) for what, name, uptime in lines]

    def ended(self) -> list[str]:
        """Names of the scripts that came to their end, in order, as often as they did."""
        return [entry.name for entry in self.journal() if entry.what == "end"]

    def forget_journal(self) -> None:
        self.journal_file.write_text("")

    def newest_run(self) -> Run:
        """The newest run with its executions."""
        (newest,) = self.workspace.store.runs.list(limit=1)
        return self.workspace.store.runs.get(newest.id)

    def run_again(self) -> Run:
        """A normal run in this process."""
        return back_up(self.workspace, self.repository, Trigger.USER, lambda _: None, Cancel())

    def leftover_processes(self) -> list[procfs.Process]:
        """Processes of any run of this world: scripts, Borg, guardians."""
        markers = [
            frozenset({f"BORGDESK_STATE_DIR={notes_in(run_folder(self.workspace, run.id))}"})
            for run in self.workspace.store.runs.list(limit=1000)
        ]
        home = frozenset({f"BORGDESK_HOME={self.environment['BORGDESK_HOME']}"})
        return [
            process
            for process in procfs.processes()
            if process.pid != os.getpid() and any(procfs.has_marker(process.pid, m) for m in (*markers, home))
        ]

    def locks(self) -> list[Path]:
        """Lock files of Borg, on the repository and in its cache, that name a holder."""
        places = (Path(self.repository.location), self.folder / "borg")
        return [
            entry for place in places for lock in place.rglob("lock.exclusive") for entry in (lock, *lock.iterdir())
        ] + [
            roster
            for place in places
            for roster in place.rglob("lock.roster")
            if any(json.loads(roster.read_text() or "{}").values())
        ]


def order_of_first_ends(ended: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of *names* that ended, by when they first did."""
    return [name for name in dict.fromkeys(ended) if name in names]
