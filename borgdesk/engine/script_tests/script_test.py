"""Test runs of a script, with the context of a repository and a simulated outcome, recorded in history as tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from borgdesk import private
from borgdesk.domain.assignment import resolve_values, split_secrets
from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import InvalidInput, RunRefused
from borgdesk.domain.events import Stream, Tell
from borgdesk.domain.history import ArchiveStatistics, Execution, PlannedScript
from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, OnFailure, Outcome
from borgdesk.domain.script import DEFAULT_TIMEOUT, Script
from borgdesk.domain.variables import RunFacts
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.script_records import forget_records
from borgdesk.engine.runs.active_run import ActiveRun, ScriptTestContext
from borgdesk.engine.runs.event_delivery import delivered
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.engine.runs.output_files import OutputReader
from borgdesk.engine.runs.planning import header_of
from borgdesk.engine.runs.run_folders import log_in, now, test_folder
from borgdesk.engine.runs.run_log import RunLog
from borgdesk.engine.runs.run_log_reader import read_log
from borgdesk.engine.runs.script_execution import run_script
from borgdesk.engine.runs.story import fold
from borgdesk.engine.runs.story_reader import read_events, texts_of
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

_PRETENDED_ARCHIVE = "test-archive"
_PRETENDED_STATISTICS = ArchiveStatistics(original_size=1_000_000, deduplicated_size=10_000, files=100)
_PRETENDED_FAILURE = N_("This is a test: the backup is pretended to have failed.")


@dataclass(frozen=True, slots=True)
class ScriptTestSetup:
    """The settings of a test."""

    repository: Repository | None = None
    hook: Hook = Hook.TEST
    outcome: Outcome | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameter values; those of secret parameters are kept out of the history."""
    secrets: frozenset[str] = frozenset()
    """Names of values that are secret although the script does not declare them so."""
    timeout: int | None = None
    """Seconds; None for the script's own timeout."""
    notes: Path | None = None
    """The folder used as BORGDESK_STATE_DIR, created and removed by the caller; None for a private one."""


@dataclass(slots=True)
class _ActiveTest(ActiveRun):
    """A test, with the interface that the code running scripts expects."""

    hook: Hook = Hook.TEST

    def facts(self, execution: Execution) -> RunFacts:
        # Not super(): dataclasses with slots create a new class, which the argument-less form does not find.
        facts = replace(ActiveRun.facts(self, execution), hook=self.hook)
        return replace(facts, outcome=self.outcome) if self.outcome else facts


def run_test(workspace: Workspace, script: Script, setup: ScriptTestSetup, tell: Tell, cancel: Cancel) -> Execution:
    """Run the current file of *script*, and return the recorded execution.

    Raises:
        ScriptUnreadable: its file is missing or cannot be read.
        InvalidInput: a required value is missing, or a value is invalid.
        RunRefused: the state folder cannot be written.
    """
    with delivered(tell) as backlog:
        return _run(workspace, _plan(workspace, script, setup), setup, backlog, cancel)


def run_text_test(
    workspace: Workspace, name: str, text: str, setup: ScriptTestSetup, tell: Tell, cancel: Cancel
) -> Execution:
    """Run a text that is no script of the library, as :func:`run_test`; *name* is that of the test in the history.

    Raises:
        ScriptUnreadable: it is not a valid script.
        RunRefused: the state folder cannot be written.
    """
    policy = Policy(ALWAYS, OnFailure.STOP, setup.timeout or DEFAULT_TIMEOUT)
    revision = workspace.store.revisions.freeze_text(text)
    planned = PlannedScript(name, Hook.TEST, order=1, policy=policy, revision=revision)
    with delivered(tell) as backlog:
        return _run(workspace, (planned, {}), setup, backlog, cancel)


