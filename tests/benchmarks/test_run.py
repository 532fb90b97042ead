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
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
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


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


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
    for command in (borg.init(repository.location, Encryption.NONE), replace_consent(borg).info(repository.location)):
        subprocess.run(command.argv, env=dict(command.env), check=True, capture_output=True, stdin=subprocess.DEVNULL)


def replace_consent(borg: Borg) -> Borg:
    from borgdesk.borg.environment import Consent

    return replace(borg, consents=frozenset({Consent.UNKNOWN_UNENCRYPTED_REPOSITORY}))


def report(what: str, ours: list[float], theirs: list[float], cpu: list[float]) -> None:
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"\n{what}: BorgDesk {statistics.median(ours):.3f} s, bare borg create {statistics.median(theirs):.3f} s "
        f"(medians of {len(ours)}), ratio {ratio:.3f}; CPU of our own process {statistics.median(cpu):.3f} s a run"
    )


@pytest.mark.parametrize("first", [True, False], ids=["first backup", "nothing changed"])
def test_overhead(workspace: Workspace, tmp_path: Path, source: Path, first: bool) -> None:
    repository = add(workspace, tmp_path / "papers", source)
    bare(workspace, repository)
    back_up(workspace, repository)
    ours, theirs, cpu = [], [], []

    def measure_ours() -> None:
        before = own_cpu()
        ours.append(timed(lambda: back_up(workspace, repository)))
        cpu.append(own_cpu() - before)

    def measure_theirs() -> None:
        theirs.append(timed(lambda: bare(workspace, repository)))

    for pair in range(PAIRS):
        for measure in (measure_ours, measure_theirs) if pair % 2 else (measure_theirs, measure_ours):
            if first:
                empty(workspace, repository)
            measure()
    report(f"{FILES} small files, {'all new' if first else 'none changed'}", ours, theirs, cpu)


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
