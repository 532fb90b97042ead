"""Environment for fault injection: a real Borg repository, scripts that write a journal, and runs that are disturbed.

The journal is authoritative: every script writes when it begins and when it ends, with the machine's uptime, so that it
shows what ran, in which order, how often to its end, and how soon, whatever the history says.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Hook, RunOn, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import mark_of
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs.backup import run as back_up
from borgdesk.engine.runs.run_folders import notes_in, run_folder
from tests import empty_database

ROOT = Path(__file__).parent.parent.parent
VICTIM = Path(__file__).with_name("victim.py")
PRE = ("pre1", "pre2", "pre3")
POST = ("post1", "post2", "post3")
LAST = ("report",)
OWED = (*POST, *LAST)

SCRIPT = """#!/bin/bash
journal=@JOURNAL@
say() {
    told="$BORGDESK_RUN_ID ${BORGDESK_OUTCOME:--}"
    printf '%s %s %s %s\\n' "$1" "$2" "$(cut -d' ' -f1 /proc/uptime)" "$told" >>"$journal"
}
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
    """In seconds since boot."""
    run: int
    """Number of the run."""
    outcome: str = "-"
    """What the script was told of the backup."""


class World:
    """BorgDesk of one user with one repository, three scripts before, three after and one at the end."""

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
        self.workspace = empty_database.opened(self.environment)
        self.repository = self._new_repository("Documents", "repository")
        for names, hook in ((PRE, Hook.PRE_BACKUP), (POST, Hook.POST_BACKUP), (LAST, Hook.POST_RUN)):
            for name in names:
                self.add_script(name, hook)

    def _new_repository(self, name: str, folder: str) -> Repository:
        repository = Repository(
            RepositoryId(0),
            name,
            str(self.folder / folder),
            sources=(str(self.source),),
            retention=Retention(last=3),
            archive_name=name.lower() + "-{now:%Y-%m-%dT%H:%M:%S.%f}",
        )
        return add_repository(self.workspace, repository, "a passphrase", Encryption.REPOKEY_BLAKE2)

    def add_repository(self, name: str) -> Repository:
        """Add another repository with the scripts of the first."""
        made = self._new_repository(name, f"repository of {name}")
        for one in self.workspace.store.assignments.list(self.repository.id):
            assign(self.workspace, made.id, one.script_id, one.hook, Changes())
        return made

    def close(self) -> None:
        self.workspace.store.close()

    def add_script(self, name: str, hook: Hook, body: str = ":", run_on: str = "always", timeout: int = 60) -> None:
        script = self.workspace.store.scripts.add(
            NewScript(name, self.script(name, body), timeout=timeout, run_on=RunOn.parse(run_on))
        )
        assign(self.workspace, self.repository.id, script.id, hook, Changes())

    def script(self, name: str, body: str) -> bytes:
        text = SCRIPT.replace("@JOURNAL@", str(self.journal_file)).replace("@NAME@", name).replace("@BODY@", body)
        return text.encode()

    def rewrite(self, name: str, body: str, timeout: int = 60) -> None:
        """Replace the body of a script."""
        script = self.workspace.store.scripts.get(name)
        self.workspace.store.scripts.save(script.id, self.script(name, body))
        self.workspace.store.scripts.edit(script.id, script.details._replace(timeout=timeout))

    def make_create_slow(self) -> None:
        """Give Borg some seconds of work: incompressible data, with strong compression.

        It is spread over many files, since Borg reacts to a signal only between two chunks: with one big chunk that
        takes a busy machine seconds.
        """
        for number in range(100):
            (self.source / f"{number}.bin").write_bytes(os.urandom(64 * 1024))
        self.repository = self.workspace.store.repositories.update(replace(self.repository, compression="lzma,9"))

    def start_victim(
        self, step: str, fault: str, cwd: Path = Path("/"), prefix: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Start a run in a separate process that suffers *fault* at *step*."""
        return subprocess.Popen(
            [*prefix, sys.executable, "-W", "error", str(VICTIM), json.dumps({"step": step, "fault": fault})],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
        )

    def argv(self, *arguments: str) -> list[str]:
        """Return the arguments of a BorgDesk command."""
        return [sys.executable, "-m", "borgdesk", *arguments]

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a BorgDesk command as a user would."""
        return subprocess.run(
            self.argv(*arguments),
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            timeout=120,
        )

    def wait_for_guardians(self) -> None:
        """Wait until all locations are free: a guardian keeps its turn until it is done."""
        for path in self.workspace.paths.turns.glob("*.lock"):
            with path.open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)

    def journal(self) -> list[Entry]:
        """Return what the scripts recorded, in order."""
        lines = [line.split() for line in self.journal_file.read_text().splitlines()]
        return [Entry(what, name, float(uptime), int(run), *told) for what, name, uptime, run, *told in lines]

    def ended(self) -> list[str]:
        """Return the names of the scripts that reached their end, in order, with repetitions."""
        return [entry.name for entry in self.journal() if entry.what == "end"]

    def forget_journal(self) -> None:
        self.journal_file.write_text("")

    def newest_run(self) -> Run:
        """Return the newest run with its executions."""
        (newest,) = self.workspace.store.runs.list(limit=1)
        return self.workspace.store.runs.get(newest.id)

    def run_again(self) -> Run:
        """Execute a normal run in this process."""
        return back_up(self.workspace, self.repository, Trigger.USER, lambda _: None, Cancel())

    def leftover_processes(self, runs: Sequence[Run] | None = None) -> list[procfs.Process]:
        """Return the processes of *runs*, or of any run of this world: scripts, Borg, guardians."""
        markers = [
            frozenset({mark_of(run.token, notes_in(run_folder(self.workspace, run.id)))})
            for run in (self.workspace.store.runs.list(limit=1000) if runs is None else runs)
        ]
        home = frozenset({f"BORGDESK_HOME={self.environment['BORGDESK_HOME']}"})
        return [
            process
            for process in procfs.processes()
            if process.pid != os.getpid() and any(procfs.has_marker(process.pid, m) for m in (*markers, home))
        ]

    def locks(self) -> list[Path]:
        """Return Borg's lock files, on the repository and in its cache, that name a holder."""
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
    """Return those of *names* that ended, ordered by their first end."""
    return [name for name in dict.fromkeys(ended) if name in names]
