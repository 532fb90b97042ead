"""The turn of those who read a repository: they wait for each other, but not for a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from borgdesk.domain.errors import InUse, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn, lock_file
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_GLANCE = 0.1
"""Seconds between two attempts."""

_held: set[Path] = set()
"""Turns that readers of this process hold; a Borg that was asked to stop keeps its turn until it has ended."""
_lock = Lock()


@contextmanager
def reading_turn(workspace: Workspace, repository: Repository, cancel: Cancel) -> Iterator[None]:
    """Hold the turn of *repository*, as soon as other readers of this process have finished.

    Raises:
        InUse: a run, or a reader of another process, is using it.
        Stopped: *cancel* was asked meanwhile.
    """
    name = turn_of(repository)
    while (turn := _try_take(workspace, name, repository)) is None:
        if cancel.wait(_GLANCE):
            raise Stopped
    try:
        yield
    finally:
        with _lock, turn:
            _held.discard(lock_file(workspace, name))


def _try_take(workspace: Workspace, name: str, repository: Repository) -> Turn | None:
    with _lock:
        turn = Turn.try_take(workspace, name)
        if turn is not None:
            _held.add(lock_file(workspace, name))
        elif lock_file(workspace, name) not in _held:
            raise InUse(
                _("“{repository}” is being used by a run right now. Try again when it has finished.").format(
                    repository=repository.name
                )
            )
    return turn
