from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import NotFound, RunRefused
from borgdesk.domain.history import ArchiveStatistics, PastBackup, PlannedScript, Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, Outcome, RunKind, RunOn, RunStatus, Step, Trigger
from borgdesk.domain.script import Script
from borgdesk.store.store import Store
from tests.store.samples import ME, OTHER, T0, planned

LATER = T0 + timedelta(minutes=1)


def finished(store: Store, repository: Repository, status: RunStatus = RunStatus.SUCCESS) -> Run:
    run = store.runs.queue(repository, Trigger.USER, ME, T0)
    store.runs.arm(run.id, T0, [])
    store.runs.finish(run.id, status, LATER)
    return store.runs.get(run.id)


class TestQueue:
    def test_what_is_known_then(self, queued: Run, documents: Repository) -> None:
        assert queued == Run(
            id=queued.id,
            repository_id=documents.id,
            repository="Documents",
            location="/backup/documents",
            trigger=Trigger.SCHEDULE,
            status=RunStatus.QUEUED,
            step=Step.QUEUED,
            queued_at=T0,
            owner=ME,
            token=queued.token,
            kind=RunKind.BACKUP,
            uid=queued.uid,
            turn="/backup/documents",
        )
        assert re.fullmatch("[0-9a-f]{32}", queued.token or "")

    def test_ids_that_are_unique_everywhere_are_in_the_order_of_the_short_ones(
        self, store: Store, documents: Repository
    ) -> None:
        moments = (T0, T0, LATER, T0)
        made = [UUID(store.runs.queue(documents, Trigger.USER, ME, moment).uid) for moment in moments]
        assert made == sorted(set(made))
        assert {one.version for one in made} == {7}
        assert made[0].int >> 80 == T0.timestamp() * 1000

    def test_a_turn_of_another_name(self, store: Store, documents: Repository) -> None:
        run = store.runs.queue(documents, Trigger.CLI, ME, T0, "an id")
        assert (run.location, run.turn) == ("/backup/documents", "an id")
        assert store.runs.get(run.id).turn == "an id"

    def test_who_goes_before(self, store: Store, documents: Repository) -> None:
        elsewhere = replace(documents, location="/elsewhere")
        done = finished(store, documents)
        first, foreign, second, third = (
            store.runs.queue(repository, Trigger.USER, ME, T0)
            for repository in (documents, elsewhere, documents, documents)
        )
        first = store.runs.arm(first.id, T0, [])
        assert store.runs.queued_before(third.id, "/backup/documents") == [first, second]
        assert store.runs.queued_before(second.id, "/backup/documents") == [first]
        for run in (first, foreign):
            assert store.runs.queued_before(run.id, run.turn) == []
        store.runs.finish(first.id, RunStatus.FAILURE, T0)
        assert store.runs.queued_before(third.id, "/backup/documents") == [second]
        assert done.status.is_final

    def test_times_come_back_aware_in_utc(self, store: Store, documents: Repository) -> None:
        there = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
        kept = store.runs.get(store.runs.queue(documents, Trigger.USER, ME, there).id).queued_at
        assert kept == there
        assert kept.utcoffset() == timedelta(0)

    def test_a_time_without_a_zone_is_refused(self, store: Store, documents: Repository) -> None:
        with pytest.raises(Exception, match="needs a time zone"):
            store.runs.queue(documents, Trigger.USER, ME, T0.replace(tzinfo=None))


