"""Texts about active and past runs; general ones are in :mod:`borgdesk.gui.look.words`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.history import Execution, PastBackup, Run
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.progress import Estimate
from borgdesk.domain.repository import Repository
from borgdesk.domain.restore import RestoreReport
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunKind, RunStatus, Step
from borgdesk.domain.sentences import check_sentence, recovery_sentence, subject
from borgdesk.engine.runs.story import Entry, Key, Kind, Story
from borgdesk.gui.look import words
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.translation import _, ngettext

_DOT = " · "

_MOST_WAITED_FOR = 2
"""Maximum number of runs that are named of those that one waits for."""
_MOST_NAMED = 3
"""Maximum number of new names in a sentence about a restore."""


def doing(live: LiveRun) -> str:
    """Return what a run is doing now: "backing up", "“Stop containers”", "Stopping…"."""
    story = live.story
    if story.stopping:
        return _stopping(story)
    if story.script is not None:
        return _("running {script}").format(script=quoted(story.script))
    if story.step is Step.QUEUED and live.waits_for:
        return waits_for(live.waits_for)
    if story.step is Step.QUEUED and story.ahead > 0:
        return _("waiting ({count} ahead of it)").format(count=words.number(story.ahead))
    return words.step(story.step)


def waits_for(runs: Sequence[Run]) -> str:
    """Return what a run waits for: "waiting for: Backup of Photos"."""
    names = [subject(run.kind, run.repository) for run in runs[:_MOST_WAITED_FOR]]
    if more := len(runs) - len(names):
        names.append(ngettext("{count} more", "{count} more", more).format(count=words.number(more)))
    return _("waiting for: {runs}").format(runs=", ".join(names))


def stop() -> str:
    """Return the label of the button that stops a run."""
    return _("S&top")


def stopping() -> str:
    """Return the label of that button after it was pressed."""
    return _("Stopping…")


def _stopping(story: Story) -> str:
    word = _("Stopping now…") if story.hurried else stopping()
    if story.script is not None:
        return _("{stopping} (running {script})").format(stopping=word, script=quoted(story.script))
    return word


def live_line(live: LiveRun) -> str:
    """Describe an active run on one line: "Documents: backing up · 12,431 files · 3.2 GB · 4 min"."""
    parts = [_("{name}: {doing}").format(name=live.repository, doing=doing(live)), *live_facts(live)]
    return _DOT.join(parts)


def live_facts(live: LiveRun) -> list[str]:
    """Return what :func:`live_amounts` and :func:`live_times` return."""
    return [*live_amounts(live), *live_times(live)]


def live_amounts(live: LiveRun) -> list[str]:
    """Return files, size and speed so far, as far as they are known."""
    estimate = live.estimate()
    amounts = _amounts(live, estimate)
    if estimate.speed is not None and not live.story.stopping:
        amounts.append(words.speed(estimate.speed))
    if estimate.is_counted and estimate.fraction is not None and not live.story.is_over:
        amounts.append(words.percent(estimate.fraction))
    return amounts


def live_times(live: LiveRun) -> list[str]:
    """Return the time left, or the time so far, and what started the run if it was not this window."""
    times = [time_left(live) or words.elapsed(live.elapsed().total_seconds())]
    if live.trigger is not None:
        times.append(_("started by: {who}").format(who=words.trigger(live.trigger).lower()))
    return times


def time_left(live: LiveRun) -> str:
    """Return about how long the step under way will still take; empty if that is not known."""
    left = live.estimate().left
    return "" if left is None or live.story.stopping or live.story.is_over else words.time_left(left)


def _amounts(live: LiveRun, estimate: Estimate) -> list[str]:
    """Return files and size so far: "12,431 files", "3.2 GB of about 9 GB"."""
    statistics, progress = live.story.statistics, live.story.progress
    if statistics is not None:
        return [words.files(statistics.files), words.size(statistics.original_size)]
    if progress is None or progress.original_size is None:
        return []
    size = words.size(progress.original_size)
    if estimate.total is not None and not live.story.stopping:
        size = _("{size} of about {total}").format(size=size, total=words.size(estimate.total))
    return [size] if progress.files is None else [words.files(progress.files), size]


def headline(run: Run) -> str:
    """Return the title of a run: "Documents – Success", "Documents – Restore – Success"."""
    if run.kind is not RunKind.BACKUP:
        return _("{name} – {work} – {status}").format(
            name=run.repository, work=words.kind(run.kind), status=words.run_status(run.status)
        )
    return _("{name} – {status}").format(name=run.repository, status=words.run_status(run.status))


def facts(run: Run) -> str:
    """Return start, trigger, duration and result of a run on one line."""
    parts = [words.exact_moment(run.started_at or run.queued_at)]
    parts.append(_("started by: {who}").format(who=words.trigger(run.trigger)))
    if run.finished_at is not None and run.started_at is not None:
        parts.append(_("took {time}").format(time=words.run_duration(run)))
    if run.recovered:
        parts.append(_("finished by recovery"))
    return _DOT.join(parts)


def archive_facts(run: Run) -> str:
    """Return what the run added to the repository; empty if nothing."""
    if run.archive is None:
        return ""
    parts = [_("Archive {name}").format(name=run.archive)]
    if (statistics := run.statistics) is not None:
        parts.append(words.files(statistics.files))
        parts.append(words.size(statistics.original_size))
        parts.append(_("{size} new").format(size=words.size(statistics.deduplicated_size)))
    if (free := space(run)) is not None:
        parts.append(free)
    return _DOT.join(parts)


def space(run: Run) -> str | None:
    """Return how much was free on the disk of the repository before and after a backup; None if that is not known."""
    before, after = run.free_space
    if before is None:
        return None
    if after is None:
        return _("{before} free before").format(before=words.size(before))
    return _("{before} free before, {after} after").format(before=words.size(before), after=words.size(after))


def entry_title(entry: Entry) -> str:
    """Return the name of a timeline entry."""
    if entry.kind is Kind.SCRIPT:
        return entry.name
    names: dict[Key, str] = {
        BorgStep.LIST: _("Read the archive (Borg)"),
        BorgStep.CREATE: _("Backup (Borg)"),
        BorgStep.EXTRACT: _("Extract (Borg)"),
        BorgStep.VERIFY: _("Verify"),
        BorgStep.PLACE: _("Move into place"),
        BorgStep.CHECK: _("Check (Borg)"),
        BorgStep.PRUNE: _("Prune old archives (Borg)"),
        BorgStep.COMPACT: _("Free disk space (Borg)"),
        BorgStep.BREAK_LOCK: _("Break the lock (Borg)"),
        BorgStep.INFO: _("Read information (Borg)"),
    }
    return names.get(entry.key, "…")


def entry_lane(entry: Entry) -> str:
    """Return the lane of a timeline entry."""
    return lane_title(entry.hook) if entry.hook is not None else ""


def entry_result(entry: Entry) -> str:
    """Return how a timeline entry ended, with the reason."""
    parts = [_("Still owed") if entry.is_owed else _status(entry.status)]
    if entry.reason:
        parts.append(entry.reason)
    if entry.recovered:
        parts.append(_("run by recovery"))
    return _(": ").join(parts[:2]) + "".join(f"{_DOT}{part}" for part in parts[2:])


def _status(status: RunStatus | ExecutionStatus) -> str:
    return words.run_status(status) if isinstance(status, RunStatus) else words.execution_status(status)


def no_output(entry: Entry) -> str:
    """Return why there is no output to show."""
    if entry.status is ExecutionStatus.PENDING:
        return _("It has not run yet.")
    if entry.kind is Kind.OWN:
        return _("This step prints nothing.")
    if entry.status is ExecutionStatus.SKIPPED and entry.kind is Kind.BORG:
        return _("Borg was not started.")
    if entry.status is ExecutionStatus.SKIPPED and entry.started_at is None:
        return _("It was not run, so there is no output.")
    return _("No output yet.") if entry.is_active else _("No output.")


def output_title(entry: Entry) -> str:
    """Return the heading above the output of a timeline entry."""
    return _("Output of {name}").format(name=quoted(entry_title(entry)))


def last_good(repository: Repository, now: datetime | None = None) -> str:
    """Return the line for a card: "Last good backup 2 hours ago"."""
    if repository.last_success_at is None:
        return _("No good backup yet")
    return _("Last good backup {when}").format(when=words.ago(repository.last_success_at, now))


def last_run(run: Run | None, now: datetime | None = None) -> str:
    """Describe how the last run ended: "Backed up 2 hours ago", "Failed an hour ago: …"."""
    if run is None:
        return _("Never backed up")
    said = {
        RunStatus.SUCCESS: _("Backed up {when}"),
        RunStatus.WARNING: _("Backed up with warnings {when}"),
        RunStatus.CANCELLED: _("Stopped {when}"),
        RunStatus.INTERRUPTED: _("Interrupted {when}"),
        RunStatus.SKIPPED: _("Skipped {when}"),
    }.get(run.status, _("Failed {when}"))
    sentence = said.format(when=words.ago(run.finished_at, now))
    why = "" if run.status in (RunStatus.SUCCESS, RunStatus.CANCELLED) else " ".join((run.error or "").split())
    return _("{sentence}: {why}").format(sentence=sentence, why=why) if why else sentence


def strip_name(strip: tuple[PastBackup, ...]) -> str:
    """Return the accessible name of a strip of outcomes."""
    if not strip:
        return _("No runs yet")
    bad = sum(one.status.is_bad for one in strip)
    last = words.run_status(strip[-1].status)
    return _("Last {runs}: {bad} failed; most recent: {last}").format(
        runs=words.runs(len(strip)), bad=words.number(bad), last=last
    )


def past_backup(one: PastBackup) -> str:
    """Return when a backup was, how long it took and how it ended: "27/11/2026 02:30 · took 4 min · Success"."""
    facts = [words.moment(one.started_at or one.queued_at)]
    if one.started_at is not None:
        facts.append(_("took {time}").format(time=words.run_duration(one)))
    facts.append(words.run_status(one.status))
    return "\n".join(filter(None, [_DOT.join(facts), " ".join((one.error or "").split())]))


def recovered(run: Run) -> str:
    """Return the banner's text about a run that was recovered after its process had died."""
    return recovery_sentence(run, words.when)


