"""Benchmark of the overhead of a run over Borg, and of a script over its process. Figures only, no limits.

The same files, repository settings and Borg arguments are used with and without BorgDesk.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
from borgdesk.borg.environment import Consent
from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunStatus, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.create_options import create_options
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs import backup
from borgdesk.engine.workspace import Workspace
from tests.benchmarks.pairs import Measured, report, small_files, timed

FILES = 20_000
PAIRS = 7
TEMPLATE = "papers-{now:%Y-%m-%dT%H:%M:%S.%f}"

pytestmark = pytest.mark.benchmark


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(tmp_path / "desk"), "BORGDESK_SECRETS": "file"})
    yield workspace
    workspace.store.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Create a folder of small files."""
    root = tmp_path / "source"
    small_files(root, FILES)
    return root


def back_up(workspace: Workspace, repository: Repository) -> None:
    run = backup.run(workspace, repository, Trigger.CLI, lambda _: None, Cancel())
    assert run.status is RunStatus.SUCCESS, run.error


def bare(workspace: Workspace, repository: Repository) -> None:
    """Call Borg with the same arguments but without BorgDesk, discarding its output."""
    borg = Borg(workspace.borg, workspace.environment)
    command = borg.create(repository.location, create_options(repository))
    null = subprocess.DEVNULL
    subprocess.run(command.argv, env=dict(command.env), check=True, stdin=null, stdout=null, stderr=null)


def add(workspace: Workspace, folder: Path, source: Path) -> Repository:
    wanted = Repository(RepositoryId(0), folder.name, str(folder), (str(source),), archive_name=TEMPLATE)
    return add_repository(workspace, wanted, None, Encryption.NONE)


def empty(workspace: Workspace, repository: Repository) -> None:
    """Recreate the repository, without archives and caches, so that every backup has to read all files."""
    shutil.rmtree(repository.location)
    shutil.rmtree(os.environ["BORG_BASE_DIR"])
    Path(os.environ["BORG_BASE_DIR"]).mkdir()
    borg = Borg(workspace.borg, workspace.environment)
    for command in (borg.init(repository.location, Encryption.NONE), consenting(borg).info(repository.location)):
        subprocess.run(command.argv, env=dict(command.env), check=True, capture_output=True, stdin=subprocess.DEVNULL)


def consenting(borg: Borg) -> Borg:
    return replace(borg, consents=frozenset({Consent.UNKNOWN_UNENCRYPTED_REPOSITORY}))


@pytest.mark.parametrize("first", [True, False], ids=["first backup", "nothing changed"])
def test_overhead(workspace: Workspace, tmp_path: Path, source: Path, first: bool) -> None:
    repository = add(workspace, tmp_path / "papers", source)
    bare(workspace, repository)
    back_up(workspace, repository)
    ours, theirs = Measured(), Measured()
    pair = [(ours, lambda: back_up(workspace, repository)), (theirs, lambda: bare(workspace, repository))]
    for _ in range(PAIRS):
        pair.reverse()
        for measured, act in pair:
            if first:
                empty(workspace, repository)
            measured.take(act)
    report(f"{FILES} small files, {'all new' if first else 'none changed'}", "borg create", ours, theirs)


def test_a_script_that_does_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """Measure what the first script and each further one add to a run, compared with starting the same program.

    The program gets a file as its only argument, as a script does: /bin/true then reads the locale, 0.2 ms more."""
    count = 20
    (tmp_path / "source").mkdir()
    repository = add(workspace, tmp_path / "papers", tmp_path / "source")
    script = workspace.store.scripts.add(NewScript("Nothing", b"#!/bin/true\n"))
    taken: dict[int, list[float]] = {number: [] for number in (0, 1, count + 1)}
    programs = []
    bare = ["/bin/true", script.file_path]
    for _ in range(PAIRS):
        for number, seconds in taken.items():
            placed = [assign(workspace, repository.id, script.id, Hook.PRE_BACKUP, Changes()) for _ in range(number)]
            seconds.append(timed(lambda: back_up(workspace, repository)))
            for assignment in placed:
                workspace.store.assignments.remove(assignment.id)
        programs.append(timed(lambda: [subprocess.run(bare, check=True) for _ in range(count)]))
    for what, best in (("medians", statistics.median), ("of the quickest", min)):
        none, first, many = (1000 * best(seconds) for seconds in taken.values())
        print(
            f"\n/bin/true as a script, {what}: the first {first - none:.1f} ms more for the run, each further one "
            f"{(many - first) / count:.2f} ms, on average of {count} {(many - none) / count:.2f} ms; "
            f"a bare subprocess.run: {1000 * best(programs) / count:.2f} ms"
        )
