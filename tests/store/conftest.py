from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Script
from borgdesk.paths import Paths
from borgdesk.store.store import Store


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.below(tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as the migrations make it, made once."""
    paths = Paths.below(tmp_path_factory.mktemp("empty"))
    store = Store(paths)
    store.open()
    store.close()
    return paths.database


@pytest.fixture
def store(paths: Paths, empty_database: Path) -> Iterator[Store]:
    paths.make()
    shutil.copy(empty_database, paths.database)
    store = Store(paths)
    store.open()
    yield store
    store.close()


@pytest.fixture
def documents(store: Store) -> Repository:
    return store.repositories.add(Repository(0, "Documents", "/backup/documents", ("/home",)))


@pytest.fixture
def script(store: Store) -> Script:
    return store.scripts.add("Stop containers", b"#!/bin/sh\ndocker stop web\n")


@pytest.fixture
def python() -> Callable[..., str]:
    """Runs a program in another Python that can import the package, and gives what it printed."""

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
    """Runs a program in several processes that all go on at the same moment, and gives what each printed then."""

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
