"""The words of the window: every phrase about a status, a time or an amount. Widgets never phrase."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import (
    ExecutionStatus,
    Hook,
    OnFailure,
    Outcome,
    RunOn,
    RunStatus,
    Step,
    Trigger,
)
from borgdesk.domain.script import Place

NOTHING = "–"
"""Stands where there is no value."""

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800


def _tr(text: str) -> str:
    return QCoreApplication.translate("words", text)


def _plural(one: str, many: str, count: int) -> str:
    return _tr(one if count == 1 else many).format(count=number(count))


def run_status(status: RunStatus) -> str:
    """How a run ended or stands: "Failed"."""
    return {
        RunStatus.QUEUED: _tr("Waiting"),
        RunStatus.RUNNING: _tr("Running"),
        RunStatus.SUCCESS: _tr("Success"),
        RunStatus.WARNING: _tr("Warning"),
        RunStatus.FAILURE: _tr("Failed"),
        RunStatus.CANCELLED: _tr("Cancelled"),
        RunStatus.INTERRUPTED: _tr("Interrupted"),
        RunStatus.SKIPPED: _tr("Skipped"),
    }[status]


def outcome(value: Outcome) -> str:
    """What became of the backup itself."""
    return run_status(RunStatus(value.value)) if value is not Outcome.FAILURE else _tr("Failure")


def execution_status(status: ExecutionStatus) -> str:
    """How one script ended or stands."""
    return {
        ExecutionStatus.PENDING: _tr("To do"),
        ExecutionStatus.RUNNING: _tr("Running"),
        ExecutionStatus.SUCCESS: _tr("Success"),
        ExecutionStatus.FAILED: _tr("Failed"),
        ExecutionStatus.TIMED_OUT: _tr("Timed out"),
        ExecutionStatus.CANCELLED: _tr("Cancelled"),
        ExecutionStatus.INTERRUPTED: _tr("Interrupted"),
        ExecutionStatus.SKIPPED: _tr("Not run"),
    }[status]


def execution_result(execution: Execution) -> str:
    """How one script ended, with its exit code where that tells more: "Failed (exit 3)"."""
    word = execution_status(execution.status)
    if execution.status is ExecutionStatus.FAILED and execution.exit_code is not None:
        return _tr("{status} (exit {code})").format(status=word, code=execution.exit_code)
    return word


def hook(value: Hook) -> str:
    """The name of a lane."""
    return {
        Hook.PRE_BACKUP: _tr("Before backup"),
        Hook.POST_BACKUP: _tr("After backup"),
        Hook.POST_RUN: _tr("At the end"),
        Hook.TEST: _tr("Test"),
    }[value]


def step(value: Step) -> str:
    """What a run does now, as the end of "Documents: …"."""
    return {
        Step.QUEUED: _tr("waiting for its turn"),
        Step.ARMING: _tr("preparing"),
        Step.PRE_BACKUP: _tr("running scripts before the backup"),
        Step.CREATE: _tr("backing up"),
        Step.POST_BACKUP: _tr("running scripts after the backup"),
        Step.RETENTION: _tr("removing old archives"),
        Step.POST_RUN: _tr("running scripts at the end"),
        Step.DONE: _tr("done"),
    }[value]


def trigger(value: Trigger) -> str:
    """What started a run."""
    return {
        Trigger.USER: _tr("You"),
        Trigger.SCHEDULE: _tr("Schedule"),
        Trigger.CLI: _tr("Command line"),
        Trigger.WINDOW: _tr("Maintenance window"),
        Trigger.RECOVERY: _tr("Recovery"),
    }[value]


def run_on(condition: RunOn) -> str:
    """When a post script runs: "Always", "After success or warning"."""
    if condition.always:
        return _tr("Always")
    names = {"success": _tr("success"), "warning": _tr("warning"), "failure": _tr("failure")}
    return _tr("After {conditions}").format(conditions=either([names[word] for word in str(condition).split(",")]))


def on_failure(value: OnFailure) -> str:
    """What a failing script does to the rest."""
    return {
        OnFailure.STOP: _tr("Stop"),
        OnFailure.CONTINUE: _tr("Continue"),
        OnFailure.SKIP: _tr("Skip the backup"),
    }[value]


def place(value: Place) -> str:
    """Where a script is assigned: "Documents, before backup"."""
    return _tr("{repository}, {lane}").format(repository=value.repository, lane=hook(value.hook).lower())


def either(names: list[str]) -> str:
    """Alternatives: "a", "a or b", "a, b or c"."""
    if len(names) < 2:
        return "".join(names)
    return _tr("{some} or {last}").format(some=", ".join(names[:-1]), last=names[-1])


def listed(names: Iterable[str]) -> str:
    """An enumeration: "a", "a and b", "a, b and c"."""
    *some, last = [*names] or [""]
    return _tr("{some} and {last}").format(some=", ".join(some), last=last) if some else last


def quoted(name: str) -> str:
    """A name in the quotation marks of the language."""
    return _tr("“{name}”").format(name=name)


def number(value: int) -> str:
    """A whole number, with the language's separators."""
    return QLocale().toString(value)