class TestArming:
    def test_all_of_what_is_owed_is_kept(
        self, store: Store, queued: Run, script: Script, documents: Repository
    ) -> None:
        assigned = store.assignments.add(documents.id, script.id, Hook.POST_RUN, secrets={"TOKEN"})
        full = PlannedScript(
            "Stop containers",
            Hook.POST_RUN,
            3,
            Policy(RunOn.parse("warning,failure"), OnFailure.CONTINUE, 77),
            revision="f" * 64,
            script_id=script.id,
            assignment_id=assigned.id,
            values={"A": "x\n'ä'", "B": ""},
            secrets=frozenset({"TOKEN"}),
            problem="The file is gone.",
        )
        inline = replace(planned("inline"), revision=None)
        armed = store.runs.arm(queued.id, LATER, [full, inline])
        assert (armed.status, armed.step, armed.started_at) == (RunStatus.RUNNING, Step.ARMING, LATER)
        assert [execution.planned for execution in armed.executions] == [inline, full]
        assert store.runs.get(queued.id) == armed
        for execution in armed.executions:
            assert (execution.status, execution.run_id) == (ExecutionStatus.PENDING, queued.id)
            assert (execution.started_at, execution.exit_code, execution.stdout) == (None, None, "")
            assert execution.repository == "Documents"

    def test_the_order_is_that_of_lanes_and_places(self, store: Store, queued: Run) -> None:
        places = [(Hook.POST_RUN, 1), (Hook.PRE_BACKUP, 10), (Hook.POST_BACKUP, 1), (Hook.PRE_BACKUP, 9)]
        armed = store.runs.arm(queued.id, T0, [planned(f"{hook} {order}", hook, order) for hook, order in places])
        names = [execution.planned.name for execution in armed.executions]
        assert names == ["pre-backup 9", "pre-backup 10", "post-backup 1", "post-run 1"]
        assert [execution.planned.name for execution in store.executions.of_run(queued.id)] == names

    @pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.CANCELLED])
    def test_only_once_and_only_while_queued(self, store: Store, queued: Run, status: RunStatus) -> None:
        if status is RunStatus.RUNNING:
            store.runs.arm(queued.id, T0, [])
        else:
            store.runs.finish(queued.id, status, T0)
        with pytest.raises(RunRefused, match=f"it is already {status}"):
            store.runs.arm(queued.id, LATER, [planned()])
        assert store.executions.of_run(queued.id) == ()

    def test_a_plan_that_cannot_be_kept_arms_nothing(self, store: Store, queued: Run) -> None:
        broken = replace(planned("b"), name=None)  # type: ignore[arg-type]
        with pytest.raises(Exception, match="NOT NULL"):
            store.runs.arm(queued.id, T0, [planned("a"), broken])
        assert store.runs.get(queued.id) == queued

    def test_it_survives_the_death_of_its_process(
        self, store: Store, queued: Run, tmp_path: Path, python: Callable[..., str]
    ) -> None:
        with pytest.raises(AssertionError, match="-9"):
            python(ARM_AND_DIE, str(tmp_path), str(queued.id))
        assert [execution.planned.name for execution in store.executions.of_run(queued.id)] == ["Stop containers"]
        assert store.runs.get(queued.id).status is RunStatus.RUNNING


ARM_AND_DIE = """
import os, sys
from pathlib import Path
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from tests.store.samples import T0, planned
store = Store(Paths.below(Path(sys.argv[1])))
store.open()
store.runs.arm(int(sys.argv[2]), T0, [planned()])
os.kill(os.getpid(), 9)
"""


class TestCourse:
    def test_from_step_to_step_to_the_end(self, store: Store, armed: Run) -> None:
        for step in (Step.PRE_BACKUP, Step.CREATE, Step.RETENTION):
            store.runs.set_step(armed.id, step)
            assert store.runs.get(armed.id).step is step
        store.runs.finish(armed.id, RunStatus.WARNING, LATER)
        done = store.runs.get(armed.id)
        assert (done.status, done.step, done.finished_at) == (RunStatus.WARNING, Step.DONE, LATER)

    def test_settling(self, store: Store, armed: Run) -> None:
        statistics = ArchiveStatistics(2**40, 2**33, 3_000_000_000)
        assert store.runs.settle(
            armed.id,
            Outcome.WARNING,
            borg_exit_code=101,
            archive="a-1",
            statistics=statistics,
            errors=(text("e"),),
            tainted=True,
        )
        run = store.runs.get(armed.id)
        assert (run.outcome, run.borg_exit_code, run.archive) == (Outcome.WARNING, 101, "a-1")
        assert (run.statistics, run.error, run.tainted) == (statistics, "e", True)

    def test_settling_leaves_what_is_not_given(self, store: Store, armed: Run) -> None:
        store.runs.set_error_if_none(armed.id, text("first"))
        store.runs.taint(armed.id)
        store.runs.settle(armed.id, Outcome.CANCELLED)
        run = store.runs.get(armed.id)
        assert (run.error, run.tainted, run.borg_exit_code, run.statistics) == ("first", True, None, None)

    def test_a_settled_outcome_stays(self, store: Store, armed: Run) -> None:
        assert store.runs.settle(armed.id, Outcome.SUCCESS, borg_exit_code=0)
        before = store.runs.get(armed.id)
        assert not store.runs.settle(armed.id, Outcome.INTERRUPTED, errors=(text("crash"),), tainted=True)
        assert store.runs.get(armed.id) == before

    def test_notes_add_up_and_are_not_said_twice(self, store: Store, armed: Run) -> None:
        for sentence in ("Retention was left.", "Borg broke a lock.", "Retention was left."):
            store.runs.note(armed.id, text(sentence))
        assert store.runs.get(armed.id).note == "Retention was left.\nBorg broke a lock."

    def test_the_first_error_counts(self, store: Store, armed: Run) -> None:
        store.runs.set_error_if_none(armed.id, text("first"))
        store.runs.set_error_if_none(armed.id, text("second"))
        assert store.runs.get(armed.id).error == "first"

    def test_words_that_are_not_utf8_never_stop_a_run(self, store: Store, armed: Run) -> None:
        store.runs.note(armed.id, text("caf\udce9\0"))
        store.runs.settle(
            armed.id, Outcome.FAILURE, errors=(text("/home/\udcff: Permission denied"),), archive="a\udcff"
        )
        run = store.runs.get(armed.id)
        assert (run.note, run.error, run.archive) == ("caf��", "/home/�: Permission denied", "a�")

    def test_unknown_runs_are_named(self, store: Store) -> None:
        calls: list[Callable[[RunId], object]] = [
            store.runs.get,
            lambda i: store.runs.arm(i, T0, []),
            lambda i: store.runs.set_step(i, Step.CREATE),
            lambda i: store.runs.settle(i, Outcome.SUCCESS),
            store.runs.taint,
            lambda i: store.runs.note(i, text("x")),
            lambda i: store.runs.set_error_if_none(i, text("x")),
            lambda i: store.runs.finish(i, RunStatus.SUCCESS, T0),
            lambda i: store.runs.claim(i, ME, OTHER),
        ]
        for call in calls:
            for run_id in (RunId(5), RunId(10**30)):
                with pytest.raises(NotFound, match=f"There is no run {run_id} in history"):
                    call(run_id)


