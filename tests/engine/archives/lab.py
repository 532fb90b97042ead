"""Shared environment of the archive tests: a real repository, created as quickly as possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.borg.replies import parse_version
from borgdesk.domain.archive import Archive
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.engine.archives.listings import listing_file
from borgdesk.engine.processes import procfs
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listing_writer import Item, ListingWriter
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM

_numbers = count(1)


@cache
def is_borg2() -> bool:
    """Return whether the tested Borg is Borg 2."""
    if PROGRAM is None:
        return False
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return parse_version(said).is_experimental


def empty_repository(folder: Path) -> Path:
    """Return an empty repository, to be copied."""
    if PROGRAM is None or is_borg2():
        pytest.skip("there is no Borg 1.x to be tested with")
    borg(folder, "init", "--encryption=none", str(folder / "papers"))
    return folder / "papers"


@contextmanager
def real_desk(folder: Path, empty: Path) -> Iterator[Desk]:
    desk = Desk(folder, str(PROGRAM))
    shutil.copytree(empty, desk.file("papers"))
    desk.repository = desk.add_repository("Papers", encryption=Encryption.NONE)
    yield desk
    desk.close()


def back_up(desk: Desk) -> str:
    """Create an archive of the source without a complete run, and return its name."""
    name = f"p-{next(_numbers)}"
    borg(desk.folder, "create", f"{desk.repository.location}::{name}", str(desk.source))
    return name


def make_archives(desk: Desk, moments: Sequence[str], ours: Sequence[str] | None = None) -> list[str]:
    """Create archives at these times, in UTC; the history attributes all of them to runs, or only those in *ours*."""
    desk.change(archive_name="papers-{now}")
    runs, owner, names = desk.workspace.store.runs, procfs.identity(), []
    for moment in moments:
        names.append(f"papers-{moment}")
        location = f"{desk.repository.location}::{names[-1]}"
        borg(desk.folder, "create", f"--timestamp={moment}", location, str(desk.source))
        if ours is None or moment in ours:
            run = runs.queue(desk.repository, Trigger.USER, owner, datetime.now(UTC), turn="another")
            runs.settle(run.id, Outcome.SUCCESS, archive=names[-1])
            runs.finish(run.id, RunStatus.SUCCESS, datetime.now(UTC))
    return names


def listed(workspace: Workspace, *items: Item) -> Archive:
    """Return an archive whose listing is in the cache, so that Borg is not called."""
    now = datetime.now(UTC)
    archive = Archive("a" * 64, "b" * 64, "papers", now, now)
    writer = ListingWriter(listing_file(workspace, archive), archive.repository_id, archive.id)
    writer.add(items)
    writer.finish().close()
    return archive


def borg(base: Path, *arguments: str, **more: str) -> None:
    environment = {
        **more,
        "PATH": os.environ["PATH"],
        "BORG_BASE_DIR": str(base / "tests"),
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        "BORG_SELFTEST": "disabled",
        "TZ": "UTC",
    }
    subprocess.run([str(PROGRAM), *arguments], env=environment, capture_output=True, check=True)
