"""Phrases about runs, live and past, beside the general ones of :mod:`borgdesk.gui.words`."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from borgdesk.domain.history import Execution, Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step
from borgdesk.gui import words
from borgdesk.gui.live_run import LiveRun
from borgdesk.gui.timeline import CREATE, Entry

_DOT = " · "


def _tr(text: str) -> str:
    return QCoreApplication.translate("run_words", text)


def doing(live: LiveRun) -> str:
    """What a run does now: "backing up", "“Stop containers”", "Stopping…"."""
    if live.stopping:
        return _stopping(live)
    if live.script is not None:
        return _tr("running {script}").format(script=words.quoted(live.script))
    if live.step is Step.QUEUED and live.ahead > 0:
        return _tr("waiting for its turn ({count} before it)").format(count=words.number(live.ahead))
    return words.step(live.step)


def _stopping(live: LiveRun) -> str:
    word = _tr("Hurrying to stop…") if live.hurried else _tr("Stopping…")
    if live.script is not None:
        return _tr("{stopping} (running {script})").format(stopping=word, script=words.quoted(live.script))
    return word


def live_line(live: LiveRun) -> str:
    """A run under way in one line: "Documents: backing up · 12,431 files · 3.2 GB · 4 min"."""
    parts = [_tr("{name}: {doing}").format(name=live.repository, doing=doing(live)), *live_facts(live)]
    return _DOT.join(parts)


def live_facts(live: LiveRun) -> list[str]:
    """Files, size and time so far."""
    facts = []
    if live.progress is not None and live.progress.files is not None:
        facts = [words.files(live.progress.files), words.size(live.progress.original_size)]
    return [*facts, words.elapsed(live.elapsed().total_seconds())]


def headline(run: Run) -> str:
    """The title of a run: "Documents – Success"."""
    return _tr("{name} – {status}").format(name=run.repository, status=words.run_status(run.status))


def facts(run: Run) -> str:
    """When, by whom, how long, what came of it; one line."""
    parts = [words.exact_moment(run.started_at or run.queued_at)]
    parts.append(_tr("started by: {who}").format(who=words.trigger(run.trigger)))
    if run.finished_at is not None and run.started_at is not None:
        parts.append(_tr("took {time}").format(time=words.run_duration(run)))
    if run.recovered:
        parts.append(_tr("finished by recovery"))
    return _DOT.join(parts)


def archive_facts(run: Run) -> str:
    """What the run added to the repository; empty when nothing."""
    if run.archive is None:
        return ""
    parts = [_tr("Archive {name}").format(name=run.archive)]
    if (statistics := run.statistics) is not None:
        parts.append(words.files(statistics.files))
        parts.append(words.size(statistics.original_size))
        parts.append(_tr("{size} new").format(size=words.size(statistics.deduplicated_size)))
    return _DOT.join(parts)


def entry_title(entry: Entry) -> str:
    """The name of a line of the timeline."""
    if entry.execution is not None:
        return entry.execution.planned.name
    return _tr("Backup (Borg)") if entry.key == CREATE else _tr("Removing old archives (Borg)")


def entry_lane(entry: Entry) -> str:
    """The lane of a line of the timeline."""
    return words.hook(entry.execution.planned.hook) if entry.execution is not None else ""


def entry_result(entry: Entry) -> str:
    """How a line of the timeline ended, with the reason."""
    if entry.execution is None:
        word = entry.status
        if isinstance(word, ExecutionStatus):
            return words.execution_status(word)
        return words.run_status(word)
    return _execution_result(entry.execution)


def _execution_result(execution: Execution) -> str:
    owed = execution.status is ExecutionStatus.PENDING and execution.reason
    parts = [_tr("Still owed") if owed else words.execution_status(execution.status)]
    if execution.reason:
        parts.append(execution.reason)
    if execution.recovered:
        parts.append(_tr("run by recovery"))
    return _tr(": ").join(parts[:2]) + "".join(f"{_DOT}{part}" for part in parts[2:])


def no_output(entry: Entry) -> str:
    """Why there is no output to show."""
    if entry.status is ExecutionStatus.PENDING:
        return _tr("It has not had its turn.")
    if entry.status is ExecutionStatus.SKIPPED and entry.execution is not None and entry.execution.started_at is None:
        return _tr("It was not run, so it printed nothing.")
    if entry.status is ExecutionStatus.SKIPPED and entry.execution is None:
        return _tr("Borg was not started.")
    return _tr("Nothing printed yet.") if entry.is_active else _tr("It printed nothing.")


def output_title(entry: Entry) -> str:
    """The heading over the output of a line of the timeline."""
    return _tr("Output of {name}").format(name=words.quoted(entry_title(entry)))


def last_good(repository: Repository, now: datetime | None = None) -> str:
    """For a card: "Last good backup 2 hours ago"."""
    if repository.last_success_at is None:
        return _tr("No good backup yet") if repository.last_run_at else _tr("Never backed up")
    return _tr("Last good backup {when}").format(when=words.ago(repository.last_success_at, now))


def last_run(repository: Repository, now: datetime | None = None) -> str:
    """How the last run ended, where that is not the last good backup; else empty."""
    status = repository.last_status
    if status is None or status is RunStatus.SUCCESS:
        return ""
    when = words.ago(repository.last_run_at, now)
    return _tr("Last run: {status}, {when}").format(status=words.run_status(status).lower(), when=when)


def strip_name(statuses: tuple[RunStatus, ...]) -> str:
    """The strip of outcomes in words, for those who hear it."""
    if not statuses:
        return _tr("No runs yet")
    bad = sum(status in (RunStatus.FAILURE, RunStatus.INTERRUPTED) for status in statuses)
    last = words.run_status(statuses[-1])
    return _tr("Last {runs}: {bad} failed; the newest: {last}").format(
        runs=words.runs(len(statuses)), bad=words.number(bad), last=last
    )


def recovered(run: Run) -> str:
    """What the banner says of a run that was finished after its process had died."""
    done = [e for e in run.executions if e.planned.hook.is_post and e.recovered and e.status is ExecutionStatus.SUCCESS]
    name = words.quoted(run.repository)
    if not done:
        return _tr("A backup of {name} was interrupted; nothing had to be put back.").format(name=name)
    scripts = words.listed(words.quoted(execution.planned.name) for execution in done)
    if len(done) == 1:
        return _tr("A backup of {name} was interrupted; {scripts} was run again.").format(name=name, scripts=scripts)
    return _tr("A backup of {name} was interrupted; {scripts} were run again.").format(name=name, scripts=scripts)


def owed(run: Run, executions: tuple[Execution, ...]) -> str:
    """What the banner says of scripts that are still owed."""
    names = [e.planned.name for e in executions if e.status is ExecutionStatus.PENDING]
    scripts = words.listed(words.quoted(name) for name in names)
    return _tr("Still owed after the backup of {name} on {when}: {scripts}.").format(
        name=words.quoted(run.repository), when=words.moment(run.started_at or run.queued_at), scripts=scripts
    )


def elsewhere(run: Run) -> str:
    """A run that another process, such as the command line, works on."""
    return _tr("A backup is under way, started by: {who}").format(who=words.trigger(run.trigger).lower())


def remark(run: Run) -> str:
    """What is worth saying of a run in a list: what went wrong, else what else was noted, else what it stored."""
    if run.error:
        return run.error
    if run.note:
        return run.note.replace("\n", " ")
    if (statistics := run.statistics) is not None:
        new = _tr("{size} new").format(size=words.size(statistics.deduplicated_size))
        return _DOT.join([words.files(statistics.files), words.size(statistics.original_size), new])
    return ""


def tray_line(active: tuple[LiveRun, ...]) -> str:
    """The first line of the tray's menu."""
    if not active:
        return _tr("Nothing is running")
    if len(active) == 1:
        return _tr("{name}: {doing}").format(name=active[0].repository, doing=doing(active[0]))
    return _tr("{count} backups are running").format(count=words.number(len(active)))


def notification_title(status: RunStatus) -> str:
    """The title of a notification; its text is the run's own sentence."""
    titles = {
        RunStatus.SUCCESS: _tr("Backup finished"),
        RunStatus.WARNING: _tr("Backup finished with warnings"),
        RunStatus.CANCELLED: _tr("Backup cancelled"),
        RunStatus.INTERRUPTED: _tr("Backup interrupted"),
        RunStatus.SKIPPED: _tr("Backup skipped"),
    }
    return titles.get(status, _tr("Backup failed"))
