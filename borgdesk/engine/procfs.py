"""Processes as Linux shows them below ``/proc``: who is who, who descends from whom, who holds a pipe."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from borgdesk.domain.history import ProcessIdentity

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table. A zombie is not in it: it holds nothing and cannot be ended."""

    pid: int
    parent: int
    session: int
    started: int
    """Clock ticks from boot to its start."""


@cache
def boot_id() -> str:
    """The identity of this boot of the machine."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identity(pid: int | None = None) -> ProcessIdentity:
    """Who *pid* (this process, without one) is.

    Raises:
        ProcessLookupError: there is no such process.
    """
    process = look_up(os.getpid() if pid is None else pid)
    if process is None:
        raise ProcessLookupError(pid)
    return ProcessIdentity(process.pid, process.started, boot_id())


def is_alive(who: ProcessIdentity) -> bool:
    """Whether exactly this process still runs: same boot, same pid, same start."""
    if who.boot_id != boot_id():
        return False
    process = look_up(who.pid)
    return process is not None and process.started == who.started


def look_up(pid: int) -> Process | None:
    """The process with this pid, unless it is gone or a zombie."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name in parentheses may itself hold blanks and parentheses: the fields begin after the last one.
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in ("Z", "X"):
        return None
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def processes() -> Iterator[Process]:
    """Every process of the machine, in no order."""
    with os.scandir(_PROC) as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for pid in pids:
        if (process := look_up(pid)) is not None:
            yield process


Marker = frozenset[str]
"""``NAME=value`` strings that only the processes of one script, or of one Borg, all have in their environment."""


def has_marker(pid: int, marker: Marker) -> bool:
    """Whether *pid* was started with all of *marker* in its environment. What we may not read counts as no."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return {os.fsencode(assignment) for assignment in marker} <= set(environment.split(b"\0"))


def holds_pipe(pid: int, inodes: frozenset[int]) -> bool:
    """Whether *pid* can write into one of these pipes.

    Reading does not count: between fork and exec a program that another thread of ours starts has all that we read.
    """
    targets = {f"pipe:[{inode}]" for inode in inodes}
    with contextlib.suppress(OSError), os.scandir(_PROC / str(pid) / "fd") as descriptors:
        return any(_target(Path(entry.path)) in targets and _is_writable(pid, entry.name) for entry in descriptors)
    return False


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:
        return None


def _is_writable(pid: int, descriptor: str) -> bool:
    try:
        lines = (_PROC / str(pid) / "fdinfo" / descriptor).read_text().splitlines()
    except OSError:
        return False
    flags = next((line.split()[1] for line in lines if line.startswith("flags:")), "0")
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def parents_first(processes: Iterable[Process]) -> list[Process]:
    """In the order in which they were started, which is the order in which they must be signalled.

    A shell whose child is ended before it goes on with its next command.
    """
    return sorted(processes, key=lambda process: (process.started, process.pid))


def family(roots: frozenset[int], marker: Marker) -> set[Process]:
    """All processes that descend from *roots*, share a session with one of them, or carry *marker*.

    The marker finds grandchildren that left the session and whose parents are gone; an empty one marks nobody. This
    process itself is never a member.
    """
    table = {process.pid: process for process in processes()}
    members = {
        process
        for process in table.values()
        if process.pid in roots or process.session in roots or (marker and has_marker(process.pid, marker))
    }
    grown = True
    while grown:
        pids = {member.pid for member in members}
        found = {process for process in table.values() if process.parent in pids}
        grown = not found <= members
        members |= found
    return {member for member in members if member.pid != os.getpid()}


def send(process: Process, number: signal.Signals) -> None:
    """Signal exactly this process: through a pidfd, so that a pid that is used again is never hit."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(process.pid)
        try:
            current = look_up(process.pid)
            if current is not None and current.started == process.started:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