def owed(run: Run, executions: tuple[Execution, ...]) -> str:
    """Return the banner's text about scripts that still have to run."""
    names = [e.planned.name for e in executions if e.status is ExecutionStatus.PENDING]
    scripts = listed(quoted(name) for name in names)
    name, when = quoted(run.repository), words.moment(run.started_at or run.queued_at)
    if run.kind is RunKind.RESTORE:
        return _("Still owed after the restore from {name} on {when}: {scripts}.").format(
            name=name, when=when, scripts=scripts
        )
    return _("Still owed after the backup of {name} on {when}: {scripts}.").format(
        name=name, when=when, scripts=scripts
    )


def elsewhere(run: Run) -> str:
    """Describe a run of another process, such as the command line."""
    if run.recovered:
        return _("Cleaning up after an interrupted run")
    who = words.trigger(run.trigger).lower()
    if run.kind is not RunKind.BACKUP:
        waits = run.status is RunStatus.QUEUED
        said = _("{work} waiting, started by: {who}") if waits else _("{work}, started by: {who}")
        return said.format(work=words.kind(run.kind), who=who)
    if run.status is RunStatus.QUEUED:
        return _("A backup is waiting, started by: {who}").format(who=who)
    return _("A backup is running, started by: {who}").format(who=who)


def restored(report: RestoreReport) -> str:
    """Return what a restore did: "3 files restored, 1 replaced"."""
    if not report.restored and not report.kept:
        return _("Nothing was restored")
    parts = [_("{number} restored").format(number=words.files(report.restored))]
    counts = {
        _("{number} replaced"): report.replaced,
        _("{number} beside what was there"): report.renamed,
        _("{number} kept as they were"): report.kept,
    }
    parts += [text.format(number=words.number(count)) for text, count in counts.items() if count]
    return ", ".join(parts)


