"""Removes what is older, or larger, than the settings allow: runs of the history, and the full output of runs.

It happens after runs and while the window is open, at most once a day, in small steps between which others can write,
and never while a run is queued or under way. The row goes first and its folder afterwards; what a kill leaves in
between is a folder without a row, which the next cleaning removes. The full output goes after a marker that says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from borgdesk import private
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.domain.settings import HISTORY_DAYS, HISTORY_SIZE, LOG_DAYS, LOG_SIZE
from borgdesk.engine.runs.output_files import outputs_in
from borgdesk.engine.runs.removal_notice import known, may_begin, remember
from borgdesk.engine.runs.run_folders import log_in
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)

_PAUSE_BETWEEN = timedelta(hours=20)
_MEGABYTE = 1_000_000
_MARKER = "output-removed"
_FREE = 100
"""Free pages of the database that wait for later rows instead of being given back at once."""
_DIGITS = 18
"""Digits of the largest number of a run that a folder may have."""
_SHORTEST_PAUSE = 0.005
"""Seconds between two steps, in which others can write."""


@dataclass(slots=True)
class Cleaned:
    """What a cleaning has done."""

    runs: int = 0
    tests: int = 0
    outputs: int = 0
    """Runs whose full output was removed."""
    left_over: int = 0
    """Folders without a row that were removed."""
    complete: bool = False
    """Whether nothing was left for another time."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is, and what the next cleaning removes because of its age."""

    runs: int
    oldest: datetime | None
    database: int
    """Bytes in use."""
    logs: int
    """Bytes in the folders of runs."""
    old_runs: int
    old_outputs: int
    first: datetime | None
    """When the first cleaning may happen, if that is still to come."""


def output_was_removed(folder: Path) -> bool:
    """Return whether the full output of a run, whose folder this is, was removed to save space."""
    return (folder / _MARKER).exists()


def is_due(workspace: Workspace, moment: datetime) -> bool:
    """Return whether the last cleaning was so long ago that there should be another one.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    facts = known(workspace, moment)
    pauses = {"last": _PAUSE_BETWEEN, "from": timedelta()}
    return all(facts[name] + pause <= moment for name, pause in pauses.items() if name in facts)


def clean(
    workspace: Workspace, moment: datetime, *, is_stopped: Callable[[], bool] = lambda: False, budget: float = 3600
) -> Cleaned | None:
    """Remove what is too old or too much, for at most *budget* seconds; None if another process is at it.

    The first cleaning of a set-up that has something to lose only announces itself, and so does one after the clock has
    jumped ahead, see :mod:`borgdesk.engine.runs.removal_notice`.

    Raises:
        StoreUnusable: the database cannot be read or written; what was removed by then is removed.
    """
    with _alone(workspace) as is_alone:
        if not is_alone:
            return None
        cleaning = _Cleaning(workspace, moment, is_stopped, time.monotonic() + budget)
        if not may_begin(workspace, moment, cleaning.has_work):
            return Cleaned()
        cleaned = cleaning.run()
        if cleaned.complete:
            remember(workspace, {**known(workspace, moment), "last": moment})
        _log.info("history: %s", cleaned)
        return cleaned


def survey(workspace: Workspace, moment: datetime) -> Survey:
    """Return what there is. Takes a second for each 50,000 runs with folders.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    return _Cleaning(workspace, moment, lambda: False, time.monotonic() + 3600).survey()