def _run(
    workspace: Workspace,
    plan: tuple[PlannedScript, Mapping[str, str]],
    setup: ScriptTestSetup,
    tell: Tell,
    cancel: Cancel,
) -> Execution:
    executions = workspace.store.executions
    planned, secrets = plan
    begun = executions.begin_test(planned, setup.repository, now(), procfs.identity())
    folder = test_folder(workspace, begun.id)
    log = RunLog(log_in(folder))
    active = _ActiveTest(
        workspace,
        _context(setup, begun.token),
        (begun,),
        folder,
        log,
        Masker(secrets.values()),
        {(None, name): value for name, value in secrets.items()},
        cancel,
        tell,
        hook=setup.hook,
        shared_notes=setup.notes,
    )
    _pretend_outcome(active, setup.outcome)
    try:
        private.make_missing(active.notes)
        run_script(active, begun)
    except OSError as error:
        reason = _("The folder {folder} cannot be created: {error}.").format(folder=active.notes, error=error.strerror)
        executions.end(begun.id, ExecutionStatus.FAILED, reasons=(text(reason),), finished_at=now())
        raise RunRefused(reason) from error
    finally:
        active.supervisor.close()
        log.close()
        active.events.close()
        if active.recorder.flush():
            forget_records(folder)
        if setup.notes is None:
            active.forget_notes()
    return executions.get(begun.id)


@dataclass(frozen=True, slots=True)
class PastTest:
    """A finished test from the history and its log."""

    execution: Execution
    printed: tuple[tuple[Stream, tuple[str, ...]], ...]
    """Lines of the two streams, in the order of printing if the log still exists."""
    left_out: int = 0
    """Number of lines before these."""
    truncated: bool = False
    """Whether these are only head and tail, from the database."""


def past_test(workspace: Workspace, execution_id: ExecutionId, most: int) -> PastTest:
    """Read a test from the history, with its last *most* lines.

    Raises:
        NotFound: there is no such test.
    """
    execution, folder = workspace.store.executions.get(execution_id), test_folder(workspace, execution_id)
    kept = fold(read_events(folder)).entry(execution_id)
    if kept is not None and kept.output is not None:
        found = OutputReader(folder, kept.output).read(most)
        if found.chunks:
            return PastTest(execution, texts_of(found.chunks), found.left_out)
    try:
        parts = read_log(log_in(folder), most)
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


def _plan(workspace: Workspace, script: Script, setup: ScriptTestSetup) -> tuple[PlannedScript, dict[str, str]]:
    revision = workspace.store.scripts.freeze(script.id)
    header = header_of(script.name, workspace.store.revisions.content(revision))
    values, missing = resolve_values(header, setup.values)
    if missing:
        raise InvalidInput(
            _("The script “{script}” needs a value for {names}.").format(script=script.name, names=", ".join(missing))
        )
    for name, value in setup.values.items():
        if (parameter := header.parameter(name)) is not None:
            parameter.check(value)
    plain, secrets = split_secrets(header, values, setup.secrets)
    planned = PlannedScript(
        script.name,
        Hook.TEST,
        order=1,
        policy=Policy(ALWAYS, OnFailure.STOP, setup.timeout or script.timeout),
        revision=revision,
        script_id=script.id,
        values=plain,
        secrets=frozenset(secrets),
    )
    return planned, secrets


def _context(setup: ScriptTestSetup, token: str | None) -> ScriptTestContext:
    if (repository := setup.repository) is None:
        return ScriptTestContext(token, now())
    return ScriptTestContext(token, now(), repository.id, repository.name, repository.location)


def _pretend_outcome(active: ActiveRun, outcome: Outcome | None) -> None:
    active.outcome = outcome
    if outcome is None:
        return
    if outcome.made_archive:
        active.archive, active.statistics = _PRETENDED_ARCHIVE, _PRETENDED_STATISTICS
        active.borg_exit_code = 0 if outcome is Outcome.SUCCESS else 1
    else:
        active.errors = (text(_(_PRETENDED_FAILURE)),)
        active.borg_exit_code = 2 if outcome is Outcome.FAILURE else None
