"""Reasons and notes about a run, stored as codes with values and turned into sentences when they are shown.

Codes can be counted, evaluated by programs, and shown in the wording of another version or language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from borgdesk.domain.enumeration import listed
from borgdesk.domain.interruptions import before_start, while_running
from borgdesk.domain.numbers import grouped
from borgdesk.domain.sizes import decimal_size
from borgdesk.translation import N_, _, ngettext

Value = str | int | tuple[str, ...]


class Code(StrEnum):
    """The codes of reasons and notes."""

    TEXT = "text"
    """A plain sentence without a code of its own; also everything stored before codes existed."""

    # Results of scripts.
    EXIT = "exit"
    NOT_NOW = "not-now"
    SIGNAL = "signal"
    TIMED_OUT = "timed-out"
    HURRIED = "hurried"
    STOPPED_WITH_RUN = "stopped-with-run"
    TEST_STOPPED = "test-stopped"
    CUT_SHORT = "cut-short"
    DEFECT = "defect"
    END_UNKNOWN = "end-unknown"
    LEFT_BEHIND = "left-behind"
    NOT_ENDED = "not-ended"

    # Why a script was not run.
    CONDITION_OF_OUTCOME = "condition-of-outcome"
    CONDITION_OF_STATUS = "condition-of-status"
    SCRIPT_BEFORE = "script-before"
    CANCELLED_BEFORE = "cancelled-before"
    CANCELLED_BEFORE_START = "cancelled-before-start"
    CANCELLED_BEFORE_TURN = "cancelled-before-turn"
    DIED_BEFORE = "died-before"
    RUN_STOPPED_BEFORE = "run-stopped-before"
    NOT_STARTED_YET = "not-started-yet"
    SWITCHED_OFF = "switched-off"
    DONE_BY_HAND = "done-by-hand"
    ALREADY_STOPPED = "already-stopped"
    LEFT_TO_RUN = "left-to-run"
    ALREADY_STARTED = "already-started"
    NOT_STOPPED_HERE = "not-stopped-here"
    HOLD_BUSY = "hold-busy"
    HOLD_NEEDED = "hold-needed"

    # What went wrong in a run.
    SCRIPT_FAILED = "script-failed"
    SCRIPT_STILL_OWED = "script-still-owed"
    RETENTION_FAILED = "retention-failed"
    SOURCES_IN_TROUBLE = "sources-in-trouble"
    NOT_BEGUN = "not-begun"
    DEFECT_MET = "defect-met"
    INTERRUPTED = "interrupted"
    INTERRUPTED_BEFORE_START = "interrupted-before-start"
    NOT_RESTORED = "not-restored"
    LINK_WITH_FILES = "link-with-files"
    DESTINATION_GONE = "destination-gone"
    RESTORE_UNFINISHED = "restore-unfinished"

    # Notes about runs.
    CHECKPOINT_KEPT = "checkpoint-kept"
    NOTHING_KEPT = "nothing-kept"
    SOURCES_MISSING = "sources-missing"
    CLOCK_AHEAD = "clock-ahead"
    RETENTION_INTERRUPTED = "retention-interrupted"
    RETENTION_STOPPED = "retention-stopped"
    COMPACT_STOPPED = "compact-stopped"
    COMPACT_STOPPED_AFTER_PRUNE = "compact-stopped-after-prune"
    FOREIGN_ARCHIVES = "foreign-archives"
    ARCHIVES_PRUNED = "archives-pruned"
    SPACE_FREED = "space-freed"
    REPOSITORY_SIZE = "repository-size"
    APPEND_ONLY = "append-only"
    NOTHING_DELETED = "nothing-deleted"
    COMPACTED_RECENTLY = "compacted-recently"
    CHECKED_IN_PART = "checked-in-part"
    CHECKED_TO_THE_END = "checked-to-the-end"
    STILL_RUNNING = "still-running"
    STILL_OWED = "still-owed"
    LOG_INCOMPLETE = "log-incomplete"
    HISTORY_UNWRITTEN = "history-unwritten"
    STOPPED_BY_SYSTEM = "stopped-by-system"
    LITTLE_SPACE = "little-space"

    # Why a backup that is due does not start yet, or never will.
    COVERED_BY = "covered-by"
    RETRY = "retry"
    NO_RETRY = "no-retry"
    SCRIPT_SAID_NOT_NOW = "script-said-not-now"
    ON_BATTERY = "on-battery"
    ON_METERED = "on-metered"
    OUTSIDE_HOURS = "outside-hours"
    HOST_UNREACHABLE = "host-unreachable"
    HOST_JUST_REACHED = "host-just-reached"
    DISK_MISSING = "disk-missing"
    OTHER_REPOSITORY = "other-repository"
    TURN_TAKEN = "turn-taken"
    MOUNTED = "mounted"
    JUST_STARTED = "just-started"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason or note."""

    code: Code
    values: Mapping[str, Value] = field(default_factory=dict)

    def in_words(self) -> str:
        """Return it as text; never raises, whatever another version stored."""
        # A sentence that was stored in English is one of the messages, unless values were inserted.
        known = _Known(
            {
                name: _(value) if name in _SENTENCES and isinstance(value, str) else value
                for name, value in self.values.items()
            }
        )
        phrase = _PHRASES[self.code]
        return _(phrase).format_map(known) if isinstance(phrase, str) else phrase(known)

    def with_texts(self, change: Callable[[str], str]) -> Reason:
        """Return a copy in which *change* was applied to every text value, e.g. to mask secrets."""

        def changed(value: Value) -> Value:
            if isinstance(value, tuple):
                return tuple(map(change, value))
            return change(value) if isinstance(value, str) else value

        return Reason(self.code, {name: changed(value) for name, value in self.values.items()})


