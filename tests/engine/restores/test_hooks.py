"""Scripts around a restore: services that use the files are stopped and restarted, whatever the restore's result."""

from __future__ import annotations

import random

import pytest

from borgdesk.domain.run import BorgStep, Hook, RunKind, RunStatus
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.story_reader import story_of
from tests.engine.desk import POST, PRE, Desk, statuses
from tests.engine.restores.lab import at, change, in_place, restore, restored, tree
from tests.engine.restores.test_kills import kill_once

BEFORE, AFTER = Hook.PRE_RESTORE, Hook.POST_RESTORE


@pytest.fixture
def served(backed_up: Desk) -> Desk:
    """Provide a service that uses the files: it is stopped before a restore, and started after it."""
    letter = backed_up.source / "letters" / "one.txt"
    backed_up.add("Stop", BEFORE, f"cat {letter} > {backed_up.file('before')}", repository=backed_up.repository)
    start = f"cat {letter} > {backed_up.file('after')}; {backed_up.dump('environment')}"
    backed_up.add("Start", AFTER, start, repository=backed_up.repository, run_on="always")
    backed_up.add("Backup only", PRE, repository=backed_up.repository)
    backed_up.add("Backup only, too", POST, repository=backed_up.repository)
    change(backed_up.source)
    return backed_up


def test_stops_before_anything_is_placed_and_starts_when_all_of_it_is(served: Desk) -> None:
    done, _ = restored(served, in_place(served))
    assert served.journal() == ["Stop", "Start"]
    assert served.file("before").read_text() == "changed since"
    assert served.file("after").read_text() == "one"
    names = [entry.name for entry in story_of(served.workspace, done).entries]
    assert names == ["list", "Stop", "extract", "verify", "place", "Start"]
    seen = served.variables("environment")
    newest = read_archives(served.workspace, served.repository).archives[0]
    assert seen["BORGDESK_HOOK"] == "post-restore"
    assert (seen["BORGDESK_OUTCOME"], seen["BORGDESK_STATUS"]) == ("success", "success")
    assert seen["BORGDESK_ARCHIVE"] == newest.name


def test_what_fails_before_it_restores_nothing_and_what_was_stopped_is_started(served: Desk) -> None:
    served.add("Fails", BEFORE, "exit 3", repository=served.repository)
    before = tree(served.source)
    done = restore(served, in_place(served))
    assert done.status is RunStatus.FAILURE
    assert statuses(done) == {"Stop": "success", "Fails": "failed", "Start": "success"}
    assert served.variables("environment")["BORGDESK_OUTCOME"] == "failure"
    assert tree(served.source) == before


def test_a_script_may_say_not_now(served: Desk) -> None:
    served.add("Not now", BEFORE, "exit 75", repository=served.repository)
    before = tree(served.source)
    done = restore(served, in_place(served))
    assert (done.kind, done.status) == (RunKind.RESTORE, RunStatus.SKIPPED)
    assert tree(served.source) == before


@pytest.mark.parametrize("step", [BorgStep.EXTRACT, BorgStep.PLACE])
def test_what_was_stopped_is_started_after_a_stop(served: Desk, step: BorgStep) -> None:
    cancel = Cancel()
    done = restore(served, in_place(served), cancel, at(step, cancel.ask))
    assert done.status is RunStatus.CANCELLED
    assert served.journal() == ["Stop", "Start"]
    assert served.variables("environment")["BORGDESK_OUTCOME"] == "cancelled"


def test_what_cannot_be_restored_stops_nothing(served: Desk) -> None:
    done = restore(served, RestoreRequest(("nothing/here",)))
    assert done.status is RunStatus.FAILURE
    assert statuses(done) == {"Stop": "skipped", "Start": "success"}
    assert served.journal() == ["Start"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("moment", "manner"),
    # Placing is quick: a script that has just begun and loses its supervisor is interrupted, and rightly run again.
    [("place", "application"), ("extract", "with guardian")],
)
def test_what_was_stopped_is_started_once_after_a_death(served: Desk, moment: str, manner: str) -> None:
    kill_once(served, moment, manner, random.Random(manner))
    assert served.journal() == ["Stop", "Start"]
