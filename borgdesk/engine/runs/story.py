"""Folds the events of a run into its story, which every view of a run shows.

For a run in this process, one in another process, and one from last year, the story is :func:`fold` over its events:
entries in the order in which they are executed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from borgdesk.domain.downtime import Side
from borgdesk.domain.events import (
    ArmedScript,
    BorgBegan,
    BorgEnded,
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    RecoveryBegan,
    RunArmed,
    RunEnded,
    RunQueued,
    StepBegan,
    StillOwed,
    StopAsked,
    TurnAwaited,
)
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RunId, ScriptId
from borgdesk.domain.reasons import Reason, in_words
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, RunKind, RunStatus, Step


class Kind(StrEnum):
    """The kinds of entries."""

    SCRIPT = "script"
    BORG = "borg"
    OWN = "borgdesk"
    """BorgDesk itself."""


Key = ExecutionId | BorgStep
"""The id of the execution, or the step of Borg."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One script, or one step of Borg."""

    key: Key
    kind: Kind
    name: str
    """Name of the script or of the step."""
    status: RunStatus | ExecutionStatus = ExecutionStatus.PENDING
    hook: Hook | None = None
    """None for Borg."""
    order: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    """Duration on a clock that cannot be set."""
    exit_code: int | None = None
    reasons: tuple[Reason, ...] = ()
    """Why it was not run, or what went wrong."""
    recovered: bool = False
    """Whether it was run after the run's process had died."""
    output: str | None = None
    """The name of its output in the run's folder."""
    script_id: ScriptId | None = None
    revision: str | None = None

    @property
    def reason(self) -> str | None:
        """Its reasons as text."""
        return in_words(self.reasons)

    @property
    def is_active(self) -> bool:
        """Whether it is under way."""
        return self.status in (RunStatus.RUNNING, ExecutionStatus.RUNNING)

    @property
    def is_owed(self) -> bool:
        """Whether it was tried, or its turn has come, and it must still be run."""
        return self.status is ExecutionStatus.PENDING and bool(self.reasons)

    def duration(self, now: datetime | None = None) -> float | None:
        """Return its duration in seconds, until *now* if it is under way."""
        if self.seconds is not None:
            return self.seconds
        end = self.finished_at or (now if self.is_active else None)
        return (end - self.started_at).total_seconds() if end is not None and self.started_at is not None else None


@dataclass(frozen=True, slots=True)
class Story:
    """The state of a run according to its events."""

    run_id: RunId | None = None
    repository: str = ""
    kind: RunKind = RunKind.BACKUP
    status: RunStatus = RunStatus.QUEUED
    step: Step = Step.QUEUED
    ahead: int = 0
    """How many runs at the same location have their turn before this one."""
    stopping: bool = False
    hurried: bool = False
    recovered: bool = False
    """Whether its process died, and another one finished it."""
    progress: BorgProgressed | None = None
    """The latest progress of Borg."""
    outcome: Outcome | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    errors: tuple[Reason, ...] = ()
    sentence: str | None = None
    """What happened, once it is over."""
    queued_at: datetime | None = None
    finished_at: datetime | None = None
    entries: tuple[Entry, ...] = ()
    """In order of execution."""

    @property
    def is_over(self) -> bool:
        """Whether the run is over."""
        return self.status.is_final

    @property
    def script(self) -> str | None:
        """The name of the script that is running."""
        return next((one.name for one in self.entries if one.is_active and one.kind is Kind.SCRIPT), None)

    @property
    def active(self) -> Entry | None:
        """The entry that is under way."""
        return next((one for one in self.entries if one.is_active), None)

    @property
    def sides(self) -> list[Side]:
        """The scripts, as far as they matter for what was stopped and started again."""
        scripts = (one for one in self.entries if one.kind is Kind.SCRIPT)
        return [Side(one.name, one.hook, one.status, one.finished_at) for one in scripts]

    def entry(self, key: Key) -> Entry | None:
        """Return a script by the id of its execution, or a step of Borg."""
        return next((one for one in self.entries if one.key == key), None)

    def after(self, event: Event) -> Story:
        """Return the story after *event*."""
        match event:
            case BorgBegan() if self.progress is not None and self.progress.fraction is not None:
                # That was how far the step before this one was.
                return replace(self, progress=None).after(event)
            case ExecutionStarted() | ExecutionEnded() | BorgBegan() | BorgEnded():
                return self._with_entry(_changed(self._entry_of(event), event))
            case BorgProgressed(files=files, fraction=fraction):
                return self if files is None and fraction is None else replace(self, progress=event)
            case StepBegan(step=step):
                return replace(self, status=RunStatus.RUNNING, step=step)
            case StopAsked(hurried=hurried):
                return replace(self, stopping=True, hurried=self.hurried or hurried)
            case OutcomeSettled():
                return self._settled(event)
            case _:
                return self._after_turn(event)

    def _after_turn(self, event: Event) -> Story:
        """Apply an event that concerns the run as a whole."""
        match event:
            case RunQueued():
                story = replace(self, run_id=event.run_id, kind=event.kind, queued_at=event.at)
                return replace(story, repository=event.repository)
            case TurnAwaited(ahead=ahead):
                return replace(self, ahead=ahead)
            case RunArmed(scripts=scripts, borg_steps=steps):
                story = replace(self, run_id=event.run_id, ahead=0)
                return story._with_new(*map(_armed, scripts), *map(_of_step, steps))
            case RecoveryBegan():
                return replace(self, status=RunStatus.RUNNING, recovered=True, stopping=False, hurried=False)
            case StillOwed(execution_id=execution_id):
                entry = self.entry(execution_id)
                return self if entry is None else self._with_entry(replace(entry, status=ExecutionStatus.PENDING))
            case RunEnded():
                return replace(self, status=event.status, step=Step.DONE, sentence=event.sentence, finished_at=event.at)
            case _:
                return self

    def _settled(self, event: OutcomeSettled) -> Story:
        story = replace(
            self, outcome=event.outcome, archive=event.archive, statistics=event.statistics, errors=event.error
        )
        for entry in self.entries:
            if entry.kind is not Kind.SCRIPT and entry.status is ExecutionStatus.PENDING:
                story = story._with_entry(replace(entry, status=ExecutionStatus.SKIPPED))
        return story

    def _entry_of(self, event: ExecutionStarted | ExecutionEnded | BorgBegan | BorgEnded) -> Entry:
        """Return the entry that an event refers to, or a new one if the beginning of the run is unknown."""
        if isinstance(event, BorgBegan | BorgEnded):
            return self.entry(event.step) or _of_step(event.step)
        known = self.entry(event.execution_id)
        return known or Entry(event.execution_id, Kind.SCRIPT, event.name, hook=event.hook)

    def _with_new(self, *entries: Entry) -> Story:
        """Return the story with new entries."""
        known = {one.key: one for one in (*entries, *self.entries)}
        return replace(self, entries=tuple(sorted(known.values(), key=_place)))

    def _with_entry(self, entry: Entry) -> Story:
        others = [one for one in self.entries if one.key != entry.key]
        return replace(self, entries=tuple(sorted((*others, entry), key=_place)))


