"""Campaign of runs killed at random moments, after which no pending script may be missing.

The counts come from the journal that the scripts write. The history is then compared with it.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shlex
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.engine.schedule.unit_texts import RUN, render
from tests.faults.lab import OWED, PRE, Entry, World, order_of_first_ends
from tests.faults.nursery import Nursery, Victim
from tests.faults.victim import guardians_of
from tests.user_manager import UserManager

SEED = 20261126
BROTHERS = ("Documents", "Photos", "Music", "Letters")
ROUNDS = {"application": 400, "both": 400, "chain": 300, "four": 100, "window": 100, "manager": 100}
"""Rounds of the whole campaign, by mode. Some modes kill several times per round: about 2,000 kills in all."""
MODES = tuple(ROUNDS)
SERVICE = "borgdesk-campaign.service"

GRACE = 1.6
"""Seconds after a death in which a guardian, or a recovering process, is in the middle of its work."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@dataclass
class Campaign:
    """One mode of killing, round after round, in one world."""

    world: World
    nursery: Nursery
    mode: str
    chance: random.Random
    manager: UserManager | None = None
    """Where the runs are services, in that mode."""
    count: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    length: float = 0.0

    def __post_init__(self) -> None:
        self.names = BROTHERS if self.mode == "four" else BROTHERS[:1]
        for name in self.names[1:]:
            self.world.add_repository(name)
        for name in (*PRE, *OWED):
            self.world.rewrite(name, "sleep 0.05; echo on its way; sleep 0.05")
        began = time.monotonic()
        victim = self._start()
        self._until_over(victim)
        # Some kills come too late, which does no harm: the end of a run must be covered as well.
        self.length = 1.1 * (time.monotonic() - began)
        victim.kill()

    def round(self) -> None:
        """Execute and kill one run, or four in parallel, recover, and count the results."""
        self.world.forget_journal()
        last = max((run.id for run in self.world.workspace.store.runs.list(limit=1)), default=0)
        with contextlib.ExitStack() as stack:
            victim = self._start()
            stack.callback(victim.wait)
            victim.wait(self.chance.uniform(0.02, 1.0) * self.length)
            getattr(self, f"_{self.mode}")(victim)
        self.world.wait_for_guardians()
        self._recover().wait()
        self.count["rounds"] += 1
        runs = [run for run in self.world.workspace.store.runs.list(limit=9) if run.id > last]
        for run in runs:
            self._judge(self.world.workspace.store.runs.get(run.id))
        self._expect(self._nobody_is_left(runs), "leftovers", "processes are left")

    def _nobody_is_left(self, runs: list[Run]) -> bool:
        """Wait until all processes have ended: a supervisor keeps unread output for half a minute."""
        end = time.monotonic() + 60
        while (found := self.world.leftover_processes(runs)) and time.monotonic() < end:
            time.sleep(0.2)
        return not found

    def _start(self) -> Victim:
        if self.manager is not None:
            self.manager.systemctl("start", SERVICE)
            return Victim(int(self.manager.systemctl("show", "--property=MainPID", "--value", SERVICE)))
        act = "window" if self.mode == "window" else "run"
        return self.nursery.start(self.world.environment | {"QT_QPA_PLATFORM": "offscreen"}, act, *self.names)

    def _until_over(self, victim: Victim) -> None:
        """Wait for the end of the run, since a window stays open."""
        while not victim.wait(0.02):
            runs = self.world.workspace.store.runs.list(limit=1)
            if self.mode == "window" and runs and runs[0].status.is_final:
                return

    def _recover(self) -> Victim:
        return self.nursery.start(self.world.environment, "recover")

    def _killed(self, done: bool) -> bool:
        self.count["kills"] += done
        return done

    def _application(self, victim: Victim) -> None:
        self._killed(victim.kill())

    def _window(self, victim: Victim) -> None:
        """Kill the window, and sometimes its guardian as well."""
        (self._application if self.chance.random() < 0.5 else self._chain)(victim)

    def _manager(self, victim: Victim) -> None:
        """Kill the run alone, with its guardian, or all that the service has started: scripts and Borg, too."""
        assert self.manager is not None
        match self.chance.randrange(3):
            case 0:
                self._application(victim)
            case 1:
                self._chain(victim)
            case _ if not victim.wait(0):
                self.manager.systemctl("kill", "--kill-who=all", "--signal=KILL", SERVICE)
                self._killed(done=True)
        # Else no other run of it would be started after a few.
        self.manager.reset(SERVICE)

    def _four(self, victim: Victim) -> None:
        guardians = guardians_of(victim.pid)
        self._killed(victim.kill())
        for guardian in guardians:
            if self.chance.random() < 0.5:
                time.sleep(self.chance.uniform(0, GRACE / 4))
                self._killed(_kill(guardian))

    def _both(self, victim: Victim) -> None:
        for guardian in guardians_of(victim.pid):
            self._killed(_kill(guardian))
        self._killed(victim.kill())

    def _chain(self, victim: Victim) -> None:
        """Kill application, then guardian, then recovering processes, each some time into its work."""
        guardians = guardians_of(victim.pid)
        self._killed(victim.kill())
        for guardian in guardians:
            time.sleep(self.chance.uniform(0, GRACE))
            self._killed(_kill(guardian))
        for _ in range(self.chance.randint(0, 3)):
            recoverer = self._recover()
            recoverer.wait(self.chance.uniform(0, GRACE))
            if not self._killed(recoverer.kill()):
                break

    def _judge(self, run: Run) -> None:
        entries = [entry for entry in self.world.journal() if entry.run == run.id]
        began = {entry.name for entry in entries if entry.what == "begin"}
        ended = Counter(entry.name for entry in entries if entry.what == "end")
        self._expect(run.status.is_final, "unfinished", f"{run.id} is {run.status}")
        self._history(run, entries, ended)
        if not began & set(PRE):
            return
        self.count["armed"] += 1
        for entry in entries:
            if entry.name in OWED:
                self._expect(entry.outcome == run.outcome, "told", f"{run.id}: {entry.name} {entry.outcome}")
        for name in OWED:
            self._expect(ended[name] > 0, "missed", f"{run.id}: {name}")
            self._expect(ended[name] < 2, "twice", f"{run.id}: {name}")
        order = order_of_first_ends([entry.name for entry in entries if entry.what == "end"], OWED)
        self._expect(order == [name for name in OWED if name in order], "order", f"{run.id}: {order}")

    def _history(self, run: Run, entries: list[Entry], ended: Counter[str]) -> None:
        """Compare the history of each script with its own journal."""
        for one in run.executions:
            name, status = one.planned.name, one.status
            if status is ExecutionStatus.SUCCESS:
                self._expect(ended[name] > 0, "contradictions", f"{run.id}: {name} is green and did not end")
            if status is ExecutionStatus.INTERRUPTED:
                self._expect(not ended[name], "contradictions", f"{run.id}: {name} ended and is told as interrupted")
            if status is ExecutionStatus.SKIPPED:
                begun = any(entry.name == name for entry in entries)
                self._expect(not begun, "contradictions", f"{run.id}: {name} began and is told as skipped")
            if one.planned.hook is not Hook.PRE_BACKUP:
                self._expect(not status.is_bad, "contradictions", f"{run.id}: {name} is {status}: {one.reason}")
        made = run.outcome is not None and run.outcome.made_archive
        self._expect(made == (run.archive is not None), "contradictions", f"{run.id}: {run.outcome} {run.archive}")

    def _expect(self, holds: bool, what: str, why: str) -> None:
        self.count[what] += not holds
        if not holds:
            self.troubles.append(f"{what}: {why}")

    def __str__(self) -> str:
        counted = {
            "missed": "missed",
            "twice": "twice",
            "order": "out of order",
            "told": "told another outcome",
            "unfinished": "unfinished",
            "contradictions": "contradictions",
            "leftovers": "leftovers",
        }
        numbers = ", ".join(f"{self.count[what]} {words}" for what, words in counted.items())
        count = self.count
        return f"{self.mode}: {count['rounds']} rounds, {count['kills']} kills, {count['armed']} runs armed: {numbers}"


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _campaign(world: World, nursery: Nursery, mode: str, rounds: int) -> Campaign:
    with _user_manager(world) if mode == "manager" else contextlib.nullcontext() as manager:
        campaign = Campaign(world, nursery, mode, random.Random(f"{SEED} {mode}"), manager)
        for _ in range(rounds):
            campaign.round()
    return campaign


