"""Runs one script of a run, or of a test: from its start to its record."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from borgdesk.domain.decisions import ScriptEnd, status_of_exit
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import ExecutionEnded, ExecutionStarted, Stream
from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import Code, Reason, in_words, text
from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.processes import process
from borgdesk.engine.processes.adopted import Adopted, is_watched
from borgdesk.engine.processes.markers import execution_marker
from borgdesk.engine.processes.script_records import Record, read_record, record_file
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.foreign_processes import not_ended
from borgdesk.engine.runs.output_capture import Capture
from borgdesk.engine.runs.output_files import OutputFiles, OutputReader
from borgdesk.engine.runs.script_program import make_ready, request_of
from borgdesk.translation import _

_log = logging.getLogger(__name__)

HURRIED_TIMEOUT = 30
"""Seconds that an owed script may still take after the second stop request."""


_PATIENCE_BEFORE = 3.0
"""Seconds for which starting a pre-backup script is retried."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
"""Seconds between two attempts to start a script; each pause is twice as long as the one before it."""

_RECALLED = 2000
"""Lines read from the output of a script before its run died."""


@dataclass(frozen=True, slots=True)
class _Result:
    status: ExecutionStatus
    exit_code: int | None = None
    reasons: tuple[Reason, ...] = ()


def run_script(active: ActiveRun, execution: Execution, following: Execution | None = None) -> ScriptEnd:
    """Run one script to its end and record it. All errors become a failure of that script, never an exception.

    If another one is *following* at once, a success is written together with its start, and it is prepared meanwhile.

    In a recovery, a script that is still running is followed to its end, and one that has ended is not run again.
    """
    planned, found = execution.planned, active.found.get(execution.id)
    # A script that is found had been started before.
    began = (execution.started_at if found is not None else None) or active.clock.now()
    output = _begin(active, execution, began, is_found=found is not None)
    capture = Capture(active.log, planned.name, active.masker, partial(active.tell_output, execution.id), output)
    if found is None:
        result = _started(active, execution, capture, following)
    else:
        result = _found(active, execution, found, capture)
    if result.reasons:
        # An error may contain a secret value, for example as the name of an interpreter or a file.
        result = replace(result, reasons=tuple(map(active.masked, result.reasons)))
    capture.close()
    active.ended[execution.id] = result.status
    finished = active.clock.now()
    ended = ExecutionEnded(
        active.run_id, execution.id, planned.hook, planned.name,
        result.status, result.reasons, result.exit_code, (finished - began).total_seconds(), at=finished,
    )  # fmt: skip
    active.tell_later(ended, _record(active, execution, result, capture, finished))
    if result.status is not ExecutionStatus.SUCCESS or following is None:
        active.recorder.release()
    # For the lane, a script that could not be started has failed.
    status = ExecutionStatus.FAILED if result.status is ExecutionStatus.PENDING else result.status
    said = capture.last_words() if status is ExecutionStatus.FAILED else ""
    return ScriptEnd(planned.name, status, result.exit_code, said)


def skip(active: ActiveRun, execution: Execution, reason: Reason) -> None:
    """Record a script as skipped."""
    executions, planned = active.workspace.store.executions, execution.planned
    reason = active.masked(reason)
    active.log.line(f"-- {planned.name}: not run: {reason.in_words()}")
    active.ended[execution.id] = ExecutionStatus.SKIPPED
    skipped = ExecutionEnded(
        active.run_id,
        execution.id,
        planned.hook,
        planned.name,
        ExecutionStatus.SKIPPED,
        (reason,),
        at=active.clock.now(),
    )
    active.tell(skipped, lambda: executions.skip(execution.id, reason))


def _begin(active: ActiveRun, execution: Execution, began: datetime, *, is_found: bool) -> OutputFiles:
    """Record that the script starts now, or was found running; return the storage for its output."""
    executions, planned = active.workspace.store.executions, execution.planned
    known = active.before.entry(execution.id) if is_found else None
    name = (known.output if known else None) or active.output_name(execution.id)
    active.log.line(f"-- {planned.name}")
    started = ExecutionStarted(
        active.run_id, execution.id, planned.hook, planned.name, active.recovered, output=name, at=began
    )
    if is_found:
        # Without a time, that it was started could not be recorded.
        active.tell(started, partial(executions.begin, execution.id, began) if execution.started_at is None else None)
    else:
        active.started_here.add(execution.id)
        active.tell_later(started, partial(executions.begin, execution.id, began, recovered=active.recovered))
        active.recorder.write_held()
    return active.output_of(name, resumed=is_found)