_SENTENCES = ("sentence", "error", "reason")
"""Values that are sentences themselves."""


def text(sentence: str) -> Reason:
    """Return a reason that is a plain sentence."""
    return Reason(Code.TEXT, {"sentence": sentence})


def in_words(reasons: Iterable[Reason], separator: str = "; ") -> str | None:
    """Return all reasons as text; None if there are none."""
    return separator.join(reason.in_words() for reason in reasons) or None


class _Known(dict[str, Value]):
    """Values of a reason, with "unknown" for those that another version did not store."""

    def __missing__(self, name: str) -> str:
        return "?"


SCRIPT_ENDS: Mapping[str, str] = {
    "failed": N_("{script} failed"),
    "timed_out": N_("{script} timed out"),
    "cancelled": N_("{script} was cancelled"),
    "interrupted": N_("{script} was interrupted"),
    "skipped": N_("{script} said not now"),
}
"""How a script failed, by its status."""

_SCRIPTS_BEFORE: Mapping[str, str] = {
    "failed": N_("{script} failed before it"),
    "timed_out": N_("{script} timed out before it"),
    "cancelled": N_("{script} was cancelled before it"),
    "interrupted": N_("{script} was interrupted before it"),
    "skipped": N_("{script} said not now before it"),
}


def _names(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _script_before(values: Mapping[str, Value]) -> str:
    status = str(values["status"])
    phrase = _SCRIPTS_BEFORE.get(status)
    return _(phrase).format(script=values["script"]) if phrase else f"{values['script']}: {status}"


def _left_behind(values: Mapping[str, Value]) -> str:
    count = values["count"]
    return ngettext(
        "{count} process it left holding its output was ended",
        "{count} processes it left holding its output were ended",
        count if isinstance(count, int) else 0,
    ).format(count=count)


def _not_ended(values: Mapping[str, Value]) -> str:
    names = _names(values["programs"])
    return ngettext(
        "{programs} could not be ended, since it belongs to another user",
        "{programs} could not be ended, since they belong to another user",
        len(names),
    ).format(programs=listed(names))


_SCRIPT_FAILED: Mapping[str, str] = {
    "failed": N_("The script “{script}” failed"),
    "timed_out": N_("The script “{script}” timed out"),
    "cancelled": N_("The script “{script}” was cancelled"),
    "interrupted": N_("The script “{script}” was interrupted"),
    "skipped": N_("The script “{script}” said not now"),
}


def _script_failed(values: Mapping[str, Value]) -> str:
    script, exit_code, words = values["script"], values.get("exit_code"), str(values.get("words", ""))
    if exit_code is None:
        what = _(_SCRIPT_FAILED.get(str(values["status"]), _SCRIPT_FAILED["failed"])).format(script=script)
    else:
        what = _("The script “{script}” failed (exit {exit_code})").format(script=script, exit_code=exit_code)
    said = _("{what}: {words}").format(what=what, words=words) if words else what
    return said if words.endswith((".", "!", "?")) else f"{said}."


def _sources_in_trouble(values: Mapping[str, Value]) -> str:
    return _(
        "{troubles}. A disk may not be mounted. The rest was backed up. If this is intended, "
        "remove the source from the repository."
    ).format(troubles="; ".join(_names(values["troubles"])))


def _not_restored(values: Mapping[str, Value]) -> str:
    count = values["count"] if isinstance(values["count"], int) else 0
    return ngettext(
        "{count} item was not restored: {path}: {reason}.",
        "{count} items were not restored, the first of them {path}: {reason}.",
        count,
    ).format(count=grouped(count), path=values["path"], reason=values["reason"])


def _interrupted(values: Mapping[str, Value]) -> str:
    return while_running(str(values["kind"]))


def _interrupted_before_start(values: Mapping[str, Value]) -> str:
    return before_start(str(values["kind"]))


def _still_running(values: Mapping[str, Value]) -> str:
    return _("Still running when what was stopped was started again: {programs} of “{script}”.").format(
        programs=", ".join(_names(values["programs"])), script=values["script"]
    )


def _archives_pruned(values: Mapping[str, Value]) -> str:
    count = int(values["count"]) if isinstance(values["count"], int) else 0
    return ngettext("{count} archive was deleted.", "{count} archives were deleted.", count).format(count=count)


def _repository_size(values: Mapping[str, Value]) -> str:
    original, stored = (_size(values[name]) for name in ("original_size", "deduplicated_size"))
    return _("All archives: {original}; on the disk: {stored}; encryption: {encryption}.").format(
        original=original, stored=stored, encryption=values["encryption"]
    )


def _little_space(values: Mapping[str, Value]) -> str:
    return _("Only {free} are free on the disk of the repository. The backup may need {needed} or more.").format(
        free=_size(values["free"]), needed=_size(values["needed"])
    )


def _size(value: Value) -> str:
    return decimal_size(value) if isinstance(value, int) else str(value)


def _foreign_archives(values: Mapping[str, Value]) -> str:
    count = values["count"]
    return ngettext(
        "{count} archive has a name like those of this backup, but a different origin; retention does not touch "
        "archives from elsewhere.",
        "{count} archives have names like those of this backup, but a different origin; retention does not touch "
        "archives from elsewhere.",
        count if isinstance(count, int) else 0,
    ).format(count=count)


_PHRASES: Mapping[Code, str | Callable[[Mapping[str, Value]], str]] = {
    Code.TEXT: "{sentence}",
    Code.EXIT: N_("exit {exit_code}"),
    Code.NOT_NOW: N_("said not now (exit {exit_code})"),
    Code.SIGNAL: N_("killed by signal {signal}"),
    Code.TIMED_OUT: N_("timed out after {seconds} s"),
    Code.HURRIED: N_("ended {seconds} s after stop was asked for twice"),
    Code.STOPPED_WITH_RUN: N_("stopped because the run was cancelled"),
    Code.TEST_STOPPED: N_("the test was stopped"),
    Code.CUT_SHORT: N_("BorgDesk was interrupted while it ran"),
    Code.DEFECT: N_("BorgDesk itself failed; see its log for details"),
    Code.END_UNKNOWN: N_("how it ended is not known: {error}"),
    Code.LEFT_BEHIND: _left_behind,
    Code.NOT_ENDED: _not_ended,
    Code.CONDITION_OF_OUTCOME: N_("condition is {condition}, outcome was {outcome}"),
    Code.CONDITION_OF_STATUS: N_("condition is {condition}, status was {status}"),
    Code.SCRIPT_BEFORE: _script_before,
    Code.CANCELLED_BEFORE: N_("The run was cancelled before it"),
    Code.CANCELLED_BEFORE_START: N_("the run was cancelled before it could be started"),
    Code.CANCELLED_BEFORE_TURN: N_("The run was cancelled while it was waiting"),
    Code.DIED_BEFORE: N_("BorgDesk was interrupted before it"),
    Code.RUN_STOPPED_BEFORE: N_("The run stopped before it: {error}"),
    Code.NOT_STARTED_YET: N_("not started yet: {error}"),
    Code.SWITCHED_OFF: N_("switched off"),
    Code.DONE_BY_HAND: N_("done by hand"),
    Code.ALREADY_STOPPED: N_("already stopped by run {run}"),
    Code.LEFT_TO_RUN: N_("left to run {run}, which still needs it stopped"),
    Code.ALREADY_STARTED: N_("already started again by another run"),
    Code.NOT_STOPPED_HERE: N_("this run had not stopped it"),
    Code.HOLD_BUSY: N_("run {run} was not done with it in time"),
    Code.HOLD_NEEDED: N_("not started yet: run {run} needs it stopped"),
    Code.SCRIPT_FAILED: _script_failed,
    Code.SCRIPT_STILL_OWED: N_("The script “{script}” did not run to its end; it is still owed."),
    Code.RETENTION_FAILED: N_("Retention failed: {error}"),
    Code.SOURCES_IN_TROUBLE: _sources_in_trouble,
    Code.NOT_BEGUN: N_("The run could not start: {error}"),
    Code.DEFECT_MET: N_("BorgDesk itself failed: {error}"),
    Code.INTERRUPTED: _interrupted,
    Code.INTERRUPTED_BEFORE_START: _interrupted_before_start,
    Code.NOT_RESTORED: _not_restored,
    Code.LINK_WITH_FILES: N_("“{path}” is a link in the archive, with files below it; it was restored as a folder."),
    Code.DESTINATION_GONE: N_(
        "{folder} is not there any more. Its disk may be gone; when it is back, the restore can be undone."
    ),
    Code.RESTORE_UNFINISHED: N_("BorgDesk was interrupted during the restore, and could not finish it: {error}"),
    Code.CHECKPOINT_KEPT: N_(
        "Borg saved what it had read so far as a checkpoint, and the next backup continues from there."
    ),
    Code.NOTHING_KEPT: N_("Borg saved nothing of this backup. Earlier archives are unchanged."),
    Code.SOURCES_MISSING: N_(
        "No old archives were pruned, because not all sources were found: they may be the last ones that contain "
        "their files."
    ),
    Code.CLOCK_AHEAD: N_(
        "No archives were pruned: by the clock, BorgDesk last ran more than a month ago, and archives may be too old "
        "only because the clock is wrong. If it is, set it right. If not, archives are pruned again from {date}."
    ),
    Code.RETENTION_INTERRUPTED: N_("Retention was left for the next run, because this one was interrupted."),
    Code.RETENTION_STOPPED: N_("Retention was left for the next run, because this one was stopped."),
    Code.COMPACT_STOPPED: N_("Freeing space was left for the next run, because this one was stopped."),
    Code.COMPACT_STOPPED_AFTER_PRUNE: N_(
        "Old archives were pruned; freeing their space was left for the next run, because this one was stopped."
    ),
    Code.FOREIGN_ARCHIVES: _foreign_archives,
    Code.ARCHIVES_PRUNED: _archives_pruned,
    Code.SPACE_FREED: N_("{size} of disk space was freed."),
    Code.REPOSITORY_SIZE: _repository_size,
    Code.APPEND_ONLY: N_(
        "No space was freed, because the repository is append-only: it keeps what is deleted from here. To free the "
        "space, compact it on its own machine."
    ),
    Code.NOTHING_DELETED: N_("No archive was deleted since disk space was last freed."),
    Code.COMPACTED_RECENTLY: N_("Disk space was freed on {date}, and is not to be freed again yet."),
    Code.CHECKED_IN_PART: N_("A part of the repository was checked; the next check continues from there."),
    Code.CHECKED_TO_THE_END: N_("The whole repository has been checked."),
    Code.STILL_RUNNING: _still_running,
    Code.STILL_OWED: N_("Still owed: “{script}” failed again when it was retried."),
    Code.LOG_INCOMPLETE: N_("The log is incomplete: {error}."),
    Code.HISTORY_UNWRITTEN: N_("The history could not be written: {error}"),
    Code.STOPPED_BY_SYSTEM: N_("It was stopped by the system, not by a person, so it will be tried again."),
    Code.LITTLE_SPACE: _little_space,
    Code.COVERED_BY: N_("missed, covered by the backup of {moment}"),
    Code.RETRY: N_("the last attempt failed: {error}"),
    Code.NO_RETRY: N_("all attempts failed: {error}"),
    Code.SCRIPT_SAID_NOT_NOW: N_("a script said not now: {reason}"),
    Code.ON_BATTERY: N_("waiting for mains power"),
    Code.ON_METERED: N_("waiting for a connection that is not metered"),
    Code.OUTSIDE_HOURS: N_("waiting for the hours {hours}"),
    Code.HOST_UNREACHABLE: N_("waiting for {host}, which cannot be reached"),
    Code.HOST_JUST_REACHED: N_("waiting until {host} has been reachable for 30 seconds"),
    Code.DISK_MISSING: N_("waiting for the disk of the repository"),
    Code.OTHER_REPOSITORY: N_("waiting for the disk of the repository: there is another repository at its location"),
    Code.TURN_TAKEN: N_("waiting for run {run}, which is using the repository"),
    Code.MOUNTED: N_("waiting until the archives at {folder} are unmounted: they lock the repository"),
    Code.JUST_STARTED: N_("waiting for two minutes after the start or the resume of the computer, or the login"),
}
