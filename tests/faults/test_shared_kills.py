"""Runs that share a service, killed at random moments: it is started again once, after the last one has read.

The service is a file. Its scripts and a Borg made of a pause write a journal, which is compared with what must be true.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.markers import mark_of
from borgdesk.engine.runs.held_services import held_services
from borgdesk.engine.runs.run_folders import notes_in, run_folder
from tests.engine.desk import FAKE, POST, PRE, Desk
from tests.faults.nursery import Nursery, Victim
from tests.faults.victim import guardians_of

SEED = 20261128
KILLS = 1000
NAMES = ("Docs", "Photos", "Music")
BORG = """#!/bin/bash
cd @FOLDER@
set -o pipefail
# Each repository has an id of its own, as real ones have.
case "$*" in */photos*) id=b0b0 ;; */music*) id=c0de ;; *) id=d0c5 ;; esac
play() { @FAKE@ "$@" | sed "s/32170668bb770278/${id}0668bb770278/; s/0000000000000000/${id}000000000000/"; }
[[ " $* " == *" create "* ]] || { play "$@"; exit; }
look() { [ ! -e up ] || echo "read $1 $$" >>events; }
echo >reading/$$
look begin; sleep 0.@PAUSE@; look end
play "$@"
"""
STOP = """cd @FOLDER@
echo "stop begin $BORGDESK_RUN_ID" >>events
[ ! -e up ] || echo web >"$BORGDESK_STATE_DIR/stopped"
sleep 0.05; rm -f up; sleep 0.05
echo "stop end $BORGDESK_RUN_ID" >>events
"""
START = """cd @FOLDER@
echo "start begin $BORGDESK_RUN_ID" >>events
for one in reading/*; do
    if tr '\\0' ' ' 2>/dev/null </proc/"${one#*/}"/cmdline | grep -q " create "; then
        echo "under $BORGDESK_RUN_ID" >>events
    fi
