"""Shared helpers of the restore tests: a source with all kinds of files, and restores as runs."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from borgdesk.domain.archive import Archive
from borgdesk.domain.events import BorgBegan, Event, Tell
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.restore import RestoreReport
from borgdesk.domain.run import BorgStep, RunStatus, Trigger
from borgdesk.engine.archives.archive_list import ArchiveList, read_archives
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore, run
from tests.engine.desk import Desk
from tests.listening import InStep

Tree = dict[str, tuple[object, ...]]


def tree(folder: Path) -> Tree:
    """Return everything visible in a folder: kinds, modes, times in nanoseconds, contents."""
    found: Tree = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content: object = None
        if path.is_symlink():
            content = path.readlink()
        elif path.is_file():
            content = path.read_bytes()
        time_seen = None if path.is_symlink() else status.st_mtime_ns
        found[str(path.relative_to(folder))] = (stat.S_IFMT(status.st_mode), status.st_mode, time_seen, content)
    return found


def fill(folder: Path) -> None:
    (folder / "letters" / "old").mkdir(parents=True)
    (folder / "letters" / "one.txt").write_text("one")
    (folder / "letters" / "old" / "two.txt").write_text("two")
    (folder / "letters" / "old" / "locked").mkdir()
    (folder / "letters" / "old" / "locked" / "file").write_text("in a locked folder")
    (folder / "letters" / "old" / "locked").chmod(0o500)
    (folder / "link").symlink_to("letters/one.txt")
    os.mkfifo(folder / "pipe", 0o640)
    (folder / "empty").write_bytes(b"")
    (folder / "script").write_text("#!/bin/sh\n")
    (folder / "script").chmod(0o4750)
    os.utime(folder / "empty", (0, 0))


def change(folder: Path) -> None:
    """Change the folder as after a backup: one file is changed, one is deleted, one is new."""
    (folder / "letters" / "one.txt").write_text("changed since")
    (folder / "letters" / "old" / "two.txt").unlink()
    (folder / "letters" / "new.txt").write_text("new since")


def in_place(desk: Desk, on_conflict: OnConflict = OnConflict.REPLACE, *, verify: bool = False) -> RestoreRequest:
    return RestoreRequest((str(desk.source),), on_conflict=on_conflict, verify=verify)


def restore(desk: Desk, request: RestoreRequest, cancel: Cancel | None = None, listen: Tell | None = None) -> Run:
    """Restore from the newest archive, with any result."""
    found = read_archives(desk.workspace, desk.repository)
    return restore_from(desk, found, found.archives[0], request, cancel, listen)


def restore_from(
    desk: Desk,
    found: ArchiveList,
    archive: Archive,
    request: RestoreRequest,
    cancel: Cancel | None = None,
    listen: Tell | None = None,
    repository: Repository | None = None,
) -> Run:
    """Restore, with any result."""

    def tell(event: Event) -> None:
        desk.events.append(event)
        if listen is not None:
            listen(event)

    task = Restore(archive, request)
    return run(desk.workspace, repository or desk.repository, task, Trigger.USER, InStep(tell), cancel or Cancel())


def restored(desk: Desk, request: RestoreRequest) -> tuple[Run, RestoreReport]:
    """Restore successfully."""
    done = restore(desk, request)
    assert done.status is RunStatus.SUCCESS, done.error
    return done, report_of(done)


def report_of(done: Run) -> RestoreReport:
    return RestoreReport.from_json(done.report)


def at(step: BorgStep, act: Callable[[], object]) -> Tell:
    """Call *act* when a step begins."""

    def listen(event: Event) -> None:
        if isinstance(event, BorgBegan) and event.step is step:
            act()

    return listen


def stages(folder: Path) -> list[Path]:
    return list(folder.rglob(".borgdesk-restore-*"))
