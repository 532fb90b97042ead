"""Random runs, kills, failures and reboots, against a plain model of a service that runs share.

A run is what it is to the files: it takes, stops, reads, gives back and starts, in any interleaving with others, and
its processes die between any two steps. What it had written to its history by then is all that is left to a recovery.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from borgdesk.engine.runs import hold_file
from borgdesk.engine.runs.hold_file import Member, Wish

KEY = "0" * 32
WISH = Wish(KEY, "place", "web")
_MOSTLY = st.sampled_from([True] * 5 + [False])
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))


@dataclass
class Run:
    """A run, and what its history says."""

    number: int
    phase: str = "waiting"
    """waiting, stopping, reading, broken (its stop failed), back (reading is over), starting, started, over."""
    processes: set[str] = field(default_factory=set)
    has_stopped: bool = False
    """Whether its history says that it stopped the service, or found it stopped."""
    relies: bool = False
    """Whether it reads because it was told that the service is down."""

    @property
    def is_alive(self) -> bool:
        return bool(self.processes)

    @property
    def mark(self) -> str:
        return f"TOKEN={self.number}"


class Service(RuleBasedStateMachine):
    """The service, the runs that share it, and the rules of what may happen next."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.runs: list[Run] = []
        self.alive: set[str] = set()
        self.is_up = True
        self.broken_starts = 0
        """Starts that failed or were cut short: only then may there be more than one after a stop."""
        self.starts = 1
        """Starts that were begun since the last stop."""
        self.failed: set[int] = set()
        self._patch = patch.object(hold_file, "is_alive", lambda who: who in self.alive)
        self._patch.start()

    def teardown(self) -> None:
        try:
            self._until_all_is_over()
            assert self.is_up
            hold = hold_file.read(self.folder, KEY)
            assert (hold.state, hold.members, hold.failed) == (hold_file.FREE, {}, [])
        finally:
            self._patch.stop()
            shutil.rmtree(self.folder)

    # What may happen.

    @rule()
    def begin(self) -> None:
        if sum(run.phase != "over" for run in self.runs) < 4:
            run = Run(len(self.runs) + 1)
            self.runs.append(run)
            self._born(run, "application")
            self._born(run, "guardian")

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Let somebody take the next step."""
        self._step(data)

    @rule(data=st.data())
    def go_on_for_some_steps(self, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, 5))):
            self._step(data)

    def _step(self, data: st.DataObject) -> None:
        found = [run for run in self.runs if run.is_alive and run.phase != "over"]
        if not found:
            return
        run = data.draw(st.sampled_from(found))
        match run.phase:
            case "waiting":
                self._take(data, run)
            case "stopping":
                self._stop_ends(data, run, works=data.draw(_MOSTLY))
            case "reading" | "broken":
                assert not (run.relies and self.is_up), "it was started while a run still read"
                run.phase, run.relies = "back", False
            case "back":
                self._give_back(data, run)
            case "starting":
                self._start_ends(data, run, works=data.draw(_MOSTLY))
            case "ended" | "failed":
                self._record_end(run)
            case _:
                self._end(run)

    def _take(self, data: st.DataObject, run: Run) -> None:
        answer, _hold = hold_file.take(self.folder, WISH, Member(run.number, run.mark, sorted(run.processes)), "now")
        if answer == hold_file.TAKEN:
            assert self.is_up or self.failed, "it is stopped a second time"
            assert not self._readers()
            run.phase = "stopping"
            self.starts = 0
        elif answer == hold_file.JOINED:
            assert not self.is_up, "it was said to be down"
            run.phase, run.relies = "reading", True
            self._maybe_die(data, run)
            run.has_stopped = run.is_alive

    def _stop_ends(self, data: st.DataObject, run: Run, *, works: bool) -> None:
        run.has_stopped = True
        self.is_up = self.is_up and not works
        self._maybe_die(data, run)
        if run.phase == "stopping" and run.is_alive:
            hold_file.took(self.folder, KEY, run.number, stopped=works)
            run.phase, run.relies = ("reading", True) if works else ("broken", False)

    @precondition(lambda self: any(run.is_alive for run in self.runs))
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from([run for run in self.runs if run.is_alive]))
        if data.draw(_MOSTLY):
            return
        self._die(run, data.draw(st.sampled_from(sorted(run.processes))))

    @rule(data=st.data())
    def reboot(self, data: st.DataObject) -> None:
        if not all(data.draw(st.booleans()) for _ in range(4)):
            return
        for run in self.runs:
            for who in sorted(run.processes):
                self._die(run, who)
        self.alive.clear()

    @rule(data=st.data())
    def recover(self, data: st.DataObject) -> None:
        """Let a new process finish a run whose processes are all dead; a guardian is one that was there before."""
        dead = [run for run in self.runs if not run.is_alive and run.phase != "over"]
        if dead:
            run = data.draw(st.sampled_from(dead))
            self._born(run, f"recovery{data.draw(st.integers(0, 999))}")

    # How it happens.

    def _readers(self) -> list[Run]:
        return [run for run in self.runs if run.phase == "reading" and run.relies]

    def _born(self, run: Run, what: str) -> None:
        who = f"{what}{run.number}"
        run.processes.add(who)
        self.alive.add(who)

    def _die(self, run: Run, who: str) -> None:
        """End a process. Without the application, nothing is stopped or read any more; what is left is to start."""
        run.processes.discard(who)
        self.alive.discard(who)
        if who.startswith("guardian") or run.phase == "over":
            return
        if run.phase == "starting":
            self.broken_starts += 1
        if run.phase in ("waiting", "stopping", "broken", "starting"):
            # Their stop may have done its work, or a part of it.
            self.is_up = self.is_up and run.phase != "stopping"
            run.phase = "back"
        elif run.phase == "reading":
            # Its Borg reads on until somebody who recovers the run ends it.
            run.phase = "reading" if not run.processes else "back"
        run.relies = run.relies and run.phase == "reading"

    def _maybe_die(self, data: st.DataObject, run: Run) -> None:
        if not data.draw(_MOSTLY):
            for who in sorted(run.processes):
                if data.draw(st.booleans()):
                    self._die(run, who)

    def _give_back(self, data: st.DataObject | None, run: Run) -> None:
        who = min(run.processes)
        answer, to, marks = hold_file.give_back(self.folder, KEY, run.number, who, stopped=run.has_stopped)
        if answer in (hold_file.LAST, hold_file.AGAIN):
            for other in self._readers():
                assert not other.is_alive, f"{other} still reads"
                assert other.mark in marks, f"the Borg of {other} is not ended"
                other.phase, other.relies = "back", False
            self.starts += 1
            assert self.starts == 1 or self.broken_starts, "it is started twice"
            run.phase = "starting"
        elif answer != hold_file.BUSY:
            assert answer == hold_file.NEVER or to != run.number
            assert not (answer == hold_file.NEVER and run.has_stopped)
            self._record(data, run)

    def _record(self, data: st.DataObject | None, run: Run) -> None:
        """Write to the history that the start was left to another run, unless all die before."""
        if data is not None:
            self._maybe_die(data, run)
        if run.is_alive:
            run.phase = "started"
            self.failed.discard(run.number)
        else:
            run.phase = "back"

    def _start_ends(self, data: st.DataObject | None, run: Run, works: bool) -> None:
        self.is_up = self.is_up or works
        self.broken_starts += not works
        if works:
            self.failed.discard(run.number)
        else:
            self.failed.add(run.number)
        # From here on, a record on the disk says how it ended, whoever is left to read it.
        run.phase = "ended" if works else "failed"
        if data is not None:
            self._maybe_die(data, run)
        if run.is_alive:
            self._record_end(run)

    def _record_end(self, run: Run) -> None:
        """Record how the start ended, by whoever finds that on the disk."""
        works = run.phase == "ended"
        hold_file.gave_back(self.folder, KEY, run.number, started=works)
        run.phase = "started" if works else "back"

    def _end(self, run: Run) -> None:
        hold_file.settled(self.folder, KEY, [run.number])
        run.phase = "over"
        for who in sorted(run.processes):
            self.alive.discard(who)
        run.processes.clear()

    def _until_all_is_over(self) -> None:
        for _ in range(200):
            left = [run for run in self.runs if run.phase != "over"]
            for run in left:
                self._go_on(run)
            if not left:
                return
        raise AssertionError(f"it does not end: {self.runs}, {vars(hold_file.read(self.folder, KEY))}")

    def _go_on(self, run: Run) -> None:
        if not run.is_alive:
            self._born(run, "last")
        match run.phase:
            case "waiting":
                run.phase = "back"
            case "stopping":
                self.is_up, run.has_stopped, run.phase = False, True, "back"
            case "reading" | "broken":
                assert not (run.relies and self.is_up)
                run.phase, run.relies = "back", False
            case "back":
                self._give_back(None, run)
            case "starting":
                self._start_ends(None, run, works=True)
            case "ended" | "failed":
                self._record_end(run)
            case _:
                self._end(run)


@contextmanager
def _no_syncing() -> Iterator[None]:
    with patch.object(os, "fsync", lambda _: None):
        yield


def test_it_starts_once_after_the_last_and_never_before() -> None:
    with _no_syncing():
        run_state_machine_as_test(
            Service,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
