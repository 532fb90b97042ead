"""A report of one run as Markdown, to be pasted into a message: in English, like the report of the program."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from borgdesk.domain.downtime import downtime
from borgdesk.domain.history import Run
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.domain.version import VERSION
from borgdesk.engine.runs.story import Entry, Kind, Story

_LINES = 30
"""Number of last lines of the output of each step that went wrong."""
_BAD = (
    RunStatus.FAILURE,
    RunStatus.WARNING,
    RunStatus.INTERRUPTED,
    RunStatus.CANCELLED,
    ExecutionStatus.FAILED,
    ExecutionStatus.TIMED_OUT,
    ExecutionStatus.INTERRUPTED,
    ExecutionStatus.CANCELLED,
)


def run_report(run: Run, story: Story, lines_of: Callable[[Entry], Sequence[str]]) -> str:
    """Return what happened; *lines_of* returns the masked output of an entry.

    It has neither locations nor values of parameters; what scripts and Borg print is masked when it is stored.
    """
    facts = [f"{run.kind.value} of {_text(run.repository)}: **{run.status.value}**", ""]
    facts += [f"* BorgDesk {VERSION}, run {run.id}, started by: {run.trigger.value}"]
    facts += [f"* Began {_moment(run.started_at or run.queued_at)}, ended {_moment(run.finished_at)}"]
    if run.statistics is not None:
        facts += [f"* {run.statistics.files} files, {run.statistics.original_size} bytes"]
    if (seconds := downtime(story.sides)) is not None:
        facts += [f"* Services were down for {seconds:.1f} s"]
    if run.recovered:
        facts += ["* Finished by a recovery"]
    told = [f"* {_text(remark)}" for remark in (run.error, *(run.note or "").splitlines()) if remark]
    table = ["", "| step | lane | began | seconds | status | reason |", "|---|---|---|---|---|---|"]
    rows = [_row(entry) for entry in story.entries]
    outputs = [part for entry in story.entries if entry.status in _BAD for part in _output(entry, lines_of(entry))]
    return "\n".join([*facts, *told, *table, *rows, *outputs, ""])


def _row(entry: Entry) -> str:
    seconds = entry.duration()
    status = entry.status.value if entry.exit_code in (None, 0) else f"{entry.status.value}, exit {entry.exit_code}"
    cells = (
        _text(_name(entry)),
        entry.hook or "",
        "" if entry.started_at is None else _moment(entry.started_at),
        "" if seconds is None else f"{seconds:.2f}",
        status,
        _text(entry.reason or ""),
    )
    return f"| {' | '.join(cells)} |"


def _name(entry: Entry) -> str:
    return f"Borg: {entry.name}" if entry.kind is Kind.BORG else entry.name


def _output(entry: Entry, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    text = "\n".join(lines[-_LINES:])
    # Longer than anything in the text that could end it.
    fence = "`" * max(3, 1 + max((len(found) for found in re.findall("`+", text)), default=0))
    return ["", f"Output of {_text(_name(entry))}, the last lines:", "", fence, text, fence]


def _moment(moment: datetime | None) -> str:
    return "–" if moment is None else moment.astimezone().isoformat(" ", "seconds")


def _text(text: str) -> str:
    """Return a text on one line, in which Markdown finds nothing to format."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", " ".join(text.split()))
