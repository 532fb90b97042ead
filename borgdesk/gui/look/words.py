"""Texts about statuses, times and amounts, shared by all widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, QLocale, QTime

from borgdesk.domain.enumeration import either
from borgdesk.domain.history import Execution, PastBackup, Run
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import (
    ExecutionStatus,
    OnFailure,
    Outcome,
    RunKind,
    RunOn,
    RunStatus,
    Step,
    Trigger,
)
from borgdesk.domain.script import AssignmentPlace
from borgdesk.domain.sentences import kind_word
from borgdesk.translation import _, ngettext

NOTHING = "–"
"""Shown in place of a missing value."""

_TIP_WIDTH = 90
"""Characters per line of a tooltip."""
_SHORT, _SHORT_HEAD = 40, 24
"""Characters of a name in a menu, and how many of them are its beginning."""

_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_MARKED = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_TURNING), "\ufffd")
_MARKED |= {ord("\n"): "↵", ord("\t"): "⇥"}
"""Replacements for characters that would break the line or change the direction of the text."""

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800


def run_status(status: RunStatus) -> str:
    """Return the status of a run: "Failed"."""
    return {
        RunStatus.QUEUED: _("Waiting"),
        RunStatus.RUNNING: _("Running"),
        RunStatus.SUCCESS: _("Success"),
        RunStatus.WARNING: _("Warning"),
        RunStatus.FAILURE: _("Failed"),
        RunStatus.CANCELLED: _("Cancelled"),
        RunStatus.INTERRUPTED: _("Interrupted"),
        RunStatus.SKIPPED: _("Skipped"),
    }[status]


def outcome(value: Outcome) -> str:
    """Return the outcome of the backup itself."""
    return run_status(RunStatus(value.value)) if value is not Outcome.FAILURE else _("Failure")


def execution_status(status: ExecutionStatus) -> str:
    """Return the status of a script's execution."""
    return {
        ExecutionStatus.PENDING: _("Pending"),
        ExecutionStatus.RUNNING: _("Running"),
        ExecutionStatus.SUCCESS: _("Success"),
        ExecutionStatus.FAILED: _("Failed"),
        ExecutionStatus.TIMED_OUT: _("Timed out"),
        ExecutionStatus.CANCELLED: _("Cancelled"),
        ExecutionStatus.INTERRUPTED: _("Interrupted"),
        ExecutionStatus.SKIPPED: _("Not run"),
    }[status]


def execution_result(execution: Execution) -> str:
    """Return how a script ended, with its exit code if that tells more: "Failed (exit 3)"."""
    word = execution_status(execution.status)
    if execution.status is ExecutionStatus.FAILED and execution.exit_code is not None:
        return _("{status} (exit {code})").format(status=word, code=execution.exit_code)
    return word


def step(value: Step) -> str:
    """Return a run's present step, as the end of "Documents: …"."""
    return {
        Step.QUEUED: _("waiting"),
        Step.ARMING: _("preparing"),
        Step.PRE_BACKUP: _("running scripts before the backup"),
        Step.CREATE: _("backing up"),
        Step.PRE_RESTORE: _("running scripts before the restore"),
        Step.RESTORE: _("restoring"),
        Step.POST_RESTORE: _("running scripts after the restore"),
        Step.CHECK: _("checking"),
        Step.PRUNE: _("pruning archives"),
        Step.COMPACT: _("freeing disk space"),
        Step.BREAK_LOCK: _("breaking the lock"),
        Step.INFO: _("reading information"),
        Step.POST_BACKUP: _("running scripts after the backup"),
        Step.RETENTION: _("pruning old archives"),
        Step.POST_RUN: _("running scripts at the end"),
        Step.DONE: _("done"),
    }[value]


def kind(value: RunKind) -> str:
    """Return the kind of a run: "Backup", "Restore"."""
    return kind_word(value)


def script_test() -> str:
    """Return what a test of a script is called among runs of all kinds."""
    return _("Script test")


def trigger(value: Trigger) -> str:
    """Return what started a run."""
    return {
        Trigger.USER: _("You"),
        Trigger.SCHEDULE: _("Schedule"),
        Trigger.CLI: _("Command line"),
        Trigger.WINDOW: _("Maintenance window"),
        Trigger.RECOVERY: _("Recovery"),
    }[value]


def run_on(condition: RunOn) -> str:
    """Return when a post script runs: "Always", "After success or warning"."""
    if condition.always:
        return _("Always")
    names = {"success": _("success"), "warning": _("warning"), "failure": _("failure")}
    return _("After {conditions}").format(conditions=either([names[word] for word in str(condition).split(",")]))


