"""Scripts: one of them, and a lane of them, from decision to record."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import ExecutionEnded, ExecutionStarted, OutputPrinted, Stream
from borgdesk.domain.history import Execution
from borgdesk.domain.parameters import check_value
from borgdesk.domain.run import (
    ExecutionStatus,
    Hook,
    LaneState,
    Outcome,
    ScriptEnd,
    consequence,
    decide,
    status_of_exit,
)
from borgdesk.domain.script import shebang
from borgdesk.domain.variables import inherited, variables
from borgdesk.engine import process
from borgdesk.engine.active_run import ActiveRun
from borgdesk.engine.output import Capture
from borgdesk.engine.procfs import Marker

_log = logging.getLogger(__name__)

HURRIED_TIMEOUT = 30
"""Seconds a script that is owed may still take after stop was asked for twice."""


def execution_marker(state_dir: Path | str, execution_id: int) -> Marker:
    """What all processes of one script have in their environment, and nobody else's."""
    return frozenset({f"BORGDESK_STATE_DIR={state_dir}", f"BORGDESK_EXECUTION_ID={execution_id}"})


def run_lane(active: ActiveRun, hook: Hook) -> Outcome | None:
    """Give every script of a lane its turn, or its reason for not having one.

    Returns the outcome that the lane settled: only pre-backup scripts and a cancel during them do. Scripts that are
    final already, in a recovery, are left as they are, and what their end meant for the lane still counts.
    """
    lane = LaneState()
    outcome: Outcome | None = None
    for execution in active.lane(hook):
        planned = execution.planned
        if execution.status.is_final:
            end = ScriptEnd(planned.name, execution.status, execution.exit_code)
            if execution.status.is_bad:
                lane = consequence(hook, lane, end, planned.policy.on_failure).lane
            continue
        if hook is Hook.PRE_BACKUP and active.cancel.asked and outcome is None:
            lane, outcome = LaneState(stopped_by="The run was cancelled"), Outcome.CANCELLED
        decision = decide(hook, planned.policy, lane, active.outcome)
        if not decision.run:
            skip(active, execution, decision.reason or "")
            continue
        end = run_script(active, execution)
        result = consequence(hook, lane, end, planned.policy.on_failure)
        lane, outcome = result.lane, outcome or result.outcome
        if result.taints or result.outcome is Outcome.FAILURE:
            active.taint(_error_sentence(planned.name, end))
    return outcome


def skip(active: ActiveRun, execution: Execution, reason: str) -> None:
    """Record a script as not run."""
    runs, planned = active.workspace.store.runs, execution.planned
    active.log.line(f"-- {planned.name}: not run: {reason}")
    active.ended[execution.id] = ExecutionStatus.SKIPPED
    active.recorder.write(lambda: runs.skip(execution.id, reason))
    active.tell(
        ExecutionEnded(active.run_id, execution.id, planned.hook, planned.name, ExecutionStatus.SKIPPED, reason)
    )


def _error_sentence(name: str, end: ScriptEnd) -> str:
    how = f" (exit {end.exit_code})" if end.status is ExecutionStatus.FAILED and end.exit_code is not None else ""
    return f"The script “{name}” {end.in_words().removeprefix(name + ' ')}{how}."


_DEFECT = "BorgDesk itself failed; its log says more"


@dataclass(frozen=True, slots=True)
class _Result:
    status: ExecutionStatus
    exit_code: int | None = None
    reason: str | None = None


def run_script(active: ActiveRun, execution: Execution) -> ScriptEnd:
    """Run one script to its end and record it. Whatever goes wrong is that script's failure, never an exception."""
    runs, planned, began = active.workspace.store.runs, execution.planned, active.clock.now()
    active.recorder.write(lambda: runs.begin(execution.id, began, recovered=active.recovered))
    active.log.line(f"-- {planned.name}")
    active.tell(ExecutionStarted(active.run_id, execution.id, planned.hook, planned.name, active.recovered))

    def heard(stream: Stream, lines: tuple[str, ...]) -> None:
        active.tell(OutputPrinted(active.run_id, execution.id, stream, lines))

    capture = Capture(active.log, planned.name, active.masker, heard)
    result = _try(active, execution, capture)
    if result is None and planned.hook.is_post:
        # A defect of ours must not be the end of what is owed: it is run again from its beginning.
        result = _try(active, execution, capture)
    result = result or _Result(ExecutionStatus.FAILED, reason=_DEFECT)
    capture.close()
    active.ended[execution.id] = result.status
    _record(active, execution, result, capture)
    duration = (active.clock.now() - began).total_seconds()
    active.tell(
        ExecutionEnded(
            active.run_id, execution.id, planned.hook, planned.name,
            result.status, result.reason, result.exit_code, duration,
        )
    )  # fmt: skip
    return ScriptEnd(planned.name, result.status, result.exit_code)


