"""Formats a run for the terminal: its scripts and Borg steps in the order of execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from borgdesk.cli import words
from borgdesk.cli.tables import Cell, Column, Row, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.history import BorgCall, Execution, Run
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunStatus
from borgdesk.engine.runs.story import Entry, Kind, Story
from borgdesk.translation import N_, _

_COLUMNS = (
    Column("", right=True),
    Column("", flexible=True),
    Column(""),
    Column("", right=True),
    Column("", flexible=True),
)


def head(out: Screen, run: Run) -> None:
    """Write the facts about a run as a whole."""
    sizes = ""
    if run.statistics is not None:
        statistics = run.statistics
        sizes = _("{files}, {original_size}, {deduplicated_size} of it new").format(
            files=words.files(statistics.files),
            original_size=words.size(statistics.original_size),
            deduplicated_size=words.size(statistics.deduplicated_size),
        )
    state = Cell(f"{words.mark(run.status)} {words.status(run.status)}", words.style(run.status))
    outcome = "" if run.outcome is None or run.outcome.value == run.status.value else words.status(run.outcome)
    began = run.started_at or run.queued_at
    seconds = (run.finished_at - began).total_seconds() if run.finished_at else None
    facts(
        out,
        [
            (
                _("Run"),
                _("{run} of “{repository}” (by {trigger})").format(
                    run=run.id, repository=run.repository, trigger=run.trigger
                ),
            ),
            (_("Status"), state),
            (words.KINDS[run.kind].capitalize(), outcome),
            (_("Began"), words.moment(began)),
            (_("Took"), words.duration(seconds)),
            (_("Archive"), run.archive or ""),
            (_("Size"), sizes),
            (_("Free space"), _space(run)),
            (_("Error"), run.error or ""),
            (_("Note"), run.note or ""),
        ],
    )


def _space(run: Run) -> str:
    before, after = run.free_space
    if before is None:
        return ""
    if after is None:
        return _("{before} before").format(before=words.size(before))
    return _("{before} before, {after} after").format(before=words.size(before), after=words.size(after))


def timeline(out: Screen, story: Story, *, indent: int = 2) -> None:
    """Write every script with its result, and Borg between them."""
    table(out, _COLUMNS, [_row(entry) for entry in story.entries], indent)


def _row(entry: Entry) -> Row:
    if entry.kind is not Kind.SCRIPT and not isinstance(entry.status, RunStatus):
        return [Cell("–", Style.DIM), Cell(_(BORG_STEPS[entry.name]), Style.DIM), Cell(_("not run"), Style.DIM), "", ""]
    style = words.style(entry.status)
    return [
        Cell(words.mark(entry.status), style),
        _title(entry),
        Cell(words.status(entry.status), style),
        words.duration(entry.duration()),
        Cell(_remark(entry), Style.DIM),
    ]


BORG_STEPS: Mapping[str, str] = {
    BorgStep.LIST: N_("Borg: read the archive"),
    BorgStep.CREATE: "Borg",
    BorgStep.EXTRACT: N_("Borg: extract"),
    BorgStep.VERIFY: N_("Verify"),
    BorgStep.PLACE: N_("Move into place"),
    BorgStep.CHECK: N_("Borg: check"),
    BorgStep.PRUNE: N_("Borg: prune old archives"),
    BorgStep.COMPACT: N_("Borg: free disk space"),
    BorgStep.BREAK_LOCK: N_("Borg: break the lock"),
    BorgStep.INFO: N_("Borg: read information"),
}


def _title(entry: Entry) -> Cell:
    if entry.kind is not Kind.SCRIPT:
        return Cell(_(BORG_STEPS[entry.name]), Style.BOLD)
    return Cell(entry.name, Style.DIM if entry.status is ExecutionStatus.SKIPPED else Style.PLAIN)


def _remark(entry: Entry) -> str:
    if entry.kind is not Kind.SCRIPT:
        parts = [_("exit {exit_code}").format(exit_code=entry.exit_code) if entry.exit_code else "", entry.reason]
    else:
        parts = [entry.reason, _("run again after a crash") if entry.recovered else ""]
    return "; ".join(part for part in parts if part)


def outputs(out: Screen, executions: Sequence[Execution], borg: Sequence[BorgCall] = ()) -> None:
    """Write the output of scripts and of Borg."""
    named: list[tuple[str, Execution | BorgCall]] = [(one.planned.name, one) for one in executions]
    named += [(_(BORG_STEPS[call.step]), call) for call in borg]
    for name, one in named:
        if not one.stdout and not one.stderr:
            continue
        out.line()
        out.line(out.paint(f"{name}:", Style.BOLD))
        for text, style in ((one.stdout, Style.PLAIN), (one.stderr, Style.WARN)):
            for line in printable(text).splitlines():
                out.line("  " + out.paint(line, style))
        if one.truncated:
            out.line(out.paint(_("  (only the beginning and the end of the output were saved)"), Style.DIM))