@contextlib.contextmanager
def _user_manager(world: World) -> Iterator[UserManager]:
    """Provide a user manager with a service as BorgDesk installs it, which runs a backup although none is due."""
    folder = world.folder / "systemd"
    folder.mkdir()
    # Without what marks processes of this world, which the unit has: the manager itself is none of them.
    manager = UserManager(folder, {name: value for name, value in world.environment.items() if name != "BORGDESK_HOME"})
    manager.units.mkdir(parents=True)
    start = f"ExecStart=:{shlex.join(world.argv('run', *BROTHERS[:1]))}"
    # The manager has a bus, and so perhaps a keyring.
    environment = {**world.environment, "BORGDESK_SECRETS": "file"}
    text = re.sub(r"(?m)^ExecStart=.*", start, render(environment)[RUN])
    (manager.units / SERVICE).write_text(text)
    manager.start()
    try:
        yield manager
    finally:
        manager.end()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES)
def test_a_few_runs(world: World, nursery: Nursery, mode: str) -> None:
    campaign = _campaign(world, nursery, mode, 3)
    assert campaign.troubles == [], str(campaign)


@pytest.mark.faults
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("mode", MODES)
def test_whole_campaign(
    world: World, nursery: Nursery, mode: str, record_property: Callable[[str, object], None]
) -> None:
    rounds = int(os.environ.get("ROUNDS", ROUNDS[mode]))
    began = time.monotonic()
    campaign = _campaign(world, nursery, mode, rounds)
    record_property("campaign", f"{campaign} ({(time.monotonic() - began) / 60:.0f} min)")
    assert campaign.count["armed"]
    assert campaign.troubles == [], str(campaign)