def _started(active: ActiveRun, execution: Execution, capture: Capture, following: Execution | None) -> _Result:
    """Start the script and follow it to its end, with retries if the system lacks resources."""
    shortage, defects = Shortage(active, execution), 0
    while True:
        try:
            return _run(active, execution, capture, following)
        except Exception as error:
            active.recorder.release()
            if process.is_shortage(error):
                _log.warning("the script %s could not be started: %s", execution.planned.name, error)
                if not shortage.may_try_again():
                    return shortage.result(error)
                continue
            if isinstance(error, process.EndUnknown):
                return _in_doubt(execution, error)
            if isinstance(error, BorgDeskError | process.StartFailed):
                return _Result(ExecutionStatus.FAILED, reasons=(text(str(error)),))
            _log.exception("the script %s met a defect", execution.planned.name)
        defects += 1
        if defects > 1 or not execution.planned.hook.is_post:
            return _Result(ExecutionStatus.FAILED, reasons=(Reason(Code.DEFECT),))
        # A bug of ours must not lose what is owed: the script runs again from its beginning.


class Shortage:
    """Retries for a script that cannot be started because the system lacks resources."""

    def __init__(self, active: ActiveRun, execution: Execution) -> None:
        self._cancel = active.cancel
        self._owed = execution.planned.hook.is_post
        self._patience = float(execution.planned.policy.timeout) if self._owed else _PATIENCE_BEFORE
        self._began = time.monotonic()
        self._pause = _FIRST_PAUSE

    def may_try_again(self) -> bool:
        """Pause, longer each time; return whether there is time for another attempt."""
        end = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        while (left := end - time.monotonic()) > 0:
            if self._is_over():
                return False
            time.sleep(min(left, _FIRST_PAUSE))
        return not self._is_over()

    def _is_over(self) -> bool:
        patience = min(self._patience, HURRIED_TIMEOUT) if self._cancel.hurried else self._patience
        return (self._cancel.asked and not self._owed) or time.monotonic() - self._began >= patience

    def result(self, error: Exception) -> _Result:
        """Return the result if it was not started: an owed script stays owed."""
        if self._owed:
            return _Result(ExecutionStatus.PENDING, reasons=(Reason(Code.NOT_STARTED_YET, {"error": str(error)}),))
        if self._cancel.asked:
            return _Result(ExecutionStatus.CANCELLED, reasons=(Reason(Code.CANCELLED_BEFORE_START),))
        return _Result(ExecutionStatus.FAILED, reasons=(text(str(error)),))


def _found(active: ActiveRun, execution: Execution, record: Record, capture: Capture) -> _Result:
    """Follow a script that another process started; its earlier output is in the run's log."""
    _recall(active, execution, capture)
    watch = _StopRule(active, execution)
    try:
        ending = _adopt(active, execution, record, capture.feed, watch)
    except process.EndUnknown as error:
        return _in_doubt(execution, error)
    except Exception as error:
        _log.exception("the script %s met a defect", execution.planned.name)
        return _in_doubt(execution, error)
    return _judge(execution, ending, watch)


def _adopt(
    active: ActiveRun, execution: Execution, record: Record, listen: process.Listen, watch: process.Watch
) -> process.Ending:
    path = record_file(active.folder, execution.id)
    if record.began is not None and is_watched(record.began):
        with contextlib.suppress(ProcessLookupError):  # its supervisor is gone by now
            adopted = Adopted(record.began, path)
            program = process.Program((execution.planned.name,), {}, execution_marker(active.mark, execution.id))
            return process.follow(adopted, program, listen, watch)
    record = read_record(path) or record
    if record.ended is None:
        raise process.EndUnknown(_("its supervisor was ended"))
    return process.ending(record.ended.code)


