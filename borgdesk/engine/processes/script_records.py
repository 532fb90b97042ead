"""Reads the records that supervisors write about scripts: the process identity while it runs, and its exit code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.domain.ids import ExecutionId
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.supervisor import HALF


def records_in(folder: Path) -> Path:
    """Return the folder for records within the private folder of a run or test."""
    return folder / "scripts"


def record_file(folder: Path, execution_id: ExecutionId) -> Path:
    """Return the path of an execution's record in the folder of its run."""
    return records_in(folder) / str(execution_id)


def forget_records(folder: Path) -> None:
    """Remove all records of a run, once history contains what they say."""
    private.remove(folder, records_in(folder).name)


@dataclass(frozen=True, slots=True)
class Began:
    """The start of a script."""

    supervisor: tuple[int, int]
    """Its pid, and clock ticks from boot to its start."""
    boot_id: str
    script: tuple[int, int]
    stdout: int
    """The supervisor's descriptor of the read end."""
    stderr: int
    at: float
    """Time on the monotonic clock of that boot."""

    def session(self) -> frozenset[int]:
        """The number of its process and session, unless it has been reused."""
        pid, started = self.script
        now = procfs.look_up(pid)
        foreign = self.boot_id != procfs.boot_id() or (now is not None and now.started != started)
        return frozenset() if foreign else frozenset({pid})


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a script."""

    code: int
    """The exit code, negative for a signal."""
    at: float
    """Seconds since the epoch."""
    alone: bool = False
    """Whether its supervisor has lost its master, so that it starts nothing else."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a script. With neither field set, starting it was attempted."""

    began: Began | None = None
    ended: Ended | None = None


def read_record(path: Path) -> Record | None:
    """Read a record; None if there is none, which means that the script was not started."""
    try:
        # O_NONBLOCK: a named pipe that somebody put in its place must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            content = os.read(descriptor, 4 * HALF)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return Record(_began(content[:HALF].split()), _ended(content[HALF:].split()))


def all_records(folder: Path) -> list[Record]:
    """Return all records in the folder of a run."""
    try:
        paths = list(records_in(folder).iterdir())
    except OSError:
        return []
    return [record for record in map(read_record, paths) if record is not None]


def _began(words: list[bytes]) -> Began | None:
    try:
        state, supervisor, boot_id, script, stdout, stderr, at = words
        if state != b"running":
            return None
        return Began(_identity(supervisor), boot_id.decode(), _identity(script), int(stdout), int(stderr), float(at))
    except ValueError:
        return None


def _identity(word: bytes) -> tuple[int, int]:
    pid, _, started = word.partition(b":")
    return int(pid), int(started)


def _ended(words: list[bytes]) -> Ended | None:
    try:
        state, code, at, *more = words
        return Ended(int(code), float(at), bool(more)) if state == b"ended" else None
    except ValueError:
        return None
