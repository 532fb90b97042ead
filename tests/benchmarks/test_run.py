"""What a run costs beside Borg itself, and what a script costs beside its process. Figures only, no limits.

The same files, the same repository settings and the same arguments for Borg, with and without BorgDesk around it, one
after the other in pairs, so that what else the machine does hits both.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
from borgdesk.borg.environment import Consent
from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunStatus, Trigger
from borgdesk.engine import backup
from borgdesk.engine.assigning import Changes, assign
from borgdesk.engine.backup import create_options
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository
from borgdesk.engine.workspace import Workspace

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
    """Small files of different content, a hundred to a folder."""
    root = tmp_path / "source"
    for number in range(FILES):
        path = root / f"{number // 100:03}" / f"{number % 100:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number}\n".encode() * (number % 200 + 1))
    return root


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


@dataclass
class Measured:
    """Seconds, a value a run."""

    wall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    """CPU of our own process."""
    children: list[float] = field(default_factory=list)
    """CPU of Borg and, with BorgDesk, the guardian: a busy machine changes it little."""

    def take(self, act: Callable[[], object]) -> None:
        own, children = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
        self.wall.append(timed(act))
        self.own.append(cpu(resource.RUSAGE_SELF) - own)
        self.children.append(cpu(resource.RUSAGE_CHILDREN) - children)


def back_up(workspace: Workspace, repository: Repository) -> None:
    run = backup.run(workspace, repository, Trigger.CLI, lambda _: None, Cancel())
    assert run.status is RunStatus.SUCCESS, run.error


def bare(workspace: Workspace, repository: Repository) -> None:
    """The same call of Borg, alone; what it says is thrown away."""
    borg = Borg(workspace.borg, workspace.environment)
    command = borg.create(repository.location, create_options(repository))
    null = subprocess.DEVNULL
    subprocess.run(command.argv, env=dict(command.env), check=True, stdin=null, stdout=null, stderr=null)


def add(workspace: Workspace, folder: Path, source: Path) -> Repository:
    wanted = Repository(0, folder.name, str(folder), (str(source),), archive_name=TEMPLATE)
    return add_repository(workspace, wanted, None, Encryption.NONE)


def empty(workspace: Workspace, repository: Repository) -> None:
    """Make the repository anew, without any archive and any cache, so that every backup has all files to read."""
    shutil.rmtree(repository.location)
    shutil.rmtree(os.environ["BORG_BASE_DIR"])
    Path(os.environ["BORG_BASE_DIR"]).mkdir()
    borg = Borg(workspace.borg, workspace.environment)
    for command in (borg.init(repository.location, Encryption.NONE), consenting(borg).info(repository.location)):
        subprocess.run(command.argv, env=dict(command.env), check=True, capture_output=True, stdin=subprocess.DEVNULL)


def consenting(borg: Borg) -> Borg:
    return replace(borg, consents=frozenset({Consent.UNKNOWN_UNENCRYPTED_REPOSITORY}))


def report(what: str, ours: Measured, bare: Measured) -> None:
    medians = statistics.median(ours.wall), statistics.median(bare.wall)
    children = statistics.median(ours.children), statistics.median(bare.children)
    print(
        f"\n{what}: BorgDesk {medians[0]:.3f} s, bare borg create {medians[1]:.3f} s (medians of {len(ours.wall)}), "
        f"ratio {medians[0] / medians[1]:.3f}, of the quickest {min(ours.wall) / min(bare.wall):.3f}; "
        f"CPU of our own process {statistics.median(ours.own):.3f} s, of all children {children[0]:.3f} s, "
        f"bare {children[1]:.3f} s"
    )


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
    report(f"{FILES} small files, {'all new' if first else 'none changed'}", ours, theirs)


def test_a_script_that_does_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """Twenty more scripts in a run, against starting /bin/true twenty times."""
    count = 20
    (tmp_path / "source").mkdir()
    repository = add(workspace, tmp_path / "papers", tmp_path / "source")
    script = workspace.store.scripts.add("Nothing", b"#!/bin/true\n")
    with_scripts, without, programs = [], [], []
    for _ in range(PAIRS):
        without.append(timed(lambda: back_up(workspace, repository)))
        placed = [assign(workspace, repository.id, script.id, Hook.PRE_BACKUP, Changes()) for _ in range(count)]
        with_scripts.append(timed(lambda: back_up(workspace, repository)))
        for assignment in placed:
            workspace.store.assignments.remove(assignment.id)
        programs.append(timed(lambda: [subprocess.run(["/bin/true"], check=True) for _ in range(count)]))
    script_cost = (statistics.median(with_scripts) - statistics.median(without)) / count
    print(
        f"\na /bin/true script: {script_cost * 1000:.1f} ms more for the run; "
        f"a bare subprocess.run: {statistics.median(programs) / count * 1000:.1f} ms"
    )
