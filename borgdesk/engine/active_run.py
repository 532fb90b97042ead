"""A run under way: what its steps share, in the process that works on it now."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.domain.events import Event, StepBegan, Tell
from borgdesk.domain.history import ArchiveStatistics, Execution, Run
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, Step, Trigger
from borgdesk.domain.variables import RunFacts
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.output import Masker, RunLog
from borgdesk.engine.recorder import Recorder
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)

SecretValues = Mapping[tuple[int | None, str], str]
"""Secret parameter values by assignment and parameter name."""


def now() -> datetime:
    """The time, aware, as history keeps it."""
    return datetime.now(UTC)


class Clock:
    """The time in a run: from its beginning on it goes by the machine's uptime, sleep included.

    The clock on the wall may be put back or forward meanwhile; what a script took must not become negative by that, nor
    must it seem to have begun before the one that ran before it.
    """

    def __init__(self, not_before: datetime) -> None:
        self._began = max(now(), not_before)
        self._uptime = time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> datetime:
        """The time, aware."""
        return self._began + timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME) - self._uptime)


def run_folder(workspace: Workspace, run_id: int) -> Path:
    """The private folder of a run: its log, and the notes its scripts leave each other."""
    return workspace.paths.runs / str(run_id)


def test_folder(workspace: Workspace, execution_id: int) -> Path:
    """The private folder of a test of a script."""
    return workspace.paths.tests / str(execution_id)


def notes_in(folder: Path) -> Path:
    """The part of a run's folder that scripts know as ``BORGDESK_STATE_DIR``."""
    return folder / "state"


def log_in(folder: Path) -> Path:
    """The log file in a run's folder."""
    return folder / "run.log"


def tell(listener: Tell, event: Event) -> None:
    """Tell a listener. One that fails is our own defect, and never the run's trouble."""
    try:
        listener(event)
    except Exception:
        _log.exception("a listener failed at %r", type(event).__name__)


@dataclass(slots=True)
class ActiveRun:
    """The state that the recipe, or a recovery, carries from step to step.

    It, not the database, is what the steps go by, so that a database that cannot be written for a while stops nothing.
    """

    workspace: Workspace
    run: Run
    """As it was when it began; it does not change."""
    executions: tuple[Execution, ...]
    folder: Path
    log: RunLog
    masker: Masker
    secrets: SecretValues
    cancel: Cancel
    listener: Tell
    recorder: Recorder = field(default_factory=Recorder)
    ended: dict[int, ExecutionStatus] = field(default_factory=dict)
    """How the scripts that had their turn, or their reason for not having it, ended: by execution id."""
    recovered: bool = False
    """Whether this is a recovery of a run whose process died."""
    outcome: Outcome | None = None
    tainted: bool = False
    """Whether a script that policy let pass, or retention, failed."""
    borg_exit_code: int | None = None
    borg_was_killed: bool = False
    """Whether a Borg of this run was ended by a signal, so that it may have left its locks."""
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    error: str | None = None
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        scripts = [moment for one in self.executions for moment in (one.started_at, one.finished_at)]
        moments = (self.run.queued_at, self.run.started_at, *scripts)
        self.clock = Clock(not_before=max(moment for moment in moments if moment is not None))

    @property
    def run_id(self) -> int | None:
        """The run's number in history; a test has none."""
        return self.run.id or None

    @property
    def notes(self) -> Path:
        """What scripts know as ``BORGDESK_STATE_DIR``."""
        return notes_in(self.folder)

    def tell(self, event: Event) -> None:
        """Tell whoever listens."""
        tell(self.listener, event)

    def lane(self, hook: Hook) -> tuple[Execution, ...]:
        """The scripts of a lane, in their order."""
        return tuple(execution for execution in self.executions if execution.planned.hook is hook)

    def enter(self, step: Step) -> None:
        """The run is in *step* from now on."""
        runs, run_id = self.workspace.store.runs, self.run.id
        self.recorder.write(lambda: runs.set_step(run_id, step))
        self.tell_step(step)

    def tell_step(self, step: Step) -> None:
        """Tell that a step began, without writing it down."""
        self.log.line(f"== {step}")
        self.tell(StepBegan(self.run.id, step))

    def note(self, text: str) -> None:
        """Keep a remark with the run."""
        text = self.masker.mask_text(text)
        runs, run_id = self.workspace.store.runs, self.run.id
        self.log.line(text)
        self.recorder.write(lambda: runs.note(run_id, text))

    def taint(self, error: str) -> None:
        """Something after the backup failed: a success will end as a warning."""
        self.tainted = True
        error = self.masker.mask_text(error)
        self.error = self.error or error
        runs, run_id = self.workspace.store.runs, self.run.id
        self.recorder.write(lambda: runs.taint(run_id))
        self.recorder.write(lambda: runs.set_error_if_none(run_id, error))

    def secret(self, assignment_id: int | None, name: str) -> str:
        """The value of a secret parameter.

        Raises:
            SecretsUnavailable: it was not there when the run was armed.
        """
        value = self.secrets.get((assignment_id, name))
        if value is None:
            raise SecretsUnavailable(f"The secret value of {name} is not in the keyring.")
        return value

    def facts(self, execution: Execution) -> RunFacts:
        """What the variables of one of its scripts are made from."""
        return RunFacts(
            run_id=self.run_id,
            execution_id=execution.id,
            hook=execution.planned.hook,
            trigger=Trigger.RECOVERY if self.recovered else self.run.trigger,
            began_at=(self.run.started_at or now()).astimezone(),
            log_file=str(self.log.path),
            state_dir=str(self.notes),
            library_dir=str(self.workspace.paths.library),
            repository_id=self.run.repository_id,
            repository_name=self.run.repository,
            repository_path=self.run.location,
            outcome=self.outcome if execution.planned.hook.is_post else None,
            borg_exit_code=self.borg_exit_code,
            archive=self.archive,
            statistics=self.statistics,
            error=self.error,
        )
