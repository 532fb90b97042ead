"""Measures a folder in a process of its own, which may be abandoned if a disk hangs."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import PROBE_LIMIT
from borgdesk.engine.processes.mount_table import read_mounts

MEASURE_LIMIT = 300.0
"""Seconds for one folder; a million files on a hard disk take two or three minutes."""

_PROGRAM = Path(__file__).with_name("folder_size_program.py").read_text()

_WITHOUT_FILES = frozenset(
    "binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl hugetlbfs mqueue nsfs proc pstore"
    " rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)
"""File systems of the kernel: what looks like a file of many terabytes there takes no room."""


class End(Enum):
    """Why a folder is not measured any further."""

    DONE = auto()
    GOES_ON = auto()
    """It is being measured."""
    STOPPED = auto()
    """Somebody wanted it to stop."""
    LATE = auto()
    """It took too long."""
    NO_ANSWER = auto()
    """Its disk does not respond."""
    MISSING = auto()


@dataclass(frozen=True, slots=True)
class FolderSize:
    """What is known of a folder, or of a single file."""

    end: End = End.GOES_ON
    size: int = 0
    """Bytes of the files that were seen; several names of a file count once."""
    files: int = 0
    unread: int = 0
    """Folders and files inside that cannot be read."""
    shared: int = 0
    """Bytes of those files that have names elsewhere, too."""
    real: str = ""
    """Its path without links."""
    device: int = 0
    """Of its file system."""

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing else in it."""
        return self.end is End.DONE and not self.unread


@dataclass(frozen=True, slots=True)
class TotalSize:
    """The size of several folders together."""

    size: int
    files: int
    is_least: bool
    """Whether there may be more."""
    is_most: bool
    """Whether there may be less, since the folders may have files in common."""


def measure_folder(
    path: str,
    cancel: Cancel | None = None,
    watch: Callable[[FolderSize], None] = lambda _: None,
    *,
    one_file_system: bool = False,
    limit: float = MEASURE_LIMIT,
    silence: float = PROBE_LIMIT,
) -> FolderSize:
    """Return the size of the folder or file at *path*; *watch* gets what is known, a few times per second.

    *limit* is for all of it, *silence* for the disk to respond.

    Raises:
        StartFailed: no process can be started.
    """
    cancel = cancel or Cancel()
    argv = [sys.executable, "-I", "-S", "-c", _PROGRAM, path, "1" if one_file_system else "", *_points_without_files()]
    over = time.monotonic() + limit
    found = FolderSize()
    lines = process.answers(argv, {"LC_ALL": "C.UTF-8"}, silence, lambda: cancel.asked or time.monotonic() >= over)
    for line in lines:
        numbers = ast.literal_eval(line.decode())
        if numbers is None:
            return FolderSize(End.MISSING)
        is_done, *values = numbers
        found = FolderSize(End.DONE if is_done else End.GOES_ON, *values)
        if is_done:
            return found
        watch(found)
    if cancel.asked:
        return replace(found, end=End.STOPPED)
    return replace(found, end=End.LATE if time.monotonic() >= over else End.NO_ANSWER)


def total_of(found: Collection[FolderSize], *, one_file_system: bool = False) -> TotalSize:
    """Return the size of all together: what is inside another one counts once."""
    apart = [one for number, one in enumerate(found) if not _is_inside(one, number, [*found], one_file_system)]
    return TotalSize(
        sum(one.size for one in apart),
        sum(one.files for one in apart),
        is_least=not all(one.is_whole for one in found if one.end is not End.MISSING),
        is_most=sum(one.shared > 0 for one in apart) > 1,
    )


def _is_inside(one: FolderSize, number: int, found: list[FolderSize], one_file_system: bool) -> bool:
    return bool(one.real) and any(
        place != number
        and other.real
        and Path(one.real).is_relative_to(other.real)
        and (one.real != other.real or place < number)
        and (not one_file_system or one.device == other.device)
        for place, other in enumerate(found)
    )


def _points_without_files() -> list[str]:
    try:
        # Of several at the same place, the last one hides the others.
        seen = {mount.point: mount.kind for mount in read_mounts()}
    except OSError:
        return []
    return [point for point, kind in seen.items() if kind in _WITHOUT_FILES]