def on_failure(value: OnFailure) -> str:
    """Return what a failing script does to the rest of the run."""
    return {
        OnFailure.STOP: _("Stop"),
        OnFailure.CONTINUE: _("Continue"),
        OnFailure.SKIP: _("Skip the backup"),
    }[value]


def place(value: AssignmentPlace) -> str:
    """Return where a script is assigned: "Documents, before backup"."""
    return _("{repository}, {lane}").format(repository=value.repository, lane=lane_title(value.hook).lower())


def literal(text: str) -> str:
    """Escape text for a button, a menu or a tab, where & would underline the next letter."""
    return text.replace("&", "&&")


def tooltip(text: str) -> str:
    """Break text into readable lines; Qt only does so for markup."""
    return "\n".join(textwrap.fill(line, _TIP_WIDTH) for line in text.splitlines())


def file_name(name: str) -> str:
    """Return a name or path on one line, with control characters and those that change the text direction marked."""
    return name.translate(_MARKED)


def short(name: str) -> str:
    """Return a name for a menu, which would become as wide as the longest one: its middle is left out."""
    if len(name) <= _SHORT:
        return name
    return f"{name[:_SHORT_HEAD].rstrip()}…{name[_SHORT_HEAD + 1 - _SHORT :].lstrip()}"


def number(value: int) -> str:
    """Return a whole number with the language's separators."""
    return QLocale().toString(value)


def percent(fraction: float) -> str:
    """Return a fraction as a percentage: "42 %"."""
    return _("{number} %").format(number=number(round(100 * fraction)))


def size(count: int | None) -> str:
    """Return a number of bytes: "3.2 GB", in powers of 1000 as Borg does."""
    if count is None:
        return NOTHING
    if count == 1:
        return _("1 byte")  # Qt would say "1 bytes"
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def speed(bytes_per_second: float) -> str:
    """Return a speed: "84 MB/s", "8.4 MB/s"."""
    count = round(bytes_per_second)
    decimals = 1 if len(str(count)) % 3 == 1 else 0  # it changes all the time: three digits at most
    shown = QLocale().formattedDataSize(count, decimals, QLocale.DataSizeFormat.DataSizeSIFormat)
    return _("{size}/s").format(size=shown)


def files(count: int) -> str:
    """Return a number of files: "1 file", "12,431 files"."""
    return ngettext("{count} file", "{count} files", count).format(count=number(count))


def retention(rules: Retention) -> str:
    """Return which archives rules keep: "keeps 7 daily, 4 weekly, 6 monthly"."""
    if not rules:
        return _("nothing is deleted")
    names = {
        "last": _("{count} newest"),
        "hourly": _("{count} hourly"),
        "daily": _("{count} daily"),
        "weekly": _("{count} weekly"),
        "monthly": _("{count} monthly"),
        "yearly": _("{count} yearly"),
    }
    counted = [
        names[name].format(count=number(count) if count >= 0 else _("all"))
        for name, count in rules.counts().items()
        if count
    ]
    within = [_("all within {time}").format(time=rules.within)] if rules.within else []
    return _("keeps {rules}").format(rules=", ".join([*within, *counted]) or NOTHING)


def found(count: int, *, is_cut: bool) -> str:
    """Return a number of search results: "3 found"; *is_cut*: there are more than are shown."""
    if is_cut:
        return _("The first {count} are shown; type more of the name").format(count=number(count))
    return ngettext("{count} found", "{count} found", count).format(count=number(count))


def repositories(count: int) -> str:
    """Return a number of repositories."""
    return ngettext("{count} repository", "{count} repositories", count).format(count=number(count))


def scripts(count: int) -> str:
    """Return a number of scripts: "1 script", "3 scripts"."""
    return ngettext("{count} script", "{count} scripts", count).format(count=number(count))


def runs(count: int) -> str:
    """Return a number of runs: "1 run", "30 runs"."""
    return ngettext("{count} run", "{count} runs", count).format(count=number(count))


def amounts(*counted: tuple[Callable[[int], str], int]) -> str:
    """Return numbers of several kinds, each with its words, and without those that are 0: "3 scripts, 1 run"."""
    return ", ".join(told(count) for told, count in counted if count)


def times(count: int) -> str:
    """Return a frequency: "never", "once", "7 times"."""
    if count == 0:
        return _("never")
    if count == 1:
        return _("once")
    return ngettext("{count} time", "{count} times", count).format(count=number(count))


def lines(count: int) -> str:
    """Return a number of lines: "1 line", "200 lines"."""
    return ngettext("{count} line", "{count} lines", count).format(count=number(count))


