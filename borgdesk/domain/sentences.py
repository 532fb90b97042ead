"""Sentences that summarise a finished run, shared by the CLI, the window and notifications."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from borgdesk.domain.downtime import left_down
from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.numbers import grouped
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.restore import RestoreReport
from borgdesk.domain.run import ExecutionStatus, RunKind, RunStatus
from borgdesk.translation import N_, _, ngettext

# Complete sentences, since in most languages the verb agrees with the noun.
_ENDS = {
    RunKind.BACKUP: {
        RunStatus.SUCCESS: N_("Backup of {name} finished."),
        RunStatus.WARNING: N_("Backup of {name} finished with warnings."),
        RunStatus.FAILURE: N_("Backup of {name} failed."),
        RunStatus.CANCELLED: N_("Backup of {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Backup of {name} was interrupted."),
        RunStatus.SKIPPED: N_("Backup of {name} was skipped."),
        RunStatus.QUEUED: N_("Backup of {name} is waiting."),
        RunStatus.RUNNING: N_("Backup of {name} is running."),
    },
    RunKind.RESTORE: {
        RunStatus.SUCCESS: N_("Restore from {name} finished."),
        RunStatus.WARNING: N_("Restore from {name} finished with warnings."),
        RunStatus.FAILURE: N_("Restore from {name} failed."),
        RunStatus.CANCELLED: N_("Restore from {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Restore from {name} was interrupted."),
        RunStatus.SKIPPED: N_("Restore from {name} was skipped."),
        RunStatus.QUEUED: N_("Restore from {name} is waiting."),
        RunStatus.RUNNING: N_("Restore from {name} is running."),
    },
    RunKind.CHECK: {
        RunStatus.SUCCESS: N_("Check of {name} finished."),
        RunStatus.WARNING: N_("Check of {name} finished with warnings."),
        RunStatus.FAILURE: N_("Check of {name} failed."),
        RunStatus.CANCELLED: N_("Check of {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Check of {name} was interrupted."),
        RunStatus.SKIPPED: N_("Check of {name} was skipped."),
        RunStatus.QUEUED: N_("Check of {name} is waiting."),
        RunStatus.RUNNING: N_("Check of {name} is running."),
    },
    RunKind.PRUNE: {
        RunStatus.SUCCESS: N_("Prune of {name} finished."),
        RunStatus.WARNING: N_("Prune of {name} finished with warnings."),
        RunStatus.FAILURE: N_("Prune of {name} failed."),
        RunStatus.CANCELLED: N_("Prune of {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Prune of {name} was interrupted."),
        RunStatus.SKIPPED: N_("Prune of {name} was skipped."),
        RunStatus.QUEUED: N_("Prune of {name} is waiting."),
        RunStatus.RUNNING: N_("Prune of {name} is running."),
    },
    RunKind.COMPACT: {
        RunStatus.SUCCESS: N_("Freeing disk space in {name} finished."),
        RunStatus.WARNING: N_("Freeing disk space in {name} finished with warnings."),
        RunStatus.FAILURE: N_("Freeing disk space in {name} failed."),
        RunStatus.CANCELLED: N_("Freeing disk space in {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Freeing disk space in {name} was interrupted."),
        RunStatus.SKIPPED: N_("Freeing disk space in {name} was skipped."),
        RunStatus.QUEUED: N_("Freeing disk space in {name} is waiting."),
        RunStatus.RUNNING: N_("Freeing disk space in {name} is running."),
    },
    RunKind.BREAK_LOCK: {
        RunStatus.SUCCESS: N_("The lock of {name} was broken."),
        RunStatus.WARNING: N_("The lock of {name} was broken, with warnings."),
        RunStatus.FAILURE: N_("The lock of {name} could not be broken."),
        RunStatus.CANCELLED: N_("Breaking the lock of {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Breaking the lock of {name} was interrupted."),
        RunStatus.SKIPPED: N_("Breaking the lock of {name} was skipped."),
        RunStatus.QUEUED: N_("Breaking the lock of {name} is waiting."),
        RunStatus.RUNNING: N_("The lock of {name} is being broken."),
    },
    RunKind.INFO: {
        RunStatus.SUCCESS: N_("Information about {name} was read."),
        RunStatus.WARNING: N_("Information about {name} was read, with warnings."),
        RunStatus.FAILURE: N_("Information about {name} could not be read."),
        RunStatus.CANCELLED: N_("Reading information about {name} was cancelled."),
        RunStatus.INTERRUPTED: N_("Reading information about {name} was interrupted."),
        RunStatus.SKIPPED: N_("Reading information about {name} was skipped."),
        RunStatus.QUEUED: N_("Reading information about {name} is waiting."),
        RunStatus.RUNNING: N_("Information about {name} is being read."),
    },
}
_SUBJECTS = {
    RunKind.BACKUP: N_("Backup of {name}"),
    RunKind.RESTORE: N_("Restore from {name}"),
    RunKind.CHECK: N_("Check of {name}"),
    RunKind.PRUNE: N_("Prune of {name}"),
    RunKind.COMPACT: N_("Freeing disk space in {name}"),
    RunKind.BREAK_LOCK: N_("Breaking the lock of {name}"),
    RunKind.INFO: N_("Information about {name}"),
}
_TITLES = {
    RunKind.BACKUP: N_("BorgDesk was interrupted during a backup"),
    RunKind.RESTORE: N_("BorgDesk was interrupted during a restore"),
    RunKind.CHECK: N_("BorgDesk was interrupted during a check"),
    RunKind.PRUNE: N_("BorgDesk was interrupted during a prune"),
    RunKind.COMPACT: N_("BorgDesk was interrupted while freeing disk space"),
    RunKind.BREAK_LOCK: N_("BorgDesk was interrupted while it broke a lock"),
    RunKind.INFO: N_("BorgDesk was interrupted while it read information about a repository"),
}
_DURING = {
    RunKind.BACKUP: N_("BorgDesk was interrupted during the backup of “{name}”."),
    RunKind.RESTORE: N_("BorgDesk was interrupted during the restore from “{name}”."),
    RunKind.CHECK: N_("BorgDesk was interrupted during the check of “{name}”."),
    RunKind.PRUNE: N_("BorgDesk was interrupted during the prune of “{name}”."),
    RunKind.COMPACT: N_("BorgDesk was interrupted while it was freeing disk space in “{name}”."),
    RunKind.BREAK_LOCK: N_("BorgDesk was interrupted while it broke the lock of “{name}”."),
    RunKind.INFO: N_("BorgDesk was interrupted while it read information about “{name}”."),
}


_KINDS = {
    RunKind.BACKUP: N_("Backup"),
    RunKind.RESTORE: N_("Restore"),
    RunKind.CHECK: N_("Check"),
    RunKind.PRUNE: N_("Prune"),
    RunKind.COMPACT: N_("Free disk space"),
    RunKind.BREAK_LOCK: N_("Broken lock"),
    RunKind.INFO: N_("Information"),
}


def kind_word(kind: RunKind) -> str:
    """Return the kind of a run: "Backup", "Restore"."""
    return _(_KINDS[kind])


def end_title(status: RunStatus, kind: RunKind = RunKind.BACKUP) -> str:
    """Return the title of a notification about the end of a run, whose text is :func:`run_sentence`."""
    titles = {
        RunStatus.SUCCESS: _("{work} finished"),
        RunStatus.WARNING: _("{work} finished with warnings"),
        RunStatus.CANCELLED: _("{work} cancelled"),
        RunStatus.INTERRUPTED: _("{work} interrupted"),
        RunStatus.SKIPPED: _("{work} skipped"),
    }
    return titles.get(status, _("{work} failed")).format(work=kind_word(kind))


def subject(kind: RunKind, repository: str) -> str:
    """Return a title for a run, such as "Backup of Documents"."""
    return _(_SUBJECTS[kind]).format(name=repository)


def interrupted(kind: RunKind, *, before_start: bool = False) -> Reason:
    """Return the error of a run whose process died."""
    return Reason(Code.INTERRUPTED_BEFORE_START if before_start else Code.INTERRUPTED, {"kind": kind})


def interrupted_title(kind: RunKind) -> str:
    """Return the title of the notification about a run whose process died."""
    return _(_TITLES[kind])


def run_sentence(run: Run) -> str:
    """Return what happened in a run and, after a failure, what the scripts that put things back did."""
    parts = [_(_ENDS[run.kind][run.status]).format(name=run.repository)]
    if run.kind is RunKind.RESTORE and run.status.is_final:
        parts += _restored(run)
    if found := check_sentence(run):
        parts.append(found)
    reason = run.error or _skip_reason(run)
    if reason and run.status is not RunStatus.SUCCESS:
        parts.append(reason)
    if run.status not in (RunStatus.SUCCESS, RunStatus.QUEUED, RunStatus.RUNNING):
        parts += cleanup_sentences(run, reason or "")
    return " ".join(parts)


def check_sentence(run: Run) -> str:
    """Return what a successful check found; empty for other runs, and for a repair."""
    is_good = run.kind is RunKind.CHECK and run.status is RunStatus.SUCCESS
    return _("No damage was found.") if is_good and not run.report.get("repair") else ""


def _restored(run: Run) -> list[str]:
    count = RestoreReport.from_json(run.report).restored
    if count:
        return [
            ngettext("{count} item was restored.", "{count} items were restored.", count).format(count=grouped(count))
        ]
    # An error says so itself.
    return [] if run.error else [_("Nothing was restored.")]


def left_down_sentence(run: Run, moment: Callable[[datetime], str]) -> str:
    """Return what a run could not start again; empty if there is nothing. *moment* formats the time."""
    failed = left_down(run.executions)
    if not failed:
        return ""
    told = (
        ngettext(
            "{scripts} failed after the restore from “{name}”, at {when}.",
            "{scripts} failed after the restore from “{name}”, at {when}.",
            len(failed),
        )
        if run.kind is RunKind.RESTORE
        else ngettext(
            "{scripts} failed after the backup of “{name}”, at {when}.",
            "{scripts} failed after the backup of “{name}”, at {when}.",
            len(failed),
        )
    )
    when = moment(run.finished_at or run.queued_at)
    return f"{told.format(scripts=_names(failed), name=run.repository, when=when)} {may_be_down(failed)}"


def recovery_sentence(run: Run, moment: Callable[[datetime], str]) -> str:
    """Return what was put back after a run whose process had died, or was not after one that ended by itself.

    *moment* formats the time.
    """
    if not run.recovered and (left := left_down_sentence(run, moment)):
        return left
    parts = [_(_DURING[run.kind]).format(name=run.repository)]
    post = [one for one in run.executions if one.planned.hook.is_post and one.recovered]
    good = [one for one in post if one.status is ExecutionStatus.SUCCESS]
    bad = [one for one in post if one.status is ExecutionStatus.PENDING or one.status.is_bad]
    if good:
        when = [one.finished_at for one in good if one.finished_at is not None]
        parts.append(_ran_afterwards_at(good, moment(max(when))) if when else _ran_afterwards(good))
    if bad:
        parts.append(_failed(bad))
    if not post:
        parts.append(_("Nothing had to be put back."))
    return " ".join(parts)


def _skip_reason(run: Run) -> str:
    """Return the reason for which a pre-backup script skipped the backup."""
    if run.status is not RunStatus.SKIPPED:
        return ""
    started = [e for e in run.executions if e.planned.hook.is_pre and e.started_at is not None]
    said_no = [e for e in started if e.status is not ExecutionStatus.SUCCESS]
    if not said_no:
        return ""
    last = said_no[-1]
    if last.status is ExecutionStatus.SKIPPED:
        return _("The script “{script}” said “not now”.").format(script=last.planned.name)
    return _("The script “{script}” failed ({reason}).").format(script=last.planned.name, reason=last.reason)


def cleanup_sentences(run: Run, told: str = "") -> list[str]:
    """Return what the scripts that put things back did, and which of them still have to.

    Of those of which was *told* that they failed, only what that means is said.
    """
    post = [execution for execution in run.executions if execution.planned.hook.is_post]
    good = [execution for execution in post if execution.status is ExecutionStatus.SUCCESS]
    bad = [execution for execution in post if execution.status.is_bad]
    owed = [execution for execution in post if execution.status is ExecutionStatus.PENDING]
    sentences = []
    named = [execution for execution in bad if quoted(execution.planned.name) in told]
    down = left_down(run.executions)
    if [execution for execution in named if execution not in down]:
        sentences.append(ngettext("It may need your attention.", "They may need your attention.", len(named)))
    if good:
        sentences.append(_ran_afterwards(good))
    if others := [execution for execution in bad if execution not in named]:
        sentences.append(_failed(others))
    if down:
        sentences.append(may_be_down(down))
    if owed:
        sentences.append(_("Still owed: {scripts}.").format(scripts=_names(owed)))
    return sentences


def may_be_down(scripts: list[Execution]) -> str:
    """Return what it means that *scripts* could not start again what a run had stopped; empty without any."""
    if not scripts:
        return ""
    return ngettext("What it starts may still be down.", "What they start may still be down.", len(scripts))


def _ran_afterwards(scripts: list[Execution]) -> str:
    # English has one form for one and for several scripts; most languages do not.
    return ngettext("{scripts} ran afterwards.", "{scripts} ran afterwards.", len(scripts)).format(
        scripts=_names(scripts)
    )


def _ran_afterwards_at(scripts: list[Execution], when: str) -> str:
    return ngettext(
        "{scripts} ran afterwards, at {when}.", "{scripts} ran afterwards, at {when}.", len(scripts)
    ).format(scripts=_names(scripts), when=when)


def _failed(scripts: list[Execution]) -> str:
    return ngettext(
        "{scripts} failed and may need your attention.", "{scripts} failed and may need your attention.", len(scripts)
    ).format(scripts=_names(scripts))


def _names(executions: list[Execution]) -> str:
    return listed(quoted(execution.planned.name) for execution in executions)


def overdue_check_sentence(moment: str | None) -> str:
    """Return the sentence about a repository that was not checked for too long; *moment* is when it last was."""
    if moment is None:
        return _("It has never been checked completely.")
    return _("It was last checked completely on {moment}.").format(moment=moment)
