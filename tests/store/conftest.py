from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Trigger
from borgdesk.domain.script import NewScript, Script
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from tests import empty_database
from tests.store.samples import ME, T0, planned


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.below(tmp_path)


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    empty_database.lay(paths)
    store = Store(paths)
    store.open()
    yield store
    store.close()


@pytest.fixture
def documents(store: Store) -> Repository:
    return store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup/documents", ("/home",)))


@pytest.fixture
def script(store: Store) -> Script:
    return store.scripts.add(NewScript("Stop containers", b"#!/bin/sh\ndocker stop web\n"))


@pytest.fixture
def queued(store: Store, documents: Repository) -> Run:
    return store.runs.queue(documents, Trigger.SCHEDULE, ME, T0)


@pytest.fixture
def armed(store: Store, queued: Run) -> Run:
    return store.runs.arm(queued.id, T0, [planned("Stop"), planned("Start", Hook.POST_BACKUP)])


@pytest.fixture
def python() -> Callable[..., str]:
    """Return a function that runs a program in another Python that can import the package, and returns its output."""

    def run(program: str, *arguments: str, command: tuple[str, ...] = (), **environment: str) -> str:
        done = subprocess.run(
            [*command, sys.executable, "-W", "error", "-c", program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )
        assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
        return done.stdout.strip()

    return run


@pytest.fixture
def together() -> Callable[..., list[str]]:
    """Return a function that runs a program in several processes, releases all at once, and returns their output."""

    def run(count: int, program: str, *arguments: str) -> list[str]:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for _ in range(count)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        printed = [process.communicate(timeout=60)[0].strip() for process in processes]
        assert [process.returncode for process in processes] == [0] * count
        return printed

    return run