def size(count: int | None) -> str:
    """An amount of bytes: "3.2 GB", in powers of 1000 as Borg counts."""
    if count is None:
        return NOTHING
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def files(count: int) -> str:
    """How many: "1 file", "12,431 files"."""
    return _plural("{count} file", "{count} files", count)


def scripts(count: int) -> str:
    """How many: "1 script", "3 scripts"."""
    return _plural("{count} script", "{count} scripts", count)


def runs(count: int) -> str:
    """How many: "1 run", "30 runs"."""
    return _plural("{count} run", "{count} runs", count)


def times(count: int) -> str:
    """How often: "never", "once", "7 times"."""
    if count == 0:
        return _tr("never")
    return _plural("once", "{count} times", count)


def lines(count: int) -> str:
    """How many: "1 line", "200 lines"."""
    return _plural("{count} line", "{count} lines", count)


def duration(seconds: float | None) -> str:
    """How long something took: "40 ms", "0.4 s", "12 s", "4 min 10 s", "1 h 3 min"."""
    if seconds is None:
        return NOTHING
    locale = QLocale()
    seconds = max(float(seconds), 0.0)
    if seconds < 0.0995:
        return _tr("{milliseconds} ms").format(milliseconds=round(seconds * 1000))
    if seconds < 9.95:
        return _tr("{seconds} s").format(seconds=locale.toString(seconds, "f", 1))
    whole = round(seconds)
    if whole < _MINUTE:
        return _tr("{seconds} s").format(seconds=whole)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return (
            _tr("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
            if rest
            else _tr("{minutes} min").format(minutes=minutes)
        )
    hours, rest = divmod(whole, _HOUR)
    return _tr("{hours} h {minutes} min").format(hours=number(hours), minutes=rest // _MINUTE)


def elapsed(seconds: float) -> str:
    """A time that is still running, in whole seconds."""
    return _tr("{seconds} s").format(seconds=int(seconds)) if seconds < 10 else duration(seconds)


def moment(value: datetime | None) -> str:
    """A date and time, short and local: "23/11/2026 18:44"."""
    if value is None:
        return NOTHING
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    return QLocale().toString(local, QLocale.FormatType.ShortFormat)


def exact_moment(value: datetime | None) -> str:
    """A date and time with the day of the week and seconds."""
    if value is None:
        return NOTHING
    local, locale = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000)), QLocale()
    date = locale.toString(local.date(), QLocale.FormatType.LongFormat)
    return _tr("{date}, {time}").format(date=date, time=local.toString("HH:mm:ss"))


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """How long since: "just now", "2 hours ago", "yesterday", "5 days ago", then the date."""
    if value is None:
        return _tr("never")
    seconds = ((now or datetime.now(UTC)) - value).total_seconds()
    if seconds < _MINUTE:
        return _tr("just now")
    if seconds < _HOUR:
        return _plural("{count} minute ago", "{count} minutes ago", int(seconds // _MINUTE))
    if seconds < _DAY:
        return _plural("{count} hour ago", "{count} hours ago", int(seconds // _HOUR))
    if seconds < 2 * _WEEK:
        return _plural("yesterday", "{count} days ago", int(seconds // _DAY))
    if seconds < 8 * _WEEK:
        return _plural("{count} week ago", "{count} weeks ago", int(seconds // _WEEK))
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    return QLocale().toString(local.date(), QLocale.FormatType.ShortFormat)


def run_duration(run: Run, now: datetime | None = None) -> str:
    """How long a run took, or takes by now."""
    if run.started_at is None:
        return NOTHING
    return duration(((run.finished_at or now or datetime.now(UTC)) - run.started_at).total_seconds())
