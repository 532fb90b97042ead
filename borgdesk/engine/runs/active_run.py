"""A run under way: the state that its steps share in the process working on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from borgdesk import private
from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.domain.events import BorgBegan, BorgEnded, BorgProgressed, Event, OutputPrinted, StepBegan, Stream, Tell
from borgdesk.domain.history import ArchiveStatistics, BorgCall, Execution, Run
from borgdesk.domain.ids import AssignmentId, ExecutionId, RepositoryId, RunId
from borgdesk.domain.reasons import Reason, in_words
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, Step, Trigger
from borgdesk.domain.variables import RunFacts, inherited
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import mark_of, supervisor_marker
from borgdesk.engine.processes.process_tree import ProcessTree
from borgdesk.engine.processes.script_records import Record
from borgdesk.engine.processes.supervisor_client import Request, Supervisor
from borgdesk.engine.runs import hold_file
from borgdesk.engine.runs.event_delivery import Backlog, tell
from borgdesk.engine.runs.event_log import EventLog
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.engine.runs.output_files import OutputFiles, free_name
from borgdesk.engine.runs.recorder import Recorder
from borgdesk.engine.runs.run_folders import notes_in, now
from borgdesk.engine.runs.run_log import RunLog
from borgdesk.engine.runs.script_texts import ScriptTexts
from borgdesk.engine.runs.story import Story
from borgdesk.engine.runs.surroundings import Surroundings
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)

SecretValues = Mapping[tuple[AssignmentId | None, str], str]
"""Secret parameter values by assignment and parameter name."""


class Clock:
    """The time in a run: after its start it advances with the machine's uptime, including sleep.

    The wall clock may be set meanwhile; still, the duration of a script must not be negative, nor may it appear to
    start before its predecessor.
    """

    def __init__(self, not_before: datetime) -> None:
        self._began = max(now(), not_before)
        self._uptime = time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> datetime:
        """Return the current time, aware."""
        return self._began + timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME) - self._uptime)


def supervisor_for(workspace: Workspace, mark: str) -> Supervisor:
    """Return the supervisor for the scripts of the run or test with this *mark*; it is not started yet."""
    return Supervisor(workspace.environment, supervisor_marker(mark), workspace.paths.state / "guardian.log")


@dataclass(frozen=True, slots=True)
class ReadyRequest:
    """A request prepared for the next script; valid as long as it was made from the same values."""

    execution_id: ExecutionId
    standing: tuple[object, ...]
    text: tuple[bytes, Path]
    request: Request


@dataclass(frozen=True, slots=True)
class ScriptTestContext:
    """The context of a test in place of a run: no id, no steps, and a repository only if one was given."""

    token: str | None
    started_at: datetime
    repository_id: RepositoryId | None = None
    repository: str = ""
    location: str = ""
    trigger: Trigger = Trigger.USER


@dataclass(slots=True)
class ActiveRun:
    """The state that the recipe, or a recovery, passes from step to step.

    The steps rely on it rather than on the database, so that a database that is temporarily not writable stops nothing.
    """

    workspace: Workspace
    context: Run | ScriptTestContext
    """The run or test as it was at its start; not updated."""
    executions: tuple[Execution, ...]
    folder: Path
    log: RunLog
    masker: Masker
    secrets: SecretValues
    cancel: Cancel
    listener: Tell
    """A :class:`~borgdesk.engine.runs.event_delivery.Backlog`, which never blocks."""
    ended: dict[ExecutionId, ExecutionStatus] = field(default_factory=dict)
    """Statuses of the scripts that have ended or were skipped, by execution id."""
    recovered: bool = False
    """Whether this is a recovery of a run whose process died."""
    found: Mapping[ExecutionId, Record] = field(default_factory=dict)
    """In a recovery, the scripts started by the dead process that are still running, or have ended without its
    knowledge, by execution id."""
    before: Story = field(default_factory=Story)
    """In a recovery, the story according to the dead process's events."""
    started_here: set[ExecutionId] = field(default_factory=set)
    """Executions that were started by this process."""
    surroundings: Surroundings | None = None
    """Interpreters and working directory of its scripts, checked before anything was stopped."""
    left_running: dict[ExecutionId, ProcessTree] = field(default_factory=dict)
    """Processes started by pre-backup scripts as another user, which could not be killed with them, by execution id."""
    outcome: Outcome | None = None
    tainted: bool = False
    """Whether a script whose failure is tolerated, or retention, failed."""
    borg_exit_code: int | None = None
    borg_was_killed: bool = False
    """Whether a Borg of this run was killed by a signal and may have left its locks."""
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    errors: tuple[Reason, ...] = ()
    report: dict[str, Any] = field(default_factory=dict)
    """Results specific to its kind, by the names used in the command line's JSON."""
    shared_notes: Path | None = None
    """In a pair test, the notes shared by all its tests."""
    inherited: Mapping[str, str] = field(init=False)
    """The part of the user's environment that its scripts get."""
    notes: Path = field(init=False)
    """The folder known to scripts as ``BORGDESK_STATE_DIR``."""
    mark: str = field(init=False)
    """The mark in the environment of all its processes."""
    texts: ScriptTexts = field(init=False)
    clock: Clock = field(init=False)
    recorder: Recorder = field(init=False)
    guardian: int | None = None
    """The pid of its guardian, which gives back what the run holds if this process dies."""
    recover: Callable[[Run], object] | None = None
    """Finishes a dead run that this one has to wait for."""
    held: set[str] = field(default_factory=set)
    """The keys of what this run stopped together with others, or found stopped."""
    with_own_notes: set[ExecutionId] = field(default_factory=set)
    """Scripts of shared pairs that are run again later, with the notes that were kept for that."""
    ready: ReadyRequest | None = None
    """Prepared for the next script while the current one is started."""
    _borg_calls: list[BorgStep] = field(default_factory=list)
    events: EventLog = field(init=False)
    """Events are appended to it before they are delivered."""
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.inherited = inherited(self.workspace.environment)
        self.notes = self.shared_notes or notes_in(self.folder)
        self.mark = mark_of(self.context.token, self.notes)
        self.texts = ScriptTexts(self.workspace.store.revisions)
        self.recorder = Recorder(self.workspace.store.database.together)
        self.events = EventLog(self.folder)
        self.supervisor = supervisor_for(self.workspace, self.mark)
        scripts = [moment for one in self.executions for moment in (one.started_at, one.finished_at)]
        asked_at = self.context.queued_at if isinstance(self.context, Run) else None
        moments = (asked_at, self.context.started_at, *scripts)
        self.clock = Clock(not_before=max(moment for moment in moments if moment is not None))

    @property
    def run(self) -> Run:
        """The run, for its steps; not available for a test."""
        assert isinstance(self.context, Run)
        return self.context

    @property
    def run_id(self) -> RunId | None:
        """The id of the run; None for a test."""
        return self.context.id if isinstance(self.context, Run) else None

    def forget_notes(self) -> None:
        """Delete the notes of its scripts."""
        private.remove(self.folder, self.notes.name)

    def notes_of(self, execution: Execution) -> Path:
        """Return the notes of a script; the scripts of a shared pair leave theirs where all runs find them."""
        hold = execution.planned.hold
        if hold is None or execution.id in self.with_own_notes:
            return self.notes
        return Path(hold_file.notes(str(self.workspace.paths.holds), hold.key))

    def looked_at(self) -> Surroundings:
        """Interpreters and working directory of its scripts."""
        if self.surroundings is None:
            self.surroundings = Surroundings(self.workspace.environment)
        return self.surroundings

    def tell(self, event: Event, write: Callable[[], object] | None = None) -> None:
        """Process an event: append it to the run's events, *write* it to the history, and deliver it."""
        if not isinstance(event, OutputPrinted | BorgProgressed):
            _log.debug("%s", event)
        self.events.append(event)
        if write is not None:
            self.recorder.write(write)
        tell(self.listener, event)

    def tell_later(self, event: Event, write: Callable[[], object]) -> None:
        """As :meth:`tell`, but written with the next event, which follows at once, and delivered after that."""
        self.events.append(event)
        self.recorder.hold(write, partial(tell, self.listener, event))

    def output_of(self, name: str, *, resumed: bool = False) -> OutputFiles:
        """Return the storage for output under *name*."""
        output = OutputFiles(self.folder, name)
        if resumed:
            output.resume()
        return output

    def borg_output_name(self, step: BorgStep) -> str:
        """Return the output name for a call of Borg; each call of a step has its own."""
        self._borg_calls.append(step)
        calls = self._borg_calls.count(step)
        return step if calls == 1 else f"{step}-{calls}"

    def output_name(self, execution_id: ExecutionId) -> str:
        """Return the output name for a script; each attempt has its own."""
        name = str(execution_id)
        return free_name(self.folder, name) if self.recovered else name

    def tell_output(self, execution_id: ExecutionId | None, stream: Stream, lines: bytes, count: int) -> None:
        """Deliver *count* masked lines, with line ends, of a script or of Borg."""
        if isinstance(self.listener, Backlog):
            self.listener.put_output(self.run_id, execution_id, stream, lines, count)
        else:
            text = tuple(lines[:-1].decode("utf-8", "replace").split("\n"))
            self.tell(OutputPrinted(self.run_id, execution_id, stream, text))

    def lane(self, hook: Hook) -> tuple[Execution, ...]:
        """Return the scripts of a lane, in order."""
        return tuple(execution for execution in self.executions if execution.planned.hook is hook)

    def enter(self, step: Step) -> None:
        """Enter *step*."""
        runs, run_id = self.workspace.store.runs, self.run.id
        self.log.line(f"== {step}")
        self.tell(StepBegan(run_id, step, at=self.clock.now()), lambda: runs.set_step(run_id, step))

    def begin_borg(self, call: BorgCall, output: str) -> None:
        """Record that Borg is about to be called; its output is stored under the name *output*."""
        self.log.line(f"== borg {call.step}")
        self.tell(BorgBegan(self.run.id, call.step, output, at=call.started_at), self._borg_writer(call))

    def end_borg(self, call: BorgCall) -> None:
        """Record that Borg ended. Its output is masked already."""
        call = replace(call, errors=tuple(map(self.masked, call.errors)))
        self.log.line(f"== borg {call.step}: {call.status}" + (f": {call.error}" if call.error else ""))
        ended = BorgEnded(self.run.id, call.step, call.status, call.exit_code, call.errors, at=call.finished_at)
        self.tell(ended, self._borg_writer(call))

    def _borg_writer(self, call: BorgCall) -> Callable[[], object]:
        calls, run_id = self.workspace.store.borg_calls, self.run.id
        return lambda: calls.put(run_id, call)

    def masked(self, reason: Reason) -> Reason:
        """Return a reason with secrets in its values masked."""
        return reason.with_texts(self.masker.mask_text)

    def note(self, remark: Reason) -> None:
        """Add a note to the run."""
        remark = self.masked(remark)
        runs, run_id = self.workspace.store.runs, self.run.id
        self.log.line(remark.in_words())
        self.recorder.write(lambda: runs.note(run_id, remark))

    def put_report(self, **values: Any) -> None:
        """Add results specific to the run's kind to those recorded."""
        self.report |= values
        runs, run_id, report = self.workspace.store.runs, self.run.id, dict(self.report)
        self.recorder.write(lambda: runs.set_report(run_id, report))

    def taint(self, error: Reason) -> None:
        """Record a failure after the backup: a success will become a warning."""
        self.tainted = True
        error = self.masked(error)
        self.errors = self.errors or (error,)
        runs, run_id = self.workspace.store.runs, self.run.id
        self.recorder.write(lambda: runs.taint(run_id))
        self.recorder.write(lambda: runs.set_error_if_none(run_id, error))

    def secret(self, assignment_id: AssignmentId | None, name: str) -> str:
        """Return the value of a secret parameter.

        Raises:
            SecretsUnavailable: it was not available when the run was armed.
        """
        value = self.secrets.get((assignment_id, name))
        if value is None:
            raise SecretsUnavailable(_("The secret value of {name} is not in the keyring.").format(name=name))
        return value

    @property
    def standing(self) -> tuple[object, ...]:
        """The part of :meth:`facts` that may change between two scripts."""
        return (self.outcome, self.tainted, self.borg_exit_code, self.archive, self.statistics, self.errors)

    def facts(self, execution: Execution) -> RunFacts:
        """Return the facts from which the variables of one of its scripts are made."""
        return RunFacts(
            run_id=self.run_id,
            execution_id=execution.id,
            hook=execution.planned.hook,
            trigger=Trigger.RECOVERY if self.recovered else self.context.trigger,
            began_at=(self.context.started_at or now()).astimezone(),
            log_file=str(self.log.path),
            state_dir=str(self.notes_of(execution)),
            library_dir=str(self.workspace.paths.library),
            repository_id=self.context.repository_id,
            repository_name=self.context.repository,
            repository_path=self.context.location,
            outcome=self.outcome if execution.planned.hook.is_post else None,
            tainted=self.tainted,
            borg_exit_code=self.borg_exit_code,
            archive=self.archive,
            statistics=self.statistics,
            error=in_words(self.errors, " "),
        )