def fold(events: Iterable[Event], story: Story | None = None) -> Story:
    """Apply *events* to *story*, or to an empty one."""
    story = story or Story()
    for event in events:
        story = story.after(event)
    return story


_LANES: tuple[Hook | BorgStep, ...] = (
    BorgStep.LIST,
    Hook.PRE_BACKUP,
    Hook.PRE_RESTORE,
    BorgStep.CREATE,
    BorgStep.EXTRACT,
    BorgStep.VERIFY,
    BorgStep.PLACE,
    Hook.POST_RESTORE,
    BorgStep.CHECK,
    Hook.POST_BACKUP,
    BorgStep.PRUNE,
    BorgStep.COMPACT,
    BorgStep.BREAK_LOCK,
    BorgStep.INFO,
    Hook.POST_RUN,
)
_PLACES: dict[Hook | BorgStep | None, int] = {lane: place for place, lane in enumerate(_LANES)}


def _place(entry: Entry) -> tuple[int, int, int]:
    """Return the sort key of an entry: lane, order and id."""
    if isinstance(entry.key, BorgStep):
        return _PLACES[entry.key], 0, 0
    return _PLACES.get(entry.hook, len(_LANES)), entry.order, entry.key


def _of_step(step: BorgStep) -> Entry:
    return Entry(step, Kind.OWN if step.is_own else Kind.BORG, step)


def _armed(script: ArmedScript) -> Entry:
    return Entry(
        script.execution_id,
        Kind.SCRIPT,
        script.name,
        hook=script.hook,
        order=script.order,
        script_id=script.script_id,
        revision=script.revision,
    )


def _changed(entry: Entry, event: ExecutionStarted | ExecutionEnded | BorgBegan | BorgEnded) -> Entry:
    match event:
        case ExecutionStarted():
            return replace(
                _begun(entry, event.at),
                status=ExecutionStatus.RUNNING,
                recovered=entry.recovered or event.recovered,
                output=event.output or entry.output,
            )
        case BorgBegan():
            return replace(_begun(entry, event.at), status=RunStatus.RUNNING, output=event.output or entry.output)
        case ExecutionEnded():
            return replace(
                entry,
                status=event.status,
                finished_at=event.at if entry.started_at else None,
                seconds=event.duration,
                exit_code=event.exit_code,
                reasons=event.reasons,
            )
        case BorgEnded():
            return replace(
                entry, status=event.status, finished_at=event.at, exit_code=event.exit_code, reasons=event.error
            )


def _begun(entry: Entry, at: datetime | None) -> Entry:
    """Return the entry as started, without the results of earlier attempts."""
    return replace(entry, started_at=at, finished_at=None, seconds=None, exit_code=None, reasons=())