@contextlib.contextmanager
def _alone(workspace: Workspace) -> Iterator[bool]:
    """Provide whether this is the only process that cleans."""
    lock = os.open(workspace.paths.state / "cleaning.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private.FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(lock)


@dataclass(slots=True)
class _Cleaning:
    workspace: Workspace
    moment: datetime
    is_stopped: Callable[[], bool]
    end: float
    done: Cleaned = field(default_factory=Cleaned)

    def run(self) -> Cleaned:
        if not self._may_have_work():
            self.done.complete = True
            return self.done
        values = self.workspace.store.settings.read()
        removal = self.workspace.store.history_removal
        keep = removal.indispensable(self.moment) | self._restores()
        steps: tuple[Callable[[], None], ...] = (
            lambda: self._remove_runs(keep, self._before(values[HISTORY_DAYS]), values[HISTORY_SIZE] * _MEGABYTE),
            lambda: self._remove_tests(self._before(values[HISTORY_DAYS])),
            self._remove_leftovers,
            lambda: self._remove_outputs(keep, self._before(values[LOG_DAYS]), values[LOG_SIZE] * _MEGABYTE),
            lambda: removal.give_back(self._goes_on),
        )
        for step in steps:
            # Each of them begins by looking at all folders or rows.
            if self._goes_on():
                step()
        self.done.complete = self._goes_on()
        return self.done

    def has_work(self) -> bool:
        """Return whether anything would be removed."""
        if not self._may_have_work():
            return False
        found = self.survey()
        values = self.workspace.store.settings.latest
        limits = (found.database, values[HISTORY_SIZE]), (found.logs, values[LOG_SIZE])
        too_much = any(limit and size > limit * _MEGABYTE for size, limit in limits)
        return bool(found.old_runs or found.old_outputs) or too_much

    def _may_have_work(self) -> bool:
        """Return False if it is certain that there is nothing to remove, which mostly is.

        A window that does nothing else then goes on without what removes, and SQLAlchemy.
        """
        store, paths = self.workspace.store, self.workspace.paths
        values, bounds = store.settings.read(), store.history_bounds
        days = [values[limit] for limit in (HISTORY_DAYS, LOG_DAYS) if values[limit]]
        pages, free, size = bounds.pages()
        if free > _FREE or (days and bounds.is_any_older(self.moment - timedelta(days=min(days)))):
            return True
        if values[HISTORY_SIZE] and (pages - free) * size > values[HISTORY_SIZE] * _MEGABYTE:
            return True
        runs, tests = self._folders(paths.runs), self._folders(paths.tests)
        if values[LOG_SIZE] and sum(_size_of(paths.runs / str(one)) for one in runs) > values[LOG_SIZE] * _MEGABYTE:
            return True
        return not (bounds.has_runs(runs) and bounds.has_tests(tests))

    def survey(self) -> Survey:
        values = self.workspace.store.settings.read()
        removal = self.workspace.store.history_removal
        keep = removal.indispensable(self.moment) | self._restores()
        count, oldest = removal.count()
        before = self._before(values[HISTORY_DAYS])
        folders = self._folders(self.workspace.paths.runs)
        sizes = {number: _size_of(self.workspace.paths.runs / str(number)) for number in folders}
        first = known(self.workspace, self.moment).get("from", self.moment)
        return Survey(
            runs=count,
            oldest=oldest,
            database=removal.size(),
            logs=sum(sizes.values()),
            old_runs=0 if before is None else removal.count_old(keep, before),
            old_outputs=len(self._old_outputs(folders, keep, self._before(values[LOG_DAYS]))),
            first=first if first > self.moment else None,
        )

    def _goes_on(self) -> bool:
        return (
            not self.is_stopped() and time.monotonic() < self.end and not self.workspace.store.history_removal.is_busy()
        )

    def _before(self, days: int) -> datetime | None:
        return self.moment - timedelta(days=days) if days else None

    def _restores(self) -> frozenset[RunId]:
        """Return the restores of which a journal is there: they can be undone, or are not finished."""
        found = (file.parent.parent.name for file in self.workspace.paths.runs.glob("*/restore/places.json"))
        return frozenset(RunId(int(name)) for name in found if name.isdecimal())

    def _remove_runs(self, keep: frozenset[RunId], before: datetime | None, limit: int) -> None:
        removal = self.workspace.store.history_removal
        if before is not None:
            self._remove_while(keep, before, lambda: True)
        if limit:
            self._remove_while(keep, None, lambda: removal.size() > limit)

    def _remove_while(self, keep: frozenset[RunId], before: datetime | None, is_needed: Callable[[], bool]) -> None:
        removal, refused = self.workspace.store.history_removal, set[RunId]()
        while is_needed() and self._goes_on():
            wanted = removal.oldest(keep | refused, before)
            if not wanted:
                return
            while wanted and is_needed() and self._goes_on():
                began = time.monotonic()
                seen = removal.remove(wanted)
                gone = set(seen) - removal.known(seen)
                refused |= set(seen) - gone
                self.done.runs += len(gone)
                for run_id in sorted(gone):
                    private.remove(self.workspace.paths.runs, str(run_id))
                wanted = wanted[len(seen) :]
                time.sleep(max(_SHORTEST_PAUSE, time.monotonic() - began))

    def _remove_tests(self, before: datetime | None) -> None:
        removal = self.workspace.store.history_removal
        while before is not None and self._goes_on() and (wanted := removal.old_tests(before)):
            while wanted and self._goes_on():
                began = time.monotonic()
                seen = removal.remove_tests(wanted)
                gone = set(seen) - removal.known_tests(seen)
                self.done.tests += len(gone)
                for execution_id in sorted(gone):
                    private.remove(self.workspace.paths.tests, str(execution_id))
                wanted = wanted[len(seen) :]
                time.sleep(max(_SHORTEST_PAUSE, time.monotonic() - began))
        if before is not None:
            removal.remove_slots(before)

    def _remove_leftovers(self) -> None:
        """Remove folders without a row. A row precedes its folder, so the folders are listed first."""
        removal, paths = self.workspace.store.history_removal, self.workspace.paths
        runs, tests = self._folders(paths.runs), self._folders(paths.tests)
        newest, newest_test = removal.newest_id(), removal.newest_test_id()
        known, known_tests = removal.known(list(map(RunId, runs))), removal.known_tests(list(map(ExecutionId, tests)))
        # Folders with higher numbers belong to a newer copy of the database than the one that was put back.
        left = [(paths.runs, one) for one in runs if one not in known and one < newest]
        left += [(paths.tests, one) for one in tests if one not in known_tests and one < newest_test]
        for folder, number in left:
            if not self._goes_on():
                return
            private.remove(folder, str(number))
            self.done.left_over += 1

    def _remove_outputs(self, keep: frozenset[RunId], before: datetime | None, limit: int) -> None:
        runs = self.workspace.paths.runs
        folders = self._folders(runs)
        for run_id in self._old_outputs(folders, keep, before):
            if not self._goes_on():
                return
            self._remove_output(run_id)
        if not limit or not self._goes_on():
            return
        sizes = {number: _size_of(runs / str(number)) for number in self._folders(runs)}
        total = sum(sizes.values())
        for number in sorted(sizes):
            if total <= limit or not self._goes_on():
                return
            if number not in keep and not output_was_removed(runs / str(number)):
                self._remove_output(RunId(number))
                total -= sizes[number] - _size_of(runs / str(number))

    def _old_outputs(self, folders: list[int], keep: frozenset[RunId], before: datetime | None) -> list[RunId]:
        if before is None:
            return []
        runs = self.workspace.paths.runs
        ended = self.workspace.store.history_removal.ended(list(map(RunId, folders)))
        old = (run_id for run_id, moment in ended.items() if moment < before and run_id not in keep)
        return sorted(run_id for run_id in old if not output_was_removed(runs / str(run_id)))

    def _remove_output(self, run_id: RunId) -> None:
        """Remove what a run has printed; what happened in it, and the ends of its output in the database, stay."""
        folder = self.workspace.paths.runs / str(run_id)
        with contextlib.suppress(OSError):
            private.anew(folder / _MARKER).close()
            for place in (outputs_in(folder), log_in(folder), folder / "progress.jsonl"):
                private.remove(folder, place.name)
            self.done.outputs += 1

    def _folders(self, parent: Path) -> list[int]:
        try:
            with os.scandir(parent) as entries:
                return sorted(
                    int(entry.name) for entry in entries if entry.name.isdecimal() and len(entry.name) <= _DIGITS
                )
        except OSError:
            return []


def _size_of(folder: Path) -> int:
    """Return the bytes of the files in the folder of a run, without what a restore keeps for its undo."""
    size = 0
    for place in (folder, outputs_in(folder)):
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0
    return size