def duration(seconds: float | None) -> str:
    """Return a duration: "40 ms", "0.4 s", "12 s", "4 min 10 s", "1 h 3 min"."""
    if seconds is None:
        return NOTHING
    locale = QLocale()
    seconds = max(float(seconds), 0.0)
    if seconds < 0.0995:
        return _("{milliseconds} ms").format(milliseconds=round(seconds * 1000))
    if seconds < 9.95:
        return _("{seconds} s").format(seconds=locale.toString(seconds, "f", 1))
    whole = round(seconds)
    if whole < _MINUTE:
        return _("{seconds} s").format(seconds=whole)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return (
            _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
            if rest
            else _("{minutes} min").format(minutes=minutes)
        )
    hours, rest = divmod(whole, _HOUR)
    return _("{hours} h {minutes} min").format(hours=number(hours), minutes=rest // _MINUTE)


def elapsed(seconds: float) -> str:
    """Return the duration of something in progress, in whole seconds."""
    return _("{seconds} s").format(seconds=int(seconds)) if seconds < 10 else duration(seconds)


def time_left(seconds: float) -> str:
    """Return about how long something will still take, the more roundly the longer it is: "about 4 min left"."""
    minutes = seconds / _MINUTE
    if minutes < 0.75:
        return _("less than a minute left")
    if minutes < 9.5:
        return _("about {minutes} min left").format(minutes=max(1, round(minutes)))
    if minutes < 57.5:
        return _("about {minutes} min left").format(minutes=5 * round(minutes / 5))
    if minutes < 24 * 60:
        hours, rest = divmod(10 * round(minutes / 10), 60)
        return (
            _("about {hours} h {minutes} min left").format(hours=hours, minutes=rest)
            if rest
            else _("about {hours} h left").format(hours=hours)
        )
    days = round(minutes / (24 * 60))
    return ngettext("about {count} day left", "about {count} days left", days).format(count=number(days))


def moment(value: datetime | None) -> str:
    """Return a short local date and time: "23/11/2026 18:44"."""
    if value is None:
        return NOTHING
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    date = QLocale().toString(local.date(), QLocale.FormatType.ShortFormat)
    return _("{date} {time}").format(date=date, time=clock(local.time()))


def clock(value: QTime) -> str:
    """Return a time of day in 24 hours, as everywhere: in sentences of the engine, in fields, and in archive names."""
    return value.toString("HH:mm")


def when(value: datetime) -> str:
    """Return the time of day, "14:03", or date and time if it is not today."""
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    if local.date() == QDateTime.currentDateTime().date():
        return clock(local.time())
    return moment(value)


def exact_moment(value: datetime | None) -> str:
    """Return date and time with the day of the week and seconds."""
    if value is None:
        return NOTHING
    local, locale = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000)), QLocale()
    date = locale.toString(local.date(), QLocale.FormatType.LongFormat)
    return _("{date}, {time}").format(date=date, time=local.toString("HH:mm:ss"))


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """Return the time since: "just now", "2 hours ago", "yesterday", "5 days ago", then the date.

    The date also of what is more than a day ahead: it was recorded while the clock was wrong.
    """
    if value is None:
        return _("never")
    seconds = ((now or datetime.now(UTC)) - value).total_seconds()
    if seconds < -_DAY:
        return _date(value)
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return _minutes_ago(int(seconds // _MINUTE))
    if seconds < _DAY:
        return _hours_ago(int(seconds // _HOUR))
    if seconds < 2 * _WEEK:
        return _days_ago(int(seconds // _DAY))
    if seconds < 8 * _WEEK:
        return _weeks_ago(int(seconds // _WEEK))
    return _date(value)


def _date(value: datetime) -> str:
    local = QDateTime.fromMSecsSinceEpoch(int(value.timestamp() * 1000))
    return QLocale().toString(local.date(), QLocale.FormatType.ShortFormat)


def _minutes_ago(count: int) -> str:
    return ngettext("{count} minute ago", "{count} minutes ago", count).format(count=number(count))


def _hours_ago(count: int) -> str:
    return ngettext("{count} hour ago", "{count} hours ago", count).format(count=number(count))


def _days_ago(count: int) -> str:
    if count == 1:
        return _("yesterday")
    return ngettext("{count} day ago", "{count} days ago", count).format(count=number(count))


def _weeks_ago(count: int) -> str:
    return ngettext("{count} week ago", "{count} weeks ago", count).format(count=number(count))


def run_duration(run: Run | PastBackup | Execution, now: datetime | None = None) -> str:
    """Return how long a run or script took, or has taken so far."""
    if run.started_at is None:
        return NOTHING
    return duration(((run.finished_at or now or datetime.now(UTC)) - run.started_at).total_seconds())
