"""Benchmark of the overhead of a restore over ``borg extract``. Figures only, no limits. Run by ``make bench``.

A restore is extracted, verified, synced to disk and placed; ``borg extract`` leaves the files in the page cache. So it
is measured with and without a sync.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.archives.archive_list import ArchiveList, read_archives
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.exchange import sync_disk
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import restore
from borgdesk.engine.workspace import Workspace
from tests.benchmarks.pairs import Measured, report, small_files

FILES = 20_000
LARGE = 4 * 2**30
PAIRS = {"small files": 7, "one large file": 3}

pytestmark = pytest.mark.benchmark


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(tmp_path / "desk"), "BORGDESK_SECRETS": "file"})
    yield workspace
    workspace.store.close()


def large_file(path: Path) -> None:
    generator = random.Random(1)
    with path.open("wb") as file:
        for _ in range(LARGE // 2**20):
            file.write(generator.randbytes(2**20))


def backed_up(workspace: Workspace, folder: Path, source: Path) -> Repository:
    """Return a repository with one archive of the source, which is removed afterwards."""
    wanted = Repository(RepositoryId(0), "papers", str(folder), (str(source),))
    repository = add_repository(workspace, wanted, None, Encryption.NONE)
    command = ["borg", "create", f"{folder}::first", source.name]
    environment = dict(Borg(workspace.borg, workspace.environment).list_archives(str(folder)).env)
    subprocess.run(command, env=environment, cwd=source.parent, check=True, stdin=subprocess.DEVNULL)
    shutil.rmtree(source)
    return repository


def restored(workspace: Workspace, repository: Repository, found: ArchiveList, folder: Path) -> None:
    task = restore.Restore(found.archives[0], RestoreRequest(folder=folder))
    run = restore.run(workspace, repository, task, Trigger.CLI, lambda _: None, Cancel())
    assert run.status is RunStatus.SUCCESS, run.error


def extracted(workspace: Workspace, repository: Repository, found: ArchiveList, folder: Path, *, sync: bool) -> None:
    """Call Borg as a person would in a terminal, in a new folder."""
    folder.mkdir()
    archive = found.archives[0]
    command = Borg(workspace.borg, workspace.environment).extract(repository.location, archive, str(folder))
    subprocess.run(
        [one for one in command.argv if one != "--log-json"],
        env=dict(command.env),
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    if sync:
        sync_disk(os.fsencode(folder))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("what", PAIRS)
def test_overhead(workspace: Workspace, tmp_path: Path, what: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    if what == "small files":
        small_files(source, FILES)
    else:
        large_file(source / "large.bin")
    repository = backed_up(workspace, tmp_path / "papers", source)
    found = read_archives(workspace, repository)
    listing_of(workspace, repository, found.archives[0]).close()
    ours, bare, synced = Measured(), Measured(), Measured()
    acts = [
        (ours, lambda: restored(workspace, repository, found, target)),
        (bare, lambda: extracted(workspace, repository, found, target, sync=False)),
        (synced, lambda: extracted(workspace, repository, found, target, sync=True)),
    ]
    for _ in range(PAIRS[what]):
        acts.append(acts.pop(0))
        for measured, act in acts:
            sync_disk(os.fsencode(tmp_path))
            measured.take(act)
            shutil.rmtree(target)
    report(what, "borg extract", ours, bare)
    report(what, "borg extract and sync", ours, synced)
