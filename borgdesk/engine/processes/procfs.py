"""Reads ``/proc``: process identity, parents, sessions, environments, and open pipes."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from borgdesk.domain.history import ProcessIdentity
from borgdesk.engine.processes.process_environment import read_environment

_PROC = Path("/proc")

_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
"""Errors that mean that a process is gone or not ours. Running out of descriptors does not: whoever took it for the end
of a process would execute what is owed while the run is still alive."""


@dataclass(frozen=True, slots=True)
class Process:
    """An entry of the process table. Zombies are left out: they hold nothing and cannot be killed."""

    pid: int
    parent: int
    session: int
    started: int
    """Clock ticks from boot to its start."""


@cache
def boot_id() -> str:
    """Return the id of the current boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identity(pid: int | None = None) -> ProcessIdentity:
    """Return the identity of *pid*, by default of this process.

    Raises:
        ProcessLookupError: there is no such process.
    """
    process = look_up(os.getpid() if pid is None else pid)
    if process is None:
        raise ProcessLookupError(pid)
    return ProcessIdentity(process.pid, process.started, boot_id())


def is_alive(who: ProcessIdentity) -> bool:
    """Return whether exactly this process still runs: same boot, same pid, same start time."""
    if who.boot_id != boot_id():
        return False
    process = look_up(who.pid)
    return process is not None and process.started == who.started


def look_up(pid: int) -> Process | None:
    """Return the process with this pid, unless it is gone or a zombie."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except _GONE:
        return None
    # The name in parentheses may contain spaces and parentheses: the fields begin after the last one.
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in ("Z", "X"):
        return None
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def code_of_zombie(pid: int, started: int | None = None) -> int | None:
    """Return the exit code of a zombie, negative for a signal.

    None if the process has not ended, is gone, or belongs to another user, or if the process with this pid was not
    *started* at that time.
    """
    folder = _PROC / str(pid)
    try:
        stat = (folder / "stat").read_text(errors="replace")
        fields = stat[stat.rindex(")") + 2 :].split()
        if fields[0] != "Z" or (started is not None and int(fields[19]) != started):
            return None
        # After a change of user, the kernel reports 0 instead of the exit code, and denies access to this link.
        (folder / "exe").readlink()
    except FileNotFoundError:
        return os.waitstatus_to_exitcode(int(fields[49])) if folder.exists() else None
    except (OSError, ValueError, IndexError):
        return None
    return None


def frozen_holders(path: Path) -> list[Process]:
    """Return stopped processes (SIGSTOP) that hold a file open."""
    return [process for process in processes() if _is_frozen(process.pid) and _holds_file(process.pid, path)]


def _is_frozen(pid: int) -> bool:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except _GONE:
        return False
    return stat[stat.rindex(")") + 2] == "T"


def _holds_file(pid: int, path: Path) -> bool:
    with contextlib.suppress(*_GONE), os.scandir(_PROC / str(pid) / "fd") as descriptors:
        return any(_target(Path(entry.path)) == str(path) for entry in descriptors)
    return False


def file_open_in(pid: int, folder: Path) -> Path | None:
    """Return a file below *folder* that a process has open, relative to it; None if there is none."""
    with contextlib.suppress(*_GONE), os.scandir(_PROC / str(pid) / "fd") as descriptors:
        for entry in descriptors:
            target = _target(Path(entry.path))
            if target is not None and target.startswith(f"{folder}/"):
                return Path(target).relative_to(folder)
    return None


def bytes_written(pid: int) -> int:
    """Return how many bytes a process has written, to wherever; 0 if that cannot be read."""
    try:
        counters = (_PROC / str(pid) / "io").read_text()
    except _GONE:
        return 0
    return int(counters.partition("wchar:")[2].split()[0])


def processes() -> Iterator[Process]:
    """Yield all processes of the machine, in no particular order."""
    with os.scandir(_PROC) as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for pid in pids:
        if (process := look_up(pid)) is not None:
            yield process


Marker = frozenset[str]
"""``NAME=value`` strings that are all in the environment of one script's, or one Borg's, processes and of no others."""


def has_marker(pid: int, marker: Marker) -> bool:
    """Return whether *pid* was started with all of *marker* in its environment; False if it cannot be read."""
    try:
        environment = read_environment(pid)
    except _GONE:
        return False
    return {os.fsencode(assignment) for assignment in marker} <= set(environment.split(b"\0"))


def holds_pipe(pid: int, inodes: frozenset[int]) -> bool:
    """Return whether *pid* can write to one of these pipes.

    Read ends do not count: between fork and exec, a program being started by another thread has all of ours.
    """
    targets = {f"pipe:[{inode}]" for inode in inodes}
    with contextlib.suppress(*_GONE), os.scandir(_PROC / str(pid) / "fd") as descriptors:
        return any(_target(Path(entry.path)) in targets and _is_writable(pid, entry.name) for entry in descriptors)
    return False


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except _GONE:
        return None


def _is_writable(pid: int, descriptor: str) -> bool:
    try:
        lines = (_PROC / str(pid) / "fdinfo" / descriptor).read_text().splitlines()
    except _GONE:
        return False
    flags = next((line.split()[1] for line in lines if line.startswith("flags:")), "0")
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def parents_first(processes: Iterable[Process]) -> list[Process]:
    """Sort processes by start time, the order in which they must be signalled.

    If a child were killed first, its shell might start the next command.
    """
    return sorted(processes, key=lambda process: (process.started, process.pid))


def family(roots: frozenset[int], marker: Marker) -> set[Process]:
    """Return all processes that descend from *roots*, share a session with one of them, or carry *marker*.

    The marker finds grandchildren that left the session and whose parents are gone; an empty marker matches nothing.
    This process itself is never included.
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


def may_be_signalled(process: Process) -> bool:
    """Return whether we may signal a process; False for one that ``sudo`` started as another user."""
    try:
        os.kill(process.pid, 0)
    except PermissionError:
        return False
    except ProcessLookupError:
        pass
    return True


def send(process: Process, number: signal.Signals) -> None:
    """Signal exactly this process, through a pidfd, so that a reused pid is never hit."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(process.pid)
        try:
            current = look_up(process.pid)
            if current is not None and current.started == process.started:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