done
sleep 0.05
[ ! -e "$BORGDESK_STATE_DIR/stopped" ] || touch up
sleep 0.05
echo "start end $BORGDESK_RUN_ID" >>events
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@dataclass
class Campaign:
    """Rounds of three runs that share a service, with kills."""

    folder: Path
    nursery: Nursery
    chance: random.Random
    count: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    last: int = 0
    length: float = 0.0
    """Seconds that three runs take."""

    def __post_init__(self) -> None:
        borg = self.folder / "borg"
        borg.write_text(self._filled(BORG).replace("@PAUSE@", "6"))
        borg.chmod(0o755)
        (self.folder / "reading").mkdir()
        (self.folder / "up").touch()
        self.events = self.folder / "events"
        self.events.touch()
        self.desk = Desk(self.folder / "work", str(borg))
        repositories: list[Repository] = [
            self.desk.repository,
            *(self.desk.add_repository(name) for name in NAMES[1:]),
        ]
        for name, hook, body in (("Stop web", PRE, STOP), ("Start web", POST, START)):
            script = self.desk.add(name, hook, self._filled(body), shared="").script_id
            for other in repositories[1:]:
                assign(self.desk.workspace, other.id, script, hook, Changes(shared=""))
        began = time.monotonic()
        for victim in [self.nursery.start(self.desk.environment, "run", name) for name in NAMES]:
            victim.wait()
        self.length = time.monotonic() - began

    def _filled(self, text: str) -> str:
        return text.replace("@FOLDER@", str(self.folder)).replace("@FAKE@", str(FAKE))

    def round(self) -> None:
        """Start three runs, kill some of what works on them, recover, and look at what happened."""
        self.events.write_text("")
        for one in (self.folder / "reading").iterdir():
            one.unlink()
        victims = []
        for name in self.chance.sample(NAMES, len(NAMES)):
            victims.append(self.nursery.start(self.desk.environment, "run", name))
            time.sleep(self.chance.choice((0, 0, 0.1, 0.5)))
        began = time.monotonic()
        for moment, victim in sorted(((self.chance.uniform(0.1, 1), one) for one in victims), key=lambda pair: pair[0]):
            victim.wait(max(0.0, began + moment * self.length - time.monotonic()))
            self._disturb(victim)
        for victim in victims:
            victim.wait()
        recoverer = self._start_recovery()
        while self.chance.random() < 0.5:
            recoverer.wait(self.chance.uniform(0, 1))
            self._killed(recoverer.kill())
            recoverer = self._start_recovery()
        recoverer.wait()
        self._until_all_is_over()
        self.count["rounds"] += 1
        self._judge()

    def _start_recovery(self) -> Victim:
        return self.nursery.start(self.desk.environment, "recover")

    def _disturb(self, victim: Victim) -> None:
        """Kill an application, and often its guardian, before, after or instead."""
        if self.chance.random() < 0.1 or victim.wait(0):
            return
        guardians = guardians_of(victim.pid)
        order = self.chance.choice(("application", "both", "both", "chain", "chain", "guardian"))
        if order in ("both", "guardian"):
            self._kill_all(guardians)
        if order != "guardian":
            self._killed(victim.kill())
        if order == "chain":
            time.sleep(self.chance.uniform(0, 1.6))
            self._kill_all(guardians)

    def _kill_all(self, pids: list[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._killed(done=True)

    def _killed(self, done: bool) -> None:
        self.count["kills"] += done

    def _until_all_is_over(self) -> None:
        """Wait for guardians, and recover until nothing is left to do."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            runs = self.desk.workspace.store.runs
            if not runs.unfinished() and not runs.owing() and not self._leftovers():
                return
            time.sleep(0.1)
            if all(one.owner is None or not procfs.is_alive(one.owner) for one in runs.unfinished()):
                self._start_recovery().wait()
        self._expect(False, "unfinished", "runs or processes are left")

    def _leftovers(self) -> bool:
        runs = [run for run in self.desk.workspace.store.runs.list(limit=9) if run.id > self.last]
        markers = [frozenset({mark_of(run.token, notes_in(run_folder(self.desk.workspace, run.id)))}) for run in runs]
        return any(procfs.has_marker(one.pid, marker) for one in procfs.processes() for marker in markers)

    def _judge(self) -> None:
        story = [line.split() for line in self.events.read_text().splitlines()]
        number = f"round {self.count['rounds']}: {story}"
        self._expect((self.folder / "up").exists(), "down", number)
        for words in story:
            self._expect(words[0] != "under", "under", number)
            self._expect(words[0] != "read", "read", number)
        runs = [run for run in self.desk.workspace.store.runs.list(limit=9) if run.id > self.last]
        early = self._killed_before_the_stop(runs, story)
        starts: int | None = None
        for what, when, number_of, *_ in story:
            if (what, when) == ("stop", "begin"):
                self._expect(starts is None or starts > 0, "stopped twice", number)
                self._expect(starts is None or starts < 2, "twice", number)
                starts = 0
                self.count["stops"] += 1
            elif (what, when) == ("start", "end") and int(number_of) not in early:
                starts = 1 if starts is None else starts + 1
        self._expect(starts is None or starts == 1, "twice" if starts else "missed", number)
        self.last = max((run.id for run in runs), default=self.last)
        self.count["runs"] += len(runs)
        for run in runs:
            for one in self.desk.workspace.store.runs.get(run.id).executions:
                self.count["joined"] += any(reason.code == "already-stopped" for reason in one.reasons)
                self._expect(one.status.is_final, "unfinished", f"{run.id}: {one.planned.name} {one.reason}")
                if one.planned.hook is POST:
                    self._expect(not one.status.is_bad, "failed", f"{run.id}: {one.reason}")
        self._expect(held_services(self.desk.workspace) == [], "held", number)

    def _killed_before_the_stop(self, runs: list[Run], story: list[list[str]]) -> set[int]:
        """Return runs that had to stop the service, and died before the script could say so."""
        begun = {int(number) for what, when, number, *_ in story if (what, when) == ("stop", "begin")}
        stops = [
            one
            for run in runs
            for one in self.desk.workspace.store.runs.get(run.id).executions
            if one.planned.hook is PRE
        ]
        return {one.run_id for one in stops if one.run_id and one.status.is_bad and one.run_id not in begun}

    def _expect(self, holds: bool, what: str, why: str) -> None:
        self.count[what] += not holds
        if not holds:
            self.troubles.append(f"{what}: {why}")

    def __str__(self) -> str:
        return "shared: " + ", ".join(f"{number} {what}" for what, number in sorted(self.count.items()) if number)


@pytest.fixture
def campaign(tmp_path: Path, nursery: Nursery) -> Iterator[Campaign]:
    made = Campaign(tmp_path, nursery, random.Random(int(os.environ.get("SEED", SEED))))
    yield made
    made.desk.close()


@pytest.mark.timeout(300)
def test_a_few_rounds(campaign: Campaign) -> None:
    for _ in range(4):
        campaign.round()
    assert campaign.troubles == [], str(campaign)


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_whole_campaign(campaign: Campaign, record_property: Callable[[str, object], None]) -> None:
    kills, began = int(os.environ.get("KILLS", KILLS)), time.monotonic()
    while campaign.count["kills"] < kills and len(campaign.troubles) < 20:
        campaign.round()
        if trace := os.environ.get("TRACE"):
            Path(trace).write_text(f"{campaign} {time.monotonic() - began:.0f} s\n" + "\n".join(campaign.troubles))
    record_property("campaign", f"{campaign} ({(time.monotonic() - began) / 60:.0f} min)")
    assert campaign.count["joined"]
    assert campaign.troubles == [], str(campaign)
