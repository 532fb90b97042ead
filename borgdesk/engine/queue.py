"""One run at a time at each repository location, across all processes of this user."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from typing import Self

from borgdesk.domain.errors import RunRefused
from borgdesk.domain.history import Run
from borgdesk.domain.repository import is_local
from borgdesk.engine import procfs
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.workspace import Workspace

_GLANCE = 0.2
"""Seconds between two looks at the queue."""


def canonical(location: str) -> str:
    """The location by which runs at the same place recognise each other."""
    return os.path.realpath(location) if is_local(location) else location.rstrip("/")


class Turn:
    """The right to work at a location: a lock on a file, which ends with the last process that holds it open.

    The guardian of a run inherits it. So when the application dies, the location stays taken until what the run owes
    has been done.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def try_take(cls, workspace: Workspace, location: str) -> Turn | None:
        """The turn, or None while somebody else has it.

        Raises:
            RunRefused: its lock file cannot be made.
        """
        descriptor = _open_lock_file(workspace, location)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let the next one have its turn, once nobody who inherited it is left either."""
        os.close(self.descriptor)


def _open_lock_file(workspace: Workspace, location: str) -> int:
    folder = workspace.paths.turns
    path = folder / (hashlib.sha256(canonical(location).encode()).hexdigest()[:32] + ".lock")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RunRefused(f"The file {path} cannot be written: {error.strerror}.") from error


def wait_for_turn(
    workspace: Workspace,
    run: Run,
    cancel: Cancel,
    ahead: Callable[[int], None],
    recover: Callable[[Run], object],
) -> Turn | None:
    """Wait until *run* may work at its location; None when it was cancelled before.

    First come, first served. *ahead* hears how many runs go before, whenever that changes. A dead run among them is
    handed to *recover*: what it owes comes before anything new.

    Raises:
        RunRefused: the state folder cannot be written.
    """
    told = 0
    tried: set[int] = set()
    while not cancel.asked:
        before = workspace.store.runs.queued_before(run.id, run.location)
        before = [earlier for earlier in before if earlier.id not in tried]
        dead = [earlier for earlier in before if earlier.owner is None or not procfs.is_alive(earlier.owner)]
        for earlier in dead:
            tried.add(earlier.id)
            recover(earlier)
        if dead:
            continue
        turn = None if before else Turn.try_take(workspace, run.location)
        if turn is not None:
            return turn
        if (count := max(len(before), 1)) != told:
            told = count
            ahead(count)
        cancel.wait(_GLANCE)
    return None
