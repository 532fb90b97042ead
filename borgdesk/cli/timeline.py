"""A run, told in a terminal: its scripts and Borg in the order in which they had their turn."""

from __future__ import annotations

from collections.abc import Sequence

from borgdesk.cli import words
from borgdesk.cli.tables import Cell, Column, Row, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import LANES, ExecutionStatus, Hook

_COLUMNS = (
    Column("", right=True),
    Column("", flexible=True),
    Column(""),
    Column("", right=True),
    Column("", flexible=True),
)


def head(out: Screen, run: Run) -> None:
    """What is to be known of a run as a whole."""
    sizes = ""
    if run.statistics is not None:
        statistics = run.statistics
        sizes = (
            f"{words.counted(statistics.files, 'file')}, {words.size(statistics.original_size)}, "
            f"{words.size(statistics.deduplicated_size)} of it new"
        )
    state = Cell(f"{words.mark(run.status)} {words.status(run.status)}", words.style(run.status))
    outcome = "" if run.outcome is None or run.outcome.value == run.status.value else words.status(run.outcome)
    began = run.started_at or run.queued_at
    seconds = (run.finished_at - began).total_seconds() if run.finished_at else None
    facts(
        out,
        [
            ("Run", f"{run.id} of “{run.repository}” (by {run.trigger})"),
            ("Status", state),
            ("Backup", outcome),
            ("Began", words.moment(began)),
            ("Took", words.duration(seconds)),
            ("Archive", run.archive or ""),
            ("Size", sizes),
            ("Error", run.error or ""),
            ("Note", run.note or ""),
        ],
    )


def timeline(out: Screen, run: Run, *, indent: int = 2) -> None:
    """Every script with its end, and Borg between them."""
    rows: list[Row] = []
    for hook in LANES:
        rows += [_row(execution) for execution in run.executions if execution.planned.hook is hook]
        if hook is Hook.PRE_BACKUP:
            rows.append(_borg(run))
    table(out, _COLUMNS, rows, indent)


def _row(execution: Execution) -> Row:
    status = execution.status
    style = words.style(status)
    reason = execution.reason or ""
    if execution.recovered:
        reason = f"{reason}; run again after a crash".removeprefix("; ")
    return [
        Cell(words.mark(status), style),
        Cell(execution.planned.name, Style.DIM if status is ExecutionStatus.SKIPPED else Style.PLAIN),
        Cell(words.status(status), style),
        words.duration(execution.duration),
        Cell(reason, Style.DIM),
    ]


def _borg(run: Run) -> Row:
    if run.borg_exit_code is None:
        return [Cell("–", Style.DIM), Cell("Borg", Style.DIM), Cell("not run", Style.DIM), "", ""]
    good = run.archive is not None
    style = Style.GOOD if run.borg_exit_code == 0 else Style.WARN if good else Style.BAD
    detail = f"exit {run.borg_exit_code}" if run.borg_exit_code else ""
    state = "success" if run.borg_exit_code == 0 else "warning" if good else "failed"
    return [
        Cell("✓" if good else "✗", style),
        Cell("Borg", Style.BOLD),
        Cell(state, style),
        "",
        Cell(detail, Style.DIM),
    ]


def outputs(out: Screen, executions: Sequence[Execution]) -> None:
    """What scripts printed."""
    for execution in executions:
        if not execution.stdout and not execution.stderr:
            continue
        out.line()
        out.line(out.paint(f"{execution.planned.name}:", Style.BOLD))
        for text, style in ((execution.stdout, Style.PLAIN), (execution.stderr, Style.WARN)):
            for line in printable(text).splitlines():
                out.line("  " + out.paint(line, style))
        if execution.truncated:
            out.line(out.paint("  (only the beginning and the end of its output are kept here)", Style.DIM))
