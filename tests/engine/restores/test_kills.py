"""Killed restores: at every moment each file is either the old or the new one, and complete."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from borgdesk.domain.run import RunStatus
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs.recovery import recover_all
from borgdesk.engine.runs.restore_end import KEPT_FOR
from borgdesk.engine.runs.restore_undo import forget_old_restores, restores, undo_restore
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk, wait_until
from tests.engine.restores.lab import Tree, change, in_place, report_of, restored, stages, tree

_VICTIM = """
import os, sys
from borgdesk.domain.events import BorgBegan, BorgProgressed
from borgdesk.domain.run import Trigger
from borgdesk.engine.archives.archive_list import kept_archives
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore, run
from borgdesk.engine.workspace import Workspace
from tests.listening import InStep

def tell(event):
    if isinstance(event, BorgBegan):
        print(event.step, flush=True)
    elif isinstance(event, BorgProgressed):
        print("item", flush=True)

workspace = Workspace.open(os.environ)
repository = workspace.store.repositories.get("Papers")
found = kept_archives(workspace, repository)
request = RestoreRequest((sys.argv[1],), on_conflict=OnConflict.REPLACE)
run(workspace, repository, Restore(found.archives[0], request), Trigger.CLI, InStep(tell), Cancel())
"""

MOMENTS = ("list", "extract", "verify", "place", "item")
MANNERS = ("application", "with guardian", "borg")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("moment", ["extract", "place"])
def test_a_restore_that_was_killed_is_brought_to_its_end(backed_up: Desk, moment: str, manner: str) -> None:
    kill_once(backed_up, moment, manner, random.Random(moment + manner))


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_restores_killed_at_random(backed_up: Desk) -> None:
    chance = random.Random(os.environ.get("SEED", "1"))
    original = prepare(backed_up)
    for _ in range(int(os.environ.get("ROUNDS", "500"))):
        # Undoing restores the state before, with which the next round begins.
        _strike_and_look(backed_up, original, chance.choice((*MOMENTS, "place")), chance.choice(MANNERS), chance)


def kill_once(desk: Desk, moment: str, manner: str, chance: random.Random) -> None:
    """Kill a restore at a moment, then check the files, the result of a recovery, and the result of undoing."""
    _strike_and_look(desk, prepare(desk), moment, manner, chance)


def prepare(desk: Desk) -> Tree:
    """Archive many files, change them afterwards, and return their archived state."""
    for number in range(40):
        (desk.source / f"many{number}").write_text("as backed up")
    back_up(desk)
    read_archives(desk.workspace, desk.repository)
    original = tree(desk.source)
    _change(desk.source)
    return original


def _strike_and_look(desk: Desk, original: Tree, moment: str, manner: str, chance: random.Random) -> None:
    changed = tree(desk.source)
    with _victim(desk) as victim:
        assert victim.stdout is not None
        reached = any(line.strip() == moment for line in victim.stdout)
        assert reached, "the victim did not come so far"
        time.sleep(chance.uniform(0, 0.03))
        _strike(desk, victim, manner)
        victim.communicate()
    # A guardian may be working meanwhile: each file is complete at any time.
    _check_files(desk, original, changed)
    _recovered(desk)
    after = tree(desk.source)
    (run, *_) = restores(desk.workspace)
    assert run.status.is_final
    if report_of(run).undo_until is None:
        assert after == changed
    else:
        _check_files(desk, original, changed)
        if run.status is RunStatus.SUCCESS:
            expected = {name: state[3] for name, state in {**changed, **original}.items() if state[0] == stat.S_IFREG}
            assert {name: state[3] for name, state in after.items() if state[0] == stat.S_IFREG} == expected
        undo_restore(desk.workspace, run.id)
        assert tree(desk.source) == changed
    assert not stages(desk.source.parent)
    forget_old_restores(desk.workspace, datetime.now(UTC) + 2 * KEPT_FOR)
    # A guardian releases the turn a moment after the end of the run is recorded.
    wait_until(lambda: _has_turn(desk))


def _has_turn(desk: Desk) -> bool:
    turn = Turn.try_take(desk.workspace, turn_of(desk.repository))
    if turn is None:
        return False
    with turn:
        return True


def _victim(desk: Desk) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(desk.source)],
        env={**desk.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        text=True,
    )


def _strike(desk: Desk, victim: subprocess.Popen[str], manner: str) -> None:
    family = [one.pid for one in procfs.processes() if _is_of(desk, one.pid)]
    if manner == "borg":
        _kill([pid for pid in family if b"extract" in _words(pid)])
    elif manner == "application":
        victim.send_signal(signal.SIGKILL)
    else:
        # All at once, as in a power failure, except for unsaved data in memory.
        victim.send_signal(signal.SIGSTOP)
        _kill([pid for pid in family if pid != victim.pid])
        victim.send_signal(signal.SIGKILL)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_of(desk: Desk, pid: int) -> bool:
    return pid != os.getpid() and procfs.has_marker(
        pid, frozenset({f"BORGDESK_HOME={desk.environment['BORGDESK_HOME']}"})
    )


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _recovered(desk: Desk) -> None:
    """Wait for recovery by a guardian, or recover here."""

    def done() -> bool:
        recover_all(desk.workspace)
        return not desk.workspace.store.runs.unfinished()

    wait_until(done)


def _check_files(desk: Desk, original: Tree, changed: Tree) -> None:
    for name, state in tree(desk.source).items():
        if not name.startswith(".") and state[0] == stat.S_IFREG:
            assert state[3] in (original.get(name, state)[3], changed.get(name, state)[3]), name
    gone = {name for name, state in changed.items() if state[0] == stat.S_IFREG} - tree(desk.source).keys()
    assert not gone


def _change(folder: Path) -> None:
    for number in range(0, 40, 2):
        (folder / f"many{number}").write_text("changed since")
    for number in range(1, 40, 4):
        (folder / f"many{number}").unlink()


_UNDO = """
import os, sys
from borgdesk.domain.errors import NotFound
from borgdesk.engine.runs.restore_undo import undo_restore
from borgdesk.engine.workspace import Workspace

workspace = Workspace.open(os.environ)
print("ready", flush=True)
sys.stdin.readline()
try:
    undo_restore(workspace, int(sys.argv[1]))
except NotFound:
    print("somebody else")
else:
    print("undone")
"""


def test_of_two_processes_that_undo_a_restore_one_does(backed_up: Desk) -> None:
    """Two would exchange each file, and then exchange it back."""
    change(backed_up.source)
    before = tree(backed_up.source)
    done, _ = restored(backed_up, in_place(backed_up))
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", _UNDO, str(done.id)],
            env={**backed_up.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for rival in rivals:
        assert rival.stdout is not None
        assert rival.stdout.readline() == "ready\n"
    said = [rival.communicate("go\n")[0].strip() for rival in rivals]
    assert sorted(said) == ["somebody else", "undone"]
    assert tree(backed_up.source) == before
    assert not RestoreJournal(Path(backed_up.workspace.paths.runs, str(done.id))).exists
