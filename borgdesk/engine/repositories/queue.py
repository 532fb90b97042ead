"""Lets only one run of this user at a time work at each Borg repository, or stop the same services."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from borgdesk import private
from borgdesk.domain.digests import sha256
from borgdesk.domain.errors import InvalidInput, RunRefused
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.location import parse_location
from borgdesk.domain.run import RunStatus
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.self_start import is_guardian
from borgdesk.engine.repositories.shared_services import stopping_the_same
from borgdesk.engine.workspace import Workspace
from borgdesk.store.store import Store
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_GLANCE = 0.2
"""Seconds between two polls of the queue, for each run ahead."""
_RARELY = 10
"""The number of runs ahead from which on it is polled no less often."""


def canonical(location: str) -> str:
    """Return the canonical spelling of a location; a turn that is not a location is returned unchanged."""
    try:
        parsed = parse_location(location)
    except InvalidInput:
        return location.rstrip("/")
    # As Borg does: first remove redundant parts, then resolve links.
    return os.path.realpath(parsed.path) if parsed.host is None else parsed.canonical()


class Turn:
    """The right to work at a location: a file lock that ends with the last process that holds the file open.

    The guardian of a run inherits it. So after the application has died, the location stays taken until the owed
    scripts have run.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def try_take(cls, workspace: Workspace, turn: str) -> Turn | None:
        """Acquire the turn of that name (see :func:`~.shared_locations.turn_of`); return None if it is taken.

        Raises:
            RunRefused: its lock file cannot be created.
        """
        descriptor = _open_lock_file(workspace, turn)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return None
            raise
        return cls(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Release it; the next one gets it when no process that inherited it is left."""
        os.close(self.descriptor)


def lock_file(workspace: Workspace, turn: str) -> Path:
    """Return the lock file of a turn. The turn is only a name here; its disk is not accessed."""
    name = os.path.normpath(turn) if turn.startswith("/") else turn.rstrip("/")
    return workspace.paths.turns / (sha256(name.encode()).hexdigest()[:32] + ".lock")


def wake_guardians(workspace: Workspace, turn: str) -> None:
    """Resume a guardian that was stopped (SIGSTOP).

    It would keep the location taken for ever without executing what is owed.
    """
    for holder in procfs.frozen_holders(lock_file(workspace, turn)):
        if is_guardian(holder.pid):
            procfs.send(holder, signal.SIGCONT)


def _open_lock_file(workspace: Workspace, turn: str) -> int:
    path = lock_file(workspace, turn)
    try:
        private.make_missing(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunRefused(
            _("The file {path} cannot be written: {error}.").format(path=path, error=error.strerror)
        ) from error


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an unfinished run in the queue."""

    run: Run
    waits_for: tuple[Run, ...]
    """The runs that come before it, in order."""


def places(store: Store, unfinished: Iterable[Run]) -> list[Place]:
    """Return the place of each run: those that share a turn one after the other, in the order in which they begin.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    runs = sorted(unfinished, key=lambda one: one.id)
    turns: dict[str, list[Run]] = {}
    for run in runs:
        turns.setdefault(run.turn, []).append(run)
    found = []
    for at_one in turns.values():
        for before, run in enumerate(at_one):
            waits = run.status is RunStatus.QUEUED
            also = stopping_the_same(store, run, (one for one in runs if one.id < run.id)) if waits else []
            found.append(Place(run, tuple(sorted([*at_one[:before], *also], key=lambda one: one.id))))
    return found


def _before(store: Store, run: Run) -> list[Run]:
    """Return the older unfinished runs that *run* has to wait for, in order."""
    same_place = store.runs.queued_before(run.id, run.turn)
    others = [one for one in store.runs.unfinished() if one.id < run.id]
    return sorted([*same_place, *stopping_the_same(store, run, others)], key=lambda one: one.id)


def wait_for_turn(
    workspace: Workspace,
    run: Run,
    cancel: Cancel,
    ahead: Callable[[int], None],
    recover: Callable[[Run], object],
) -> Turn | None:
    """Wait until *run* may work at its location, and stop what it stops; return None if it is cancelled before.

    First come, first served. *ahead* is called with the number of earlier runs whenever it changes. A dead run among
    them is passed to *recover*: what it owes comes before anything new.

    Raises:
        RunRefused: the state folder cannot be written.
    """
    told = 0
    tried: set[RunId] = set()
    while not cancel.asked:
        before = _before(workspace.store, run)
        before = [earlier for earlier in before if earlier.id not in tried]
        dead = [earlier for earlier in before if earlier.owner is None or not procfs.is_alive(earlier.owner)]
        for earlier in dead:
            tried.add(earlier.id)
            _log.debug("run %d is dead and comes before run %d", earlier.id, run.id)
            recover(earlier)
        if dead:
            continue
        turn = None if before else Turn.try_take(workspace, run.turn)
        if turn is not None:
            return turn
        if not before:
            wake_guardians(workspace, run.turn)
        if (count := max(len(before), 1)) != told:
            told = count
            waits_for = ", ".join(str(earlier.id) for earlier in before) or "whoever has the lock"
            _log.debug("run %d waits at %s for %s", run.id, run.turn, waits_for)
            ahead(count)
        # Of many that wait, only those whose turn is near need to look often: each looks at all others.
        cancel.wait(_GLANCE * min(count, _RARELY))
    return None
