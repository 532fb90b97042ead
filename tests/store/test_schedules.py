"""Schedules and slots in the database, and claims of two processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

import borgdesk
from borgdesk.domain.errors import AlreadyStarted, InvalidInput, NotFound
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Conditions, Hours, Schedule, Slot, SlotState
from borgdesk.paths import Paths
from borgdesk.store import tick_hint
from borgdesk.store.store import Store

DUE = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
CHANGED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ME = ProcessIdentity(1, 1, "boot")


@pytest.fixture
def papers(store: Store) -> Repository:
    return store.repositories.add(Repository(RepositoryId(0), "Papers", "/backup/papers"))


def put(store: Store, schedule: Schedule, when: datetime = CHANGED) -> Schedule:
    with patch("borgdesk.store.schedules.now", return_value=when):
        return store.schedules.put(schedule)


def queue(store: Store, repository: Repository, slot: Slot) -> RunId:
    with store.database.together():
        run = store.runs.queue(repository, Trigger.SCHEDULE, ME, DUE)
        store.schedules.claim(slot, run.id)
    return run.id


def finish(store: Store, run_id: RunId, status: RunStatus) -> None:
    store.runs.arm(run_id, DUE, [])
    store.runs.settle(run_id, Outcome(status))
    store.runs.finish(run_id, status, DUE + timedelta(minutes=1))


def test_everything_is_stored(store: Store, papers: Repository) -> None:
    hours = Hours(time(22), time(6, 30))
    wanted = Schedule(
        papers.id,
        "30  2 * * 1,4",
        Conditions(on_battery=True, on_metered=True, between=hours, run_anyway_after=7),
        jitter=300,
        overdue_after=5,
        paused_until=UNTIL_RESUMED,
    )
    stored = put(store, wanted)
    assert stored == replace(wanted, cron="30 2 * * 1,4", changed_at=CHANGED)
    assert store.schedules.get(papers.id) == stored
    assert store.schedules.list() == [stored]


def test_only_another_expression_begins_anew(store: Store, papers: Repository) -> None:
    later = CHANGED + timedelta(days=1)
    put(store, Schedule(papers.id, "0 2 * * *"))
    assert put(store, Schedule(papers.id, "0 2 * * *", jitter=60), later).changed_at == CHANGED
    assert put(store, Schedule(papers.id, "0 3 * * *"), later).changed_at == later


def test_a_schedule_needs_a_repository_and_values_in_their_range(store: Store, papers: Repository) -> None:
    with pytest.raises(NotFound):
        store.schedules.put(Schedule(RepositoryId(99), "0 2 * * *"))
    for wrong in (
        Schedule(papers.id, "0 2 * * *", jitter=-1),
        Schedule(papers.id, "0 2 * * *", jitter=50_000),
        Schedule(papers.id, "0 2 * * *", overdue_after=0),
        Schedule(papers.id, "0 2 * * *", Conditions(run_anyway_after=5000)),
    ):
        with pytest.raises(InvalidInput):
            store.schedules.put(wrong)
    assert store.schedules.list() == []


def test_a_removed_repository_takes_its_schedule_with_it(store: Store, papers: Repository) -> None:
    put(store, Schedule(papers.id, "0 2 * * *"))
    store.schedules.record([Slot(papers.id, DUE, SlotState.WAITING)])
    store.repositories.remove(papers.id)
    assert (store.schedules.list(), store.schedules.slots(papers.id)) == ([], [])


def test_removing_and_pausing(store: Store, papers: Repository) -> None:
    put(store, Schedule(papers.id, "0 2 * * *"))
    store.schedules.pause([papers.id, RepositoryId(99)], DUE)
    paused = store.schedules.get(papers.id)
    assert paused is not None
    assert paused.paused_until == DUE
    store.schedules.record([Slot(papers.id, DUE, SlotState.WAITING)])
    assert store.schedules.remove(papers.id)
    assert not store.schedules.remove(papers.id)
    assert store.schedules.slots(papers.id) == []


def test_a_new_state_is_new_to_one_process(store: Store, papers: Repository) -> None:
    put(store, Schedule(papers.id, "0 2 * * *"))
    failed = Slot(papers.id, DUE, SlotState.FAILED, (Reason(Code.NO_RETRY, {"error": "x"}),), 4)
    assert store.schedules.record([failed]) == [failed]
    assert store.schedules.record([failed]) == []
    assert store.schedules.slots(papers.id) == [failed]


def test_the_claim_of_one_of_many_wins(store: Store, papers: Repository) -> None:
    slot = Slot(papers.id, DUE, SlotState.WAITING)
    winners: list[RunId] = []
    losers: list[AlreadyStarted] = []
    ready = threading.Barrier(8)

    def work() -> None:
        ready.wait()
        try:
            winners.append(queue(store, papers, slot))
        except AlreadyStarted as error:
            losers.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(winners), len(losers)) == (1, 7)
    assert {error.run_id for error in losers} == set(winners)
    # Those who lost have left no run behind.
    assert [run.id for run in store.runs.list()] == winners
    (running,) = store.schedules.slots(papers.id)
    assert (running.state, running.tries, running.run_id) == (SlotState.RUNNING, 1, winners[0])


def test_who_has_seen_an_older_state_does_not_try_again(store: Store, papers: Repository) -> None:
    slot = Slot(papers.id, DUE, SlotState.WAITING)
    first = queue(store, papers, slot)
    finish(store, first, RunStatus.FAILURE)
    with pytest.raises(AlreadyStarted):
        queue(store, papers, slot)
    # The number of tries does not matter: only the newest runs are looked at.
    second = queue(store, papers, replace(slot, run_id=first))
    (running,) = store.schedules.slots(papers.id)
    assert (running.tries, running.run_id) == (2, second)


def test_an_outdated_look_does_not_overwrite_a_claim(store: Store, papers: Repository) -> None:
    slot = Slot(papers.id, DUE, SlotState.WAITING)
    run_id = queue(store, papers, slot)
    assert store.schedules.record([replace(slot, reasons=(Reason(Code.ON_BATTERY),))]) == []
    (running,) = store.schedules.slots(papers.id)
    assert (running.state, running.run_id, running.reasons) == (SlotState.RUNNING, run_id, ())


def test_nothing_is_claimed_beside_a_backup_under_way(store: Store, papers: Repository) -> None:
    by_hand = store.runs.queue(papers, Trigger.USER, ME, DUE)
    with pytest.raises(AlreadyStarted) as caught:
        queue(store, papers, Slot(papers.id, DUE, SlotState.WAITING))
    assert caught.value.run_id == by_hand.id


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (RunStatus.SUCCESS, SlotState.DONE),
        (RunStatus.WARNING, SlotState.DONE),
        (RunStatus.CANCELLED, SlotState.DONE),
        (RunStatus.FAILURE, SlotState.RUNNING),
    ],
)
def test_a_slot_is_done_when_its_run_settled_it(
    store: Store, papers: Repository, status: RunStatus, state: SlotState
) -> None:
    finish(store, queue(store, papers, Slot(papers.id, DUE, SlotState.WAITING)), status)
    (slot,) = store.schedules.slots(papers.id)
    assert slot.state is state


# The hint of the tick.


def test_before_the_hint_there_is_nothing_to_do(store: Store, paths: Paths) -> None:
    file = str(paths.database)
    assert not tick_hint.nothing_to_do(file, 1000.0, "Europe/Berlin")
    store.schedules.set_hint(1000.0, 2000.0, "Europe/Berlin")
    assert tick_hint.nothing_to_do(file, 1000.0, "Europe/Berlin")
    assert tick_hint.nothing_to_do(file, 1999.0, "Europe/Berlin")
    assert not tick_hint.nothing_to_do(file, 2000.0, "Europe/Berlin")
    assert not tick_hint.nothing_to_do(file, 999.0, "Europe/Berlin")
    assert not tick_hint.nothing_to_do(file, 1500.0, "Europe/Lisbon")


def test_every_change_of_a_schedule_and_every_start_is_looked_at(
    store: Store, paths: Paths, papers: Repository
) -> None:
    def is_idle() -> bool:
        idle = tick_hint.nothing_to_do(str(paths.database), 1500.0, "UTC")
        store.schedules.set_hint(1000.0, 2000.0, "UTC")
        return idle

    is_idle()
    assert is_idle()
    put(store, Schedule(papers.id, "0 2 * * *"))
    assert not is_idle()
    store.schedules.pause([papers.id], DUE)
    assert not is_idle()
    queue(store, papers, Slot(papers.id, DUE, SlotState.WAITING))
    assert not is_idle()
    store.schedules.remove(papers.id)
    assert not is_idle()


def test_without_a_database_or_with_a_damaged_one(store: Store, paths: Paths) -> None:
    assert tick_hint.nothing_to_do(str(paths.database.with_name("none")), 1500.0, "UTC")
    damaged = paths.database.with_name("damaged")
    damaged.write_text("no database")
    assert not tick_hint.nothing_to_do(str(damaged), 1500.0, "UTC")
    store.key_values.set(tick_hint.KEY, ["something", "else"])
    assert not tick_hint.nothing_to_do(str(paths.database), 1500.0, "UTC")


_TICK = """
import sys
sys.path[:0] = [sys.argv.pop(1)]
from borgdesk.__main__ import main
print(main())
print(*sorted({"contextlib", "dataclasses", "json", "pathlib", "re", "sqlalchemy", "typing"} & {*sys.modules}))
"""


def test_the_tick_imports_next_to_nothing(store: Store, paths: Paths) -> None:
    """It comes every five minutes: importing ``json`` and ``typing`` took as long as all the rest together."""
    root = Path(borgdesk.__file__).parents[1]
    store.schedules.set_hint(0.0, 1e12, "UTC")
    environment = {"BORGDESK_HOME": str(paths.database.parents[1]), "TZ": "UTC"}
    assert tick_hint.database_file(environment) == str(paths.database)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _TICK, root, "due", "--start"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n\n"


@pytest.mark.parametrize("environment", [{"BORGDESK_HOME": "trial"}, {"BORGDESK_HOME": "/trial"}, {},
                                         {"XDG_DATA_HOME": "/elsewhere"}, {"XDG_DATA_HOME": ""}])  # fmt: skip
def test_the_tick_finds_the_same_database(environment: dict[str, str], tmp_path: Path) -> None:
    environment |= {"HOME": str(tmp_path)}
    with patch.dict(os.environ, environment, clear=True):
        assert tick_hint.database_file(os.environ) == str(Paths.from_environment(os.environ).database)


def test_the_zone_is_what_tz_says_or_where_the_local_time_leads_to() -> None:
    assert tick_hint.zone_name({"TZ": ":Europe/Lisbon"}) == "Europe/Lisbon"
    assert tick_hint.zone_name({"TZ": "Asia/Tokyo"}) == "Asia/Tokyo"
    assert tick_hint.zone_name({}) in (tick_hint.zone_name({"TZ": ""}), "UTC")
