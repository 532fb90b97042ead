"""Sizes of backups over time: from runs of real Borg, and from cached archives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.reasons import Code
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.statistics import statistics
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.free_space import free_space, warning_of
from borgdesk.store.clock import now
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM, needs_borg

pytestmark = needs_borg


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    subprocess.run(
        [str(PROGRAM), "init", "--encryption=none", str(desk.file("papers"))],
        env=desk.environment, capture_output=True, check=True,
    )  # fmt: skip
    desk.repository = desk.add_repository("Papers", encryption="none", archive_name="papers-{now:%s.%f}")
    yield desk
    desk.close()


def test_what_runs_have_recorded(real: Desk) -> None:
    (real.source / "first").write_bytes(os.urandom(100_000))
    first = real.run()
    (real.source / "second").write_bytes(os.urandom(300_000))
    second = real.run()
    one, two = statistics(real.workspace, real.repository)
    assert [one.archive, two.archive] == [first.archive, second.archive]
    assert [one.run_id, two.run_id] == [first.id, second.id]
    assert one.original is not None
    assert two.original is not None
    assert two.original - one.original == 300_000
    assert one.new is not None
    assert two.new is not None
    assert 100_000 <= one.new < 300_000 <= two.new
    assert one.repository is not None
    assert two.repository is not None
    assert two.repository - one.repository == pytest.approx(two.new, rel=0.05)
    assert two.free_before is not None
    assert two.free_after is not None
    assert two.free_before > 0
    assert statistics(real.workspace, real.repository, 1) == [two]


def test_archives_that_no_run_made_are_among_them(real: Desk) -> None:
    run = real.run()
    for name in ("papers-1.0", "others-1"):
        subprocess.run(
            [str(PROGRAM), "create", f"{real.repository.location}::{name}", str(real.source)],
            env={**real.environment, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"},
            capture_output=True, check=True,
        )  # fmt: skip
    real.repository = real.workspace.store.repositories.get(real.repository.id)
    assert [one.archive for one in statistics(real.workspace, real.repository)] == [run.archive]
    found = read_archives(real.workspace, real.repository, Cancel())
    assert len(found.archives) == 3
    sizes = {one.archive: one for one in statistics(real.workspace, real.repository)}
    assert "others-1" not in sizes
    assert run.archive in sizes


def test_a_repository_elsewhere_has_no_free_space_that_we_know(real: Desk) -> None:
    real.change(location="ssh://nobody@localhost:1/r")
    assert free_space(real.repository) is None
    assert warning_of(real.workspace, real.repository, None) is None
    real.change(location=str(real.file("gone")))
    assert free_space(real.repository) is None


def test_too_little_space_is_told_before_borg_begins(real: Desk) -> None:
    (real.source / "big").write_bytes(os.urandom(60_000_000))
    assert real.run().outcome is Outcome.SUCCESS
    enough = warning_of(real.workspace, real.repository, 70_000_000)
    assert enough is None
    warning = warning_of(real.workspace, real.repository, 55_000_000)
    assert warning is not None
    assert warning.code is Code.LITTLE_SPACE
    assert warning.in_words() == (
        "Only 55.0 MB are free on the disk of the repository. The backup may need 60.0 MB or more."
    )


def test_a_small_disk(real: Desk) -> None:
    """Without a history, there must be room at least for what Borg itself writes."""
    assert warning_of(real.workspace, real.repository, 1_000) is not None
    assert warning_of(real.workspace, real.repository, 10**9) is None


def test_the_run_itself_notes_too_little_space(real: Desk) -> None:
    store, at = real.workspace.store, now()
    past = store.runs.queue(real.repository, Trigger.USER, procfs.identity(), at)
    store.runs.arm(past.id, at, [])
    store.runs.settle(past.id, Outcome.SUCCESS, archive="papers-0", statistics=ArchiveStatistics(1, 10**18, 1))
    store.runs.finish(past.id, RunStatus.SUCCESS, at)
    run = real.run()
    assert run.outcome is Outcome.SUCCESS, "nobody knows how much is new before Borg has read it"
    (note,) = (note for note in run.notes if note.code is Code.LITTLE_SPACE)
    assert note.values["free"] == run.report["free_before"]
    assert "The backup may need 1000 PB or more." in note.in_words()