def _try(active: ActiveRun, execution: Execution, capture: Capture) -> _Result | None:
    """Run the script once; None when code of ours failed, which says nothing about the script."""
    try:
        return _run(active, execution, capture)
    except (BorgDeskError, process.StartFailed) as error:
        return _Result(ExecutionStatus.FAILED, reason=str(error))
    except Exception:
        _log.exception("the script %s met a defect", execution.planned.name)
        return None


def _record(active: ActiveRun, execution: Execution, result: _Result, capture: Capture) -> None:
    runs, ended = active.workspace.store.runs, active.clock.now()
    reason = active.masker.mask_text(result.reason) if result.reason else None
    how = reason or ("success" if result.status is ExecutionStatus.SUCCESS else result.status.value)
    active.log.line(f"-- {execution.planned.name}: {how}")
    stdout, stderr, cut = capture.kept(Stream.STDOUT), capture.kept(Stream.STDERR), capture.truncated
    active.recorder.write(
        lambda: runs.end(
            execution.id,
            result.status,
            reason=reason,
            exit_code=result.exit_code,
            finished_at=ended,
            stdout=stdout,
            stderr=stderr,
            truncated=cut,
        )
    )


def _run(active: ActiveRun, execution: Execution, capture: Capture) -> _Result:
    planned = execution.planned
    if planned.problem is not None or planned.revision is None:
        return _Result(ExecutionStatus.FAILED, reason=planned.problem)
    scripts = active.workspace.store.scripts
    path = active.workspace.environment.get("PATH")
    program = interpreter(scripts.revision_content(planned.revision), path)
    argv = (*program, str(scripts.revision_path(planned.revision)))
    marker = execution_marker(active.notes, execution.id)
    watch = _Watch(active, execution)
    environment = script_environment(active, execution)
    ending = process.run(process.Program(argv, environment, marker), capture.feed, watch)
    return _judge(execution, ending, watch)


def interpreter(content: bytes, path: str | None = None) -> tuple[str, ...]:
    """The argv that Linux would make of a script's shebang, with a program that exists.

    ``env`` looks for it in *path*, the search path of the script; this process's own where none is given.

    Raises:
        StartFailed: the interpreter, or the program that ``env`` is to find, is not on this machine.
    """
    words = shebang(content)
    wanted = words[1] if len(words) > 1 and Path(words[0]).name == "env" else words[0]
    if wanted.startswith("-"):
        return words
    if shutil.which(wanted, path=path) is None:
        raise process.StartFailed(f"The interpreter {wanted} is not on this machine.")
    return words


def script_environment(active: ActiveRun, execution: Execution) -> dict[str, str]:
    """The user's environment, the variables of the contract, and the script's parameters.

    Raises:
        InvalidInput: a value cannot be passed.
        SecretsUnavailable: a secret value cannot be read from the keyring.
    """
    planned = execution.planned
    values = dict(planned.values)
    for name in planned.secrets:
        values[name] = active.secret(planned.assignment_id, name)
    for name, value in values.items():
        check_value(name, value)
    return inherited(active.workspace.environment) | values | variables(active.facts(execution))


class _Watch:
    """Says when a script must be stopped.

    Before the backup, a cancel stops it. Afterwards it is owed: a cancel leaves it alone, and one asked for twice
    leaves it 30 seconds.
    """

    def __init__(self, active: ActiveRun, execution: Execution) -> None:
        self._cancel = active.cancel
        self._owed = execution.planned.hook.is_post
        self.limit = float(execution.planned.policy.timeout)
        self.hurried = False

    def __call__(self, elapsed: float) -> process.StopReason | None:
        if not self._owed and self._cancel.asked:
            return process.StopReason.CANCELLED
        if self._owed and self._cancel.hurried and not self.hurried:
            self.hurried = True
            self.limit = min(self.limit, elapsed + HURRIED_TIMEOUT)
        return process.StopReason.TIMED_OUT if elapsed >= self.limit else None


def _judge(execution: Execution, ending: process.Ending, watch: _Watch) -> _Result:
    code, policy = ending.exit_code, execution.planned.policy
    if ending.stopped is process.StopReason.CANCELLED:
        in_a_test = execution.run_id is None
        reason = "the test was stopped" if in_a_test else "stopped because the run was cancelled"
        return _Result(ExecutionStatus.CANCELLED, code, reason)
    if ending.stopped is process.StopReason.TIMED_OUT:
        why = f"ended {HURRIED_TIMEOUT} s after stop was asked for twice" if watch.limit < policy.timeout else None
        return _Result(ExecutionStatus.TIMED_OUT, code, why or f"timed out after {policy.timeout} s")
    status = status_of_exit(execution.planned.hook, code)
    reasons = [] if status is ExecutionStatus.SUCCESS else [_exit_in_words(status, ending)]
    if ending.left_behind:
        reasons.append(f"{ending.left_behind} process(es) it left holding its output were ended")
    return _Result(status, code, "; ".join(reasons) or None)


def _exit_in_words(status: ExecutionStatus, ending: process.Ending) -> str:
    if status is ExecutionStatus.SKIPPED:
        return f"said not now (exit {ending.exit_code})"
    return f"exit {ending.exit_code}" if ending.signal is None else f"killed by signal {ending.signal}"