def restored_beside(report: RestoreReport) -> str:
    """Return a sentence with the names given to what was placed beside existing files; "" if there are none."""
    names = [words.file_name(path.rpartition("/")[2]) for path in report.renamed_to[:_MOST_NAMED]]
    if not names:
        return ""
    if more := report.renamed - len(names):
        names.append(ngettext("{count} more", "{count} more", more).format(count=words.number(more)))
    return _("New names: {names}.").format(names=listed(names))


def undone(report: RestoreReport) -> str:
    """Return what came of undoing a restore."""
    if not report.problems:
        return _("The restore was undone.")
    path, reason = report.problems[0]
    return _("Not all of it could be undone. {path}: {reason}.").format(path=words.file_name(path), reason=reason)


def remark(run: Run) -> str:
    """Return the remark about a run in a list: an error, else a warning or note, else what it did."""
    if run.error:
        return run.error
    if run.note:
        return run.note.replace("\n", " ")
    if run.kind is RunKind.RESTORE and run.status.is_final:
        report = RestoreReport.from_json(run.report)
        did = restored(report)
        if report.undone_at:
            return _("{restored}, undone since").format(restored=did)
        if report.undo_until:
            until = words.moment(report.undo_until)
            return _("{restored}, can be undone until {moment}").format(restored=did, moment=until)
        return did
    if found := check_sentence(run):
        return found
    if (statistics := run.statistics) is not None:
        new = _("{size} new").format(size=words.size(statistics.deduplicated_size))
        return _DOT.join([words.files(statistics.files), words.size(statistics.original_size), new])
    return ""


def elsewhere_line(run: Run) -> str:
    """As :func:`elsewhere`, preceded by the repository."""
    return _("{name}: {doing}").format(name=run.repository, doing=elsewhere(run))


def tray_line(active: tuple[LiveRun, ...], others: tuple[Run, ...] = ()) -> str:
    """Return the first line of the tray's menu."""
    if not active:
        return elsewhere_line(others[0]) if others else _("Nothing is running")
    if len(active) == 1:
        return _("{name}: {doing}").format(name=words.short(active[0].repository), doing=doing(active[0]))
    if all(live.story.kind is RunKind.BACKUP for live in active):
        return _("{count} backups are running").format(count=words.number(len(active)))
    return _("{count} runs are under way").format(count=words.number(len(active)))


def tray_progress(active: tuple[LiveRun, ...]) -> str:
    """Return how far each active run is, one per line: "Documents: 35 %, about 1 min left". Empty if none is known."""
    lines = []
    for live in active:
        fraction, left = live.estimate().fraction, time_left(live)
        if fraction is not None and not live.story.stopping:
            known = _("{name}: {percent}, {left}") if left else _("{name}: {percent}")
            lines.append(known.format(name=words.short(live.repository), percent=words.percent(fraction), left=left))
    return "\n".join(lines)
