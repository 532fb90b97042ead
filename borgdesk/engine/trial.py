"""Running a script on trial: with a repository's context and a pretended outcome, recorded in history as a test."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from borgdesk.domain.assignment import resolve_values
from borgdesk.domain.errors import InvalidInput, RunRefused
from borgdesk.domain.events import Stream, Tell
from borgdesk.domain.history import ArchiveStatistics, Execution, PlannedScript, Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, OnFailure, Outcome, Policy, RunStatus, Step, Trigger
from borgdesk.domain.script import Script
from borgdesk.domain.variables import RunFacts
from borgdesk.engine import procfs
from borgdesk.engine.active_run import ActiveRun, log_in, notes_in, now, test_folder
from borgdesk.engine.arming import header_of
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.hooks import run_script
from borgdesk.engine.log_parts import read_log
from borgdesk.engine.output import Masker, RunLog
from borgdesk.engine.workspace import Workspace

_PRETENDED_ARCHIVE = "test-archive"
_PRETENDED_STATISTICS = ArchiveStatistics(original_size=1_000_000, deduplicated_size=10_000, files=100)
_PRETENDED_FAILURE = "This is a test: the backup is pretended to have failed."


@dataclass(frozen=True, slots=True)
class Pretence:
    """The circumstances a script is tested in."""

    repository: Repository | None = None
    hook: Hook = Hook.TEST
    outcome: Outcome | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameter values; those of secret parameters are kept out of history."""
    secrets: frozenset[str] = frozenset()
    """Names of values that are secret although the script does not declare them so."""
    timeout: int | None = None
    """Seconds; None for the script's own."""
    notes: Path | None = None
    """The folder it sees as BORGDESK_STATE_DIR, made and removed by the caller; None for one of its own."""


@dataclass(slots=True)
class _ActiveTest(ActiveRun):
    """A test, as the code that runs scripts sees it."""

    hook: Hook = Hook.TEST
    shared_notes: Path | None = None

    @property
    def notes(self) -> Path:
        return self.shared_notes or notes_in(self.folder)

    def facts(self, execution: Execution) -> RunFacts:
        # Not super(): dataclasses with slots are new classes, which the bare form does not know.
        facts = replace(ActiveRun.facts(self, execution), hook=self.hook)
        return replace(facts, outcome=self.outcome) if self.outcome else facts


def run_test(workspace: Workspace, script: Script, pretence: Pretence, tell: Tell, cancel: Cancel) -> Execution:
    """Run *script* now, as the file stands, and return what history has of it.

    Raises:
        ScriptUnreadable: its file is missing or cannot be read.
        InvalidInput: a required value is missing, or a value is impossible.
        RunRefused: the state folder cannot be written.
    """
    runs = workspace.store.runs
    planned, secrets = _plan(workspace, script, pretence)
    begun = runs.begin_test(planned, pretence.repository, now(), procfs.identity())
    folder = test_folder(workspace, begun.id)
    log = RunLog(log_in(folder))
    active = _ActiveTest(
        workspace,
        _pretended_run(pretence),
        (begun,),
        folder,
        log,
        Masker(secrets.values()),
        {(None, name): value for name, value in secrets.items()},
        cancel,
        tell,
        hook=pretence.hook,
        shared_notes=pretence.notes,
    )
    _pretend_outcome(active, pretence.outcome)
    try:
        active.notes.mkdir(mode=0o700, parents=True, exist_ok=True)
        run_script(active, begun)
    except OSError as error:
        reason = f"The folder {active.notes} cannot be made: {error.strerror}."
        runs.end(begun.id, ExecutionStatus.FAILED, reason=reason, finished_at=now())
        raise RunRefused(reason) from error
    finally:
        log.close()
        active.recorder.flush()
        if pretence.notes is None:
            shutil.rmtree(active.notes, ignore_errors=True)
    return runs.execution(begun.id)


@dataclass(frozen=True, slots=True)
class PastTest:
    """A test as history and its log have it."""

    execution: Execution
    printed: tuple[tuple[Stream, tuple[str, ...]], ...]
    """Lines of the two streams, in the order they were printed if the log is still there."""
    left_out: int = 0
    """Lines before these."""
    truncated: bool = False
    """Whether these are head and tail only, from the database."""


def past_test(workspace: Workspace, execution_id: int, most: int) -> PastTest:
    """Read a test again, with its last *most* lines.

    Raises:
        NotFound: there is no such test.
    """
    execution = workspace.store.runs.execution(execution_id)
    try:
        parts = read_log(log_in(test_folder(workspace, execution_id)), most)
    except OSError:
        parts = []
    for part in parts:
        if part.lines:
            groups = groupby(part.lines, key=lambda line: line[0])
            printed = tuple((stream, tuple(text for _, text in lines)) for stream, lines in groups)
            return PastTest(execution, printed, part.left_out)
    streams = ((Stream.STDOUT, execution.stdout), (Stream.STDERR, execution.stderr))
    printed = tuple((stream, tuple(text.removesuffix("\n").split("\n"))) for stream, text in streams if text)
    return PastTest(execution, printed, truncated=execution.truncated)


def _plan(workspace: Workspace, script: Script, pretence: Pretence) -> tuple[PlannedScript, dict[str, str]]:
    revision = workspace.store.scripts.freeze(script.id)
    header = header_of(workspace, script.name, revision)
    values, missing = resolve_values(header, pretence.values)
    if missing:
        raise InvalidInput(f"The script “{script.name}” needs a value for {', '.join(missing)}.")
    for name, value in pretence.values.items():
        if (parameter := header.parameter(name)) is not None:
            parameter.check(value)
    secret = header.secrets | pretence.secrets
    planned = PlannedScript(
        script.name,
        Hook.TEST,
        order=1,
        policy=Policy(ALWAYS, OnFailure.STOP, pretence.timeout or script.timeout),
        revision=revision,
        script_id=script.id,
        values={name: value for name, value in values.items() if name not in secret},
        secrets=secret & values.keys(),
    )
    return planned, {name: value for name, value in values.items() if name in secret}


def _pretended_run(pretence: Pretence) -> Run:
    repository = pretence.repository
    return Run(
        id=0,
        repository_id=repository.id if repository else None,
        repository=repository.name if repository else "",
        location=repository.location if repository else "",
        trigger=Trigger.USER,
        status=RunStatus.RUNNING,
        step=Step.ARMING,
        queued_at=now(),
        started_at=now(),
    )


def _pretend_outcome(active: ActiveRun, outcome: Outcome | None) -> None:
    active.outcome = outcome
    if outcome is None:
        return
    if outcome.made_archive:
        active.archive, active.statistics = _PRETENDED_ARCHIVE, _PRETENDED_STATISTICS
        active.borg_exit_code = 0 if outcome is Outcome.SUCCESS else 1
    else:
        active.error = _PRETENDED_FAILURE
        active.borg_exit_code = 2 if outcome is Outcome.FAILURE else None
