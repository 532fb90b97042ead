"""External faults: small disks, a locked database, and actions at a given event."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from borgdesk.domain.events import BorgProgressed, Event, ExecutionEnded, OutputPrinted, StepBegan
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import ExecutionStatus, Step, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.backup import run as back_up
from tests.faults.lab import OWED, World
from tests.listening import InStep

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the small disk that gets full")

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


class SmallDisk:
    """A separate file system in memory."""

    def __init__(self, path: Path, options: str) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "borgdesk-test", str(path)], check=True)

    @property
    def filler(self) -> Path:
        return self.path / "filler"

    def fill(self) -> None:
        """Fill it completely."""
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        self.filler.unlink(missing_ok=True)

    def unplug(self) -> None:
        """Remove it, even if it is in use."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=False, capture_output=True)


class HeldDatabase:
    """Another program that locks the database until it is told to unlock it."""

    def __init__(self, path: Path) -> None:
        self._holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"held\n"

    def release(self) -> None:
        if self._holder.poll() is None:
            self._holder.communicate()


@dataclass
class Striker:
    """Listens to a run and acts once, at the first event that *when* accepts."""

    when: Callable[[Event], bool]
    strike: Callable[[], object]
    events: list[Event] = field(default_factory=list)
    struck: bool = False

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if not self.struck and self.when(event):
            self.struck = True
            self.strike()


def step_begins(step: Step) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, StepBegan) and event.step is step


def script_ends(name: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, ExecutionEnded) and event.name == name


def borg_reads(event: Event) -> bool:
    """Return whether Borg has read something, and is thus in the middle of its work."""
    return isinstance(event, BorgProgressed) and bool(event.original_size)


def script_prints(text: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, OutputPrinted) and text in event.lines


def run_with(
    world: World, when: Callable[[Event], bool], strike: Callable[[], object], cancel: Cancel | None = None
) -> Run:
    """Execute a run in this process, with an action during it."""
    striker = Striker(when, strike)
    run = back_up(world.workspace, world.repository, Trigger.USER, InStep(striker), cancel or Cancel())
    assert striker.struck
    return run


@contextlib.contextmanager
def once_owed_is_done(world: World, act: Callable[[], object]) -> Iterator[None]:
    """Call *act* in the background as soon as the last pending script has ended, and not before."""
    given_up = threading.Event()

    def wait() -> None:
        while OWED[-1] not in world.ended() and not given_up.wait(0.05):
            pass
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        given_up.set()
        thread.join()


def after(seconds: float, act: Callable[[], object]) -> threading.Thread:
    """Call *act* in the background after some time, for faults that end by themselves."""

    def wait() -> None:
        time.sleep(seconds)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def execution(run: Run, name: str) -> Execution:
    (found,) = [one for one in run.executions if one.planned.name == name]
    return found


def check_owed(world: World, run: Run, failed: tuple[str, ...] = ()) -> None:
    """Check that all pending scripts ended once and in order, that the history is complete, and nothing is left."""
    assert [name for name in world.ended() if name in OWED] == [name for name in OWED if name not in failed]
    kept = world.workspace.store.runs.get(run.id)
    assert kept.status == run.status
    assert kept.status.is_final
    assert kept.finished_at is not None
    assert {e.planned.name for e in kept.executions} >= set(OWED)
    for one in kept.executions:
        assert one.status.is_final, one
        if one.planned.hook.is_post and one.planned.name not in failed:
            assert one.status is ExecutionStatus.SUCCESS, one
    assert world.leftover_processes() == []


def empty_write_ahead_log(path: Path) -> None:
    """Leave SQLite no preallocated space: its next write needs new blocks of the disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def overwrite(path: Path) -> None:
    """Overwrite a database with something else of the same size."""
    text = b"not a database"
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if file.exists():
            size = file.stat().st_size
            with file.open("r+b") as database:
                database.write((text * (size // len(text) + 1))[:size])
