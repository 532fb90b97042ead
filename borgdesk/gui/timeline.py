"""What happened in a run, entry by entry: its scripts, the backup itself and the removal of old archives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from borgdesk.domain.events import Stream
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus, Step
from borgdesk.engine.active_run import log_in, run_folder
from borgdesk.engine.log_parts import LogPart, read_log
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.live_run import KEPT_LINES, Lines, LiveRun

CREATE = "create"
RETENTION = "retention"
Key = int | str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    key: Key
    """The execution's id, :data:`CREATE` or :data:`RETENTION`."""
    status: RunStatus | ExecutionStatus
    execution: Execution | None = None
    """None for what Borg does."""
    duration: float | None = None
    """Seconds."""
    share: float = 0.0
    """Of the longest entry's duration, 0 to 1."""

    @property
    def is_active(self) -> bool:
        """Whether it is under way."""
        return self.status in (RunStatus.RUNNING, ExecutionStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Printed:
    """What an entry printed, as far as it can be had."""

    chunks: tuple[Lines, ...] = ()
    left_out: int = 0
    truncated: bool = False
    """Whether these are head and tail only, from the database, because the log is gone."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run that is over, or that another process works on, as history and its log have it."""

    run: Run
    parts: Sequence[LogPart] = field(default_factory=tuple)

    def entries(self) -> list[Entry]:
        """The timeline."""
        entries = [_of_execution(execution) for execution in self._lane(Hook.PRE_BACKUP)]
        create = self._borg(Step.CREATE)
        entries.append(Entry(CREATE, _create_status(self.run, create), duration=create.duration if create else None))
        entries += [_of_execution(execution) for execution in self._lane(Hook.POST_BACKUP)]
        if (retention := self._borg(Step.RETENTION)) is not None:
            running = retention.ended is None and not self.run.status.is_final
            status = RunStatus.RUNNING if running else _retention_status(self.run)
            entries.append(Entry(RETENTION, status, duration=retention.duration))
        entries += [_of_execution(execution) for execution in self._lane(Hook.POST_RUN)]
        return with_shares(entries)

    def printed(self, entry: Entry) -> Printed:
        """The output of an entry."""
        part = self._part(entry)
        if part is not None and (part.lines or part.left_out):
            return Printed(_grouped(part.lines), part.left_out)
        execution = entry.execution
        if execution is None:
            return Printed()
        streams = ((Stream.STDOUT, execution.stdout), (Stream.STDERR, execution.stderr))
        chunks = tuple((stream, tuple(text.split("\n"))) for stream, text in streams if text)
        return Printed(chunks, truncated=execution.truncated)

    def _lane(self, hook: Hook) -> list[Execution]:
        return [execution for execution in self.run.executions if execution.planned.hook is hook]

    def _borg(self, step: Step) -> LogPart | None:
        return next((part for part in self.parts if part.script is None and part.step is step), None)

    def _part(self, entry: Entry) -> LogPart | None:
        if entry.execution is None:
            return self._borg(Step.CREATE if entry.key == CREATE else Step.RETENTION)
        name = entry.execution.planned.name
        namesakes = [e.id for e in self.run.executions if e.planned.name == name and e.started_at is not None]
        parts = [part for part in self.parts if part.script == name]
        if entry.execution.id not in namesakes or len(parts) < len(namesakes):
            return None
        # A script that recovery ran again has several parts; the last ones count.
        return parts[len(parts) - len(namesakes) + namesakes.index(entry.execution.id)]


def read_record(workspace: Workspace, run_id: int) -> RunRecord:
    """Read a run and its log. Takes a moment for a long log.

    Raises:
        NotFound: there is no such run.
    """
    path = log_in(run_folder(workspace, run_id))
    try:
        parts = read_log(path, KEPT_LINES)
    except OSError:
        parts = []
    return RunRecord(workspace.store.runs.get(run_id), parts)


def live_entries(live: LiveRun, now: datetime | None = None) -> list[Entry]:
    """The timeline of a run under way, with what is still to come."""
    now = now or datetime.now(UTC)
    executions = sorted(live.executions.values(), key=lambda e: (_LANES.index(e.planned.hook), e.planned.order, e.id))
    lanes = {hook: [_of_execution(e, now) for e in executions if e.planned.hook is hook] for hook in _LANES}
    entries = [*lanes[Hook.PRE_BACKUP], _live_create(live, now), *lanes[Hook.POST_BACKUP]]
    if live.step is Step.RETENTION:
        entries.append(Entry(RETENTION, RunStatus.RUNNING))
    return with_shares([*entries, *lanes[Hook.POST_RUN]])


def live_printed(live: LiveRun, entry: Entry) -> Printed:
    """What an entry of a run under way has printed so far."""
    output = live.output(entry.execution.id if entry.execution else None)
    return Printed(tuple(output.chunks), output.left_out)


def with_shares(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with their durations set against the longest."""
    longest = max((entry.duration or 0.0 for entry in entries), default=0.0)
    if longest <= 0:
        return [*entries]
    return [
        Entry(e.key, e.status, e.execution, e.duration, (e.duration or 0.0) / longest)
        for e in entries
    ]  # fmt: skip


_LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN)


def _grouped(lines: Iterable[tuple[Stream, str]]) -> tuple[Lines, ...]:
    groups = groupby(lines, key=lambda line: line[0])
    return tuple((stream, tuple(text for _, text in group)) for stream, group in groups)


def _of_execution(execution: Execution, now: datetime | None = None) -> Entry:
    duration = execution.duration
    if execution.status is ExecutionStatus.RUNNING and execution.started_at is not None:
        duration = ((now or datetime.now(UTC)) - execution.started_at).total_seconds()
    return Entry(execution.id, execution.status, execution, duration)


def _live_create(live: LiveRun, now: datetime) -> Entry:
    if live.create_began_at is None:
        waiting = live.outcome is None
        return Entry(CREATE, ExecutionStatus.PENDING if waiting else ExecutionStatus.SKIPPED)
    duration = ((live.create_ended_at or now) - live.create_began_at).total_seconds()
    if live.outcome is None:
        return Entry(CREATE, RunStatus.RUNNING, duration=duration)
    return Entry(CREATE, RunStatus(live.outcome.value), duration=duration)


def _create_status(run: Run, part: LogPart | None) -> RunStatus | ExecutionStatus:
    if run.outcome is None:
        if run.status.is_final or part is None:
            return ExecutionStatus.PENDING
        return RunStatus.RUNNING if part.ended is None else RunStatus.INTERRUPTED
    if part is None and run.borg_exit_code is None and run.archive is None:
        return ExecutionStatus.SKIPPED
    return RunStatus(run.outcome.value)


def _retention_status(run: Run) -> RunStatus:
    failed = (run.error or "").startswith("Retention failed")
    return RunStatus.WARNING if failed else RunStatus.SUCCESS