def _in_doubt(execution: Execution, error: Exception) -> _Result:
    """Return the result of a script whose exit status is lost: it stays owed, better twice than not at all."""
    status = ExecutionStatus.PENDING if execution.planned.hook.is_post else ExecutionStatus.FAILED
    return _Result(status, reasons=(Reason(Code.END_UNKNOWN, {"error": str(error)}),))


def _recall(active: ActiveRun, execution: Execution, capture: Capture) -> None:
    """Add output from before the death of the process to what the history keeps."""
    known = active.before.entry(execution.id)
    if known is not None and known.output is not None:
        for stream, lines, _ in OutputReader(active.folder, known.output).read(_RECALLED).chunks:
            capture.recall(stream, lines)


def _record(
    active: ActiveRun, execution: Execution, result: _Result, capture: Capture, ended: datetime
) -> Callable[[], object]:
    """Log the end of a script; return the function that writes it to the history."""
    executions = active.workspace.store.executions
    how = in_words(result.reasons) or ("success" if result.status is ExecutionStatus.SUCCESS else result.status.value)
    active.log.line(f"-- {execution.planned.name}: {how}")
    stdout, stderr, cut = capture.kept(Stream.STDOUT), capture.kept(Stream.STDERR), capture.truncated
    return partial(
        executions.end,
        execution.id,
        result.status,
        reasons=result.reasons,
        exit_code=result.exit_code,
        finished_at=ended,
        stdout=stdout,
        stderr=stderr,
        truncated=cut,
    )


def _run(active: ActiveRun, execution: Execution, capture: Capture, following: Execution | None) -> _Result:
    planned = execution.planned
    if planned.problem is not None or planned.revision is None:
        return _Result(ExecutionStatus.FAILED, reasons=() if planned.problem is None else (text(planned.problem),))
    watch = _StopRule(active, execution)
    request = request_of(active, execution)

    def meanwhile() -> None:
        active.recorder.release()
        if following is not None:
            make_ready(active, following)

    ending = active.supervisor.run(request, capture.feed, watch, meanwhile)
    if ending.left_running is not None:
        active.left_running[execution.id] = ending.left_running
    return _judge(execution, ending, watch)


class _StopRule:
    """Decides when a script must be stopped.

    Before the backup, a cancel stops it. Afterwards it is owed: a cancel does not affect it, and a second one leaves it
    30 seconds.
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


def _judge(execution: Execution, ending: process.Ending, watch: _StopRule) -> _Result:
    status, reasons = _ended(execution, ending, watch)
    if ending.left_behind:
        reasons.append(Reason(Code.LEFT_BEHIND, {"count": ending.left_behind}))
    if ending.left_running is not None and (found := ending.left_running.look()):
        reasons.append(not_ended(found))
    return _Result(status, ending.exit_code, tuple(reasons))


def _ended(execution: Execution, ending: process.Ending, watch: _StopRule) -> tuple[ExecutionStatus, list[Reason]]:
    timeout = execution.planned.policy.timeout
    if ending.stopped is process.StopReason.CANCELLED:
        in_a_test = execution.run_id is None
        return ExecutionStatus.CANCELLED, [Reason(Code.TEST_STOPPED if in_a_test else Code.STOPPED_WITH_RUN)]
    if ending.stopped is process.StopReason.TIMED_OUT:
        hurried = Reason(Code.HURRIED, {"seconds": HURRIED_TIMEOUT})
        timed_out = Reason(Code.TIMED_OUT, {"seconds": timeout})
        return ExecutionStatus.TIMED_OUT, [hurried if watch.limit < timeout else timed_out]
    status = status_of_exit(execution.planned.hook, ending.exit_code)
    return status, [] if status is ExecutionStatus.SUCCESS else [_reason_of_exit(status, ending)]


def _reason_of_exit(status: ExecutionStatus, ending: process.Ending) -> Reason:
    if ending.signal is not None and status is not ExecutionStatus.SKIPPED:
        return Reason(Code.SIGNAL, {"signal": ending.signal})
    code = Code.NOT_NOW if status is ExecutionStatus.SKIPPED else Code.EXIT
    return Reason(code, {"exit_code": ending.exit_code})