class TestRecovery:
    def test_unfinished_runs_oldest_first(self, store: Store, documents: Repository) -> None:
        finished(store, documents)
        first, second = (store.runs.queue(documents, Trigger.USER, ME, T0) for _ in range(2))
        store.runs.arm(second.id, T0, [])
        assert [run.id for run in store.runs.unfinished()] == [first.id, second.id]

    def test_a_claim_takes_over_from_the_owner_that_was_seen(self, store: Store, armed: Run) -> None:
        assert not store.runs.claim(armed.id, OTHER, ME)
        assert not store.runs.claim(armed.id, None, OTHER)
        assert not store.runs.claim(armed.id, replace(ME, boot_id="another boot"), OTHER)
        assert store.runs.get(armed.id).owner == ME
        assert not store.runs.get(armed.id).recovered
        assert store.runs.claim(armed.id, ME, OTHER)
        assert not store.runs.claim(armed.id, ME, OTHER)
        claimed = store.runs.get(armed.id)
        assert (claimed.owner, claimed.recovered) == (OTHER, True)

    def test_the_same_owner_may_claim_again_without_it_being_a_recovery(self, store: Store, armed: Run) -> None:
        assert store.runs.claim(armed.id, ME, ME)
        assert not store.runs.get(armed.id).recovered

    def test_a_finished_run_cannot_be_claimed(self, store: Store, documents: Repository) -> None:
        assert not store.runs.claim(finished(store, documents).id, ME, OTHER)

    def test_what_failed_in_a_recovery_stays_owed_and_can_be_claimed(self, store: Store, armed: Run) -> None:
        first, second = armed.executions
        for execution in (first, second):
            store.executions.end(
                execution.id, ExecutionStatus.FAILED, reasons=(text("exit 1"),), exit_code=1, finished_at=T0
            )
        assert store.runs.owing() == []
        store.executions.still_owed(second.id)
        assert store.runs.owing() == [], "an unfinished run is not called owing"
        store.runs.finish(armed.id, RunStatus.INTERRUPTED, T0)
        assert [run.id for run in store.runs.owing()] == [armed.id]
        owed = store.executions.get(second.id)
        assert (owed.status, owed.reason, owed.exit_code) == (ExecutionStatus.PENDING, "exit 1", 1)
        assert store.runs.claim(armed.id, ME, OTHER)
        assert not store.runs.claim(armed.id, ME, OTHER)
        store.executions.skip(second.id, text("done by hand"))
        assert store.runs.owing() == []
        assert not store.runs.claim(armed.id, OTHER, ME)

    def test_of_two_claimers_one_wins(
        self, store: Store, documents: Repository, tmp_path: Path, together: Callable[..., list[str]]
    ) -> None:
        ids = [str(store.runs.queue(documents, Trigger.USER, ME, T0).id) for _ in range(40)]
        won = [set(printed.split()) for printed in together(2, CLAIM, str(tmp_path), *ids)]
        assert won[0] | won[1] == set(ids)
        assert won[0] & won[1] == set()
        pids = {run.owner.pid for run in store.runs.unfinished() if run.owner}
        assert ME.pid not in pids


CLAIM = """
import os, sys
from pathlib import Path
from borgdesk.domain.history import ProcessIdentity
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from tests.store.samples import ME
store = Store(Paths.below(Path(sys.argv[1])))
store.open()
me = ProcessIdentity(os.getpid(), 1, "this-boot")
print("ready", flush=True)
sys.stdin.readline()
print(*(run_id for run_id in sys.argv[2:] if store.runs.claim(int(run_id), ME, me)))
"""


