"""The interface of a task: what differs between backups, restores, checks and other kinds of runs.

What they share (turn, guardian, scripts, cancellation, history) is in :mod:`borgdesk.engine.runs.recipe`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Outcome, RunKind, Step
from borgdesk.engine.borg_calls.borg_process import BorgAnswer
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.preflight import Preflight
from borgdesk.store.store import Store


@dataclass(frozen=True, slots=True)
class Setting:
    """What a task works with."""

    active: ActiveRun
    repository: Repository
    """As stored when the run has its turn."""
    way: Preflight
    """How the repository is opened."""


class Task(ABC):
    """The work of one run; every run has its own instance."""

    kind: ClassVar[RunKind]
    step: ClassVar[Step]
    """The step of the run during the work."""
    borg_steps: ClassVar[tuple[BorgStep, ...]]
    """The steps that the timeline shows before they begin."""
    opens: ClassVar[bool] = True
    """Whether the repository is opened, so that everything needed for that is asked for before any script."""
    archive: str | None = None
    """The name of the archive that the run is about, if any."""
    report: Mapping[str, Any] = MappingProxyType({})
    """What is known of its results from the beginning, by the names used in the command line's JSON."""

    def claim(self, store: Store, queued: Run) -> None:  # noqa: B027 - most need none
        """Claim what only one run may do, in the transaction that queues the run.

        Raises:
            AlreadyStarted: another run has it; this one is not queued.
        """

    def prepare(self, setting: Setting) -> None:  # noqa: B027 - most need none
        """Check what may refuse the run before anything is stopped; that the repository opens has been checked already.

        Raises:
            BorgDeskError: it cannot be done; the sentence says why.
            Stopped: the run was cancelled meanwhile.
        """

    @abstractmethod
    def work(self, setting: Setting) -> Outcome:
        """Do the work and return its outcome. The reason for a failure goes into ``active.errors``.

        Raises:
            BorgDeskError: it cannot be done; the sentence says why.
            Stopped: the run was cancelled.
        """

    def follow_up(self, setting: Setting) -> None:  # noqa: B027 - most need none
        """Do what follows the post-backup lane; failures taint the run."""


def outcome_of(active: ActiveRun, answer: BorgAnswer) -> Outcome:
    """Return the outcome of a run whose whole work is one call of Borg; the reason goes into ``active.errors``."""
    active.borg_exit_code = answer.result.exit_code
    if answer.cancelled:
        return Outcome.CANCELLED
    active.errors = active.errors or answer.result.reasons
    return answer.result.outcome
