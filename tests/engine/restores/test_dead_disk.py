"""A disk that dies under a restore: what was stopped for it is started again all the same."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import BorgStep, Hook, Outcome
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes import file_probes
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore_undo import undo_restore
from tests.dead_disk import dead_disk
from tests.engine.desk import Desk, statuses, wait_until
from tests.engine.restores.lab import at, report_of, restore

STARTED = {"Stop": "success", "Start": "success"}
LIMIT = 1
"""In seconds."""


@pytest.fixture
def served(backed_up: Desk) -> Desk:
    """Provide a service that uses the files."""
    backed_up.add("Stop", Hook.PRE_RESTORE, repository=backed_up.repository)
    backed_up.add("Start", Hook.POST_RESTORE, repository=backed_up.repository, run_on="always")
    return backed_up


@pytest.fixture
def place(served: Desk) -> Path:
    """Provide the destination."""
    served.file("there").mkdir()
    return served.file("there")


class Disk:
    """The disk of the destination."""

    def __init__(self, place: Path) -> None:
        self._place, self._stack = place, contextlib.ExitStack()

    def die(self) -> None:
        self._stack.enter_context(dead_disk(self._place))

    def revive(self) -> None:
        self._stack.close()


@pytest.fixture
def disk(place: Path) -> Iterator[Disk]:
    disk = Disk(place)
    yield disk
    disk.revive()


def to(place: Path) -> RestoreRequest:
    return RestoreRequest(("/",), folder=place)


@pytest.mark.parametrize("with_script", [True, False])
def test_one_that_is_dead_before_stops_nothing(
    served: Desk, place: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, *, with_script: bool
) -> None:
    monkeypatch.setattr(file_probes.probe, "__defaults__", (None, float(LIMIT)))
    if not with_script:
        served.workspace.store.assignments.remove(
            next(one.id for one in served.workspace.store.assignments.list(served.repository.id) if one.hook.is_pre)
        )
    disk.die()
    done = restore(served, to(place))
    assert done.outcome is Outcome.FAILURE
    assert "is not responding. Nothing was stopped." in (done.error or "")
    assert statuses(done) == {**({"Stop": "skipped"} if with_script else {}), "Start": "success"}
    # Else the program could not end.
    assert not [one for one in threading.enumerate() if one.name == "file work"]


def test_a_repository_on_a_dead_disk_is_in_nobodys_way(
    served: Desk, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_probes.probe, "__defaults__", (None, float(LIMIT)))
    with dead_disk(tmp_path / "dead") as dead:
        served.workspace.store.repositories.add(
            replace(served.repository, id=RepositoryId(0), name="Dead", location=f"{dead}/repository", borg_id="")
        )
        done = restore(served, to(place))
    assert (done.outcome, statuses(done)) == (Outcome.SUCCESS, STARTED)


@pytest.mark.parametrize("step", [BorgStep.EXTRACT, BorgStep.VERIFY])
def test_one_that_dies_while_files_are_extracted_restores_nothing(
    served: Desk, place: Path, disk: Disk, step: BorgStep
) -> None:
    served.change(stall_limit=LIMIT)
    done = restore(served, to(place), listen=at(step, disk.die))
    assert (done.outcome, statuses(done)) == (Outcome.FAILURE, STARTED)
    if step is BorgStep.VERIFY:
        assert (done.error or "").startswith(f"Nothing was restored: the disk of {place}")
        disk.revive()
        wait_until(lambda: not list(place.iterdir()))


def test_one_that_dies_while_files_are_placed_leaves_what_can_be_undone(served: Desk, place: Path, disk: Disk) -> None:
    served.change(stall_limit=LIMIT)
    done = restore(served, to(place), listen=at(BorgStep.PLACE, disk.die))
    assert (done.outcome, statuses(done)) == (Outcome.FAILURE, STARTED)
    assert "stopped responding before everything was in its place." in (done.error or "")
    report = report_of(done)
    assert report.undo_until is not None
    assert {reason for _path, reason in report.problems} == {"its disk is not responding"}
    disk.revive()
    undo_restore(served.workspace, done.id)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("step", [BorgStep.VERIFY, BorgStep.PLACE])
def test_stop_does_not_wait_for_it(served: Desk, place: Path, disk: Disk, step: BorgStep) -> None:
    cancel = Cancel()

    def strike() -> None:
        disk.die()
        cancel.ask()

    done = restore(served, to(place), cancel, at(step, strike))
    assert (done.outcome, statuses(done)) == (Outcome.CANCELLED, STARTED)
