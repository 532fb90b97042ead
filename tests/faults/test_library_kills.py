"""SIGKILL at every step of adding, removing, saving and copying scripts: rows and files agree after the next start.

The steps are the C calls that touch files or the database, so that there is a kill between any two of them.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.script import NewScript, sha256_of
from borgdesk.paths import Paths
from borgdesk.store import files, library_names
from borgdesk.store.store import Store
from tests.store.samples import assert_whole

OPERATIONS = ("add", "remove", "save", "rename")
OLD, NEW = (b"#!/bin/sh\n" + word * 3_000 for word in (b"echo old\n", b"echo newer\n"))

VICTIM = """
import os, signal, sys, threading
from pathlib import Path
from borgdesk.domain.script import Details, NewScript
from borgdesk.domain.run import ALWAYS
from borgdesk.paths import Paths
from borgdesk.store.store import Store

STEPS = {"open", "write", "rename", "replace", "link", "unlink", "fsync", "fchmod", "mkdir", "close", "execute",
         "commit", "rollback", "fdopen"}
OLD, NEW = (b"#!/bin/sh\\n" + word * 3_000 for word in (b"echo old\\n", b"echo newer\\n"))


def act(store, operation):
    if operation == "add":
        store.scripts.add(NewScript("Added", NEW))
    elif operation == "remove":
        store.scripts.remove(store.scripts.get("There").id)
    elif operation == "save":
        store.scripts.save(store.scripts.get("There").id, NEW, Details("There", "changed", 9, ALWAYS))
    else:
        there = store.scripts.get("There")
        store.scripts.edit(there.id, there.details._replace(name="Renamed"))


for line in sys.stdin:
    home, operation, kind, number = line.split()
    child = os.fork()
    if child == 0:
        store = Store(Paths.below(Path(home)))
        store.open()
        steps = 0

        def step(frame, event, function):
            global steps
            if event in ("c_call", "c_return") and function.__name__ in STEPS:
                steps += 1
                if steps == int(number):
                    os.kill(os.getpid(), signal.SIGKILL)

        if kind == "step":
            sys.setprofile(step)
        else:
            print("ready", flush=True)
        act(store, operation)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else "done", flush=True)
"""


class Library:
    """A library with one script, which can be reset to that state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = Paths.below(folder)
        with self.opened() as store:
            store.scripts.add(NewScript("There", OLD))
            store.scripts.add(NewScript("Bystander", OLD + b"true\n"))

    def opened(self) -> _Opened:
        return _Opened(self.paths)

    def check(self, operation: str) -> str:
        """Check the library as the next start finds it; return whether the operation has taken place."""
        with self.opened() as store:
            scripts = {script.name: script for script in store.scripts.list()}
            on_disk = library_names.file_names(self.paths.library)
            assert sorted(Path(one.file_path).name for one in scripts.values()) == on_disk, operation
            left = [words for _, words in files.leftovers(self.paths.library) if "-" in words]
            assert left == []
            assert store.scripts.content(scripts["Bystander"].id) == OLD + b"true\n"
            kept = {one.sha256 for script in scripts.values() for one in store.revisions.list(script.id)}
            for name, script in scripts.items():
                text = store.scripts.content(script.id)
                assert text in (OLD, NEW, OLD + b"true\n"), name
                assert store.scripts.freeze(script.id) == sha256_of(text)
            happened = {
                "add": "Added" in scripts,
                "remove": "There" not in scripts,
                "save": scripts.get("There") is not None and store.scripts.content(scripts["There"].id) == NEW,
                "rename": "Renamed" in scripts,
            }[operation]
            if operation == "save":
                assert sha256_of(OLD) in kept, "the text that was overwritten is lost"
            self._put_back(store)
        assert_whole(self.paths.database)
        return "after" if happened else "before"

    def _put_back(self, store: Store) -> None:
        for script in store.scripts.list():
            if script.name != "Bystander":
                store.scripts.remove(script.id)
        store.scripts.add(NewScript("There", OLD))


class _Opened:
    def __init__(self, paths: Paths) -> None:
        self._store = Store(paths)

    def __enter__(self) -> Store:
        self._store.open()
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


class Victims:
    """Processes that change a library and are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip

    def kill_at(self, library: Library, operation: str, number: int) -> bool:
        """Kill at a step; return False if the operation has no such step."""
        self._tell(library, operation, "step", number)
        return self._hear() == "killed"

    def kill_after(self, library: Library, operation: str, seconds: float) -> None:
        self._tell(library, operation, "time", 0)
        assert self._hear() == "ready"
        (pid,) = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        time.sleep(seconds)
        os.kill(int(pid), signal.SIGKILL)
        self._hear()

    def _tell(self, library: Library, operation: str, kind: str, number: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{library.folder} {operation} {kind} {number}\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate()


def kill_everywhere(folder: Path, operation: str, every: int) -> Counter[str]:
    """Kill at every *every*-th step until the operation completes; count how often it had taken effect."""
    told, made, victims, number = Counter[str](), Library(folder), Victims(), 1
    while victims.kill_at(made, operation, number):
        told[made.check(operation)] += 1
        number += every
    assert made.check(operation) == "after"
    victims.close()
    return told


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kill_at_some_steps(tmp_path: Path, operation: str) -> None:
    told = kill_everywhere(tmp_path / "home", operation, every=17)
    assert told["before"] > 1


@pytest.mark.faults
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kill_at_every_step(tmp_path: Path, operation: str, record_property: Callable[[str, object], None]) -> None:
    told = kill_everywhere(tmp_path / "home", operation, every=1)
    assert told["before"] > 10
    assert told["after"] > 1
    record_property("campaign", f"{operation} a script, killed at each of {told.total()} steps: {dict(told)}")


@pytest.mark.faults
def test_kills_at_random_moments(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    made, victims, told, moments = Library(tmp_path / "home"), Victims(), Counter[str](), random.Random(7)
    for number in range(200):
        operation = OPERATIONS[number % len(OPERATIONS)]
        victims.kill_after(made, operation, moments.random() * 0.1)
        told[made.check(operation)] += 1
    victims.close()
    assert min(told["before"], told["after"]) > 0
    record_property("campaign", f"200 kills at random moments while scripts are changed: {dict(told)}")