class TestHistory:
    @pytest.fixture
    def many(self, store: Store, documents: Repository, script: Script) -> dict[str, int]:
        """Create runs with different special properties, oldest first."""
        photos = store.repositories.add(replace(documents, id=RepositoryId(0), name="Photos"))
        done = finished(store, documents).id
        failed = store.runs.queue(photos, Trigger.CLI, ME, T0).id
        armed = store.runs.arm(failed, T0, [planned(script_id=script.id), planned("Mount disk")])
        store.executions.end(
            armed.executions[1].id,
            ExecutionStatus.FAILED,
            reasons=(text("exit 32"),),
            finished_at=T0,
            stdout="Mounting 50%_done",
            stderr="mount: /mnt/Backup: no such device\n",
        )
        store.runs.settle(failed, Outcome.FAILURE, errors=(text("The script “Mount disk” failed."),))
        store.runs.note(failed, text("Retention was left."))
        store.runs.finish(failed, RunStatus.FAILURE, T0)
        waiting = store.runs.queue(documents, Trigger.USER, ME, LATER).id
        return {"done": done, "failed": failed, "waiting": waiting}

    def found(self, store: Store, many: dict[str, int], **conditions: object) -> list[str]:
        names = {run_id: name for name, run_id in many.items()}
        return [names[run.id] for run in store.runs.list(**conditions)]  # type: ignore[arg-type]

    def test_newest_first(self, store: Store, many: dict[str, int]) -> None:
        assert self.found(store, many) == ["waiting", "failed", "done"]
        assert all(run.executions == () for run in store.runs.list())

    @pytest.mark.parametrize(
        ("conditions", "found"),
        [
            ({"repository": "Documents"}, ["waiting", "done"]),
            ({"repository": 1}, ["waiting", "done"]),
            ({"repository": "documents"}, []),
            ({"script": "Mount disk"}, ["failed"]),
            ({"script": 1}, ["failed"]),
            ({"script": 99}, []),
            ({"status": RunStatus.FAILURE}, ["failed"]),
            ({"status": RunStatus.QUEUED, "repository": "Photos"}, []),
            ({"status": RunStatus.QUEUED, "repository": "Documents"}, ["waiting"]),
            ({"since": T0}, ["waiting", "failed", "done"]),
            ({"since": LATER}, ["waiting"]),
            ({"since": LATER + timedelta(seconds=1)}, []),
            ({"search": "PHOTO"}, ["failed"]),
            ({"search": "mount disk"}, ["failed"]),
            ({"search": "stop containers"}, ["failed"]),
            ({"search": "retention"}, ["failed"]),
            ({"search": "no such device"}, ["failed"]),
            ({"search": "exit 32"}, ["failed"]),
            ({"search": "50%_d"}, ["failed"]),
            ({"search": "5%d"}, []),
            ({"search": ""}, ["waiting", "failed", "done"]),
            ({"limit": 1}, ["waiting"]),
        ],
    )
    def test_conditions(
        self, store: Store, many: dict[str, int], conditions: dict[str, object], found: list[str]
    ) -> None:
        assert self.found(store, many, **conditions) == found

    def test_page_by_page(self, store: Store, many: dict[str, int]) -> None:
        assert self.found(store, many, before_id=many["waiting"], limit=1) == ["failed"]
        assert self.found(store, many, before_id=many["failed"], limit=1) == ["done"]
        assert self.found(store, many, before_id=many["done"], limit=1) == []

    def test_a_renamed_and_a_removed_repository_keep_their_history(
        self, store: Store, many: dict[str, int], documents: Repository
    ) -> None:
        store.repositories.update(replace(documents, name="Papers"))
        assert self.found(store, many, repository="Papers") == ["waiting", "done"]
        assert self.found(store, many, repository="Documents") == ["waiting", "done"]
        store.repositories.remove(documents.id)
        assert self.found(store, many, repository="Documents") == ["waiting", "done"]
        assert self.found(store, many, repository=documents.id) == []

    def test_the_strip_has_what_ended_oldest_first(self, store: Store, documents: Repository) -> None:
        for status in (RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.SKIPPED, RunStatus.WARNING):
            finished(store, documents, status)
        finished(store, replace(documents, id=store.repositories.add(replace(documents, name="P")).id))
        store.runs.queue(documents, Trigger.USER, ME, T0)
        strip = store.runs.strip(documents.id, 3)
        assert [one.status for one in strip] == [RunStatus.FAILURE, RunStatus.SKIPPED, RunStatus.WARNING]
        for one in strip:
            run = store.runs.get(one.id)
            assert one == PastBackup(run.id, run.status, run.queued_at, run.started_at, run.finished_at, run.errors)
        assert len(store.runs.strip(documents.id)) == 4
