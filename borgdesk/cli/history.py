"""``borgdesk history``: runs, and one of them with all that its scripts printed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Console
from borgdesk.cli.tables import Cell, Column, Row, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.cli.timeline import head, outputs, timeline
from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunStatus
from borgdesk.store.store import Store

_COLUMNS = (
    Column("Run", right=True),
    Column("Repository", flexible=True),
    Column("Status"),
    Column("Began"),
    Column("Took", right=True),
    Column("Detail", flexible=True),
)


def history(console: Console, arguments: argparse.Namespace) -> int:
    """Runs, newest first."""
    store = console.workspace.store
    runs = store.runs.list(
        repository=_repository(store, arguments.repo),
        script=_script(store, arguments.script),
        status=RunStatus(arguments.status) if arguments.status else None,
        search=arguments.search,
        limit=arguments.limit,
    )
    if not runs:
        console.say("No runs found." if _filtered(arguments) else "There are no runs yet.")
    if console.json:
        runs = [store.runs.get(run.id, with_output=False) for run in runs]
    console.answer([json_values.run(run, with_output=False) for run in runs], lambda out: runs_table(out, runs))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """One run with all its scripts and their output."""
    run = console.workspace.store.runs.get(arguments.run)
    console.answer(json_values.run(run), lambda out: _whole(out, run))
    return 0


def _whole(out: Screen, run: Run) -> None:
    head(out, run)
    out.line()
    timeline(out, run)
    outputs(out, run.executions)


def runs_table(out: Screen, runs: Sequence[Run], indent: int = 0, *, of_one: bool = False) -> None:
    """Write runs as a table; those *of_one* repository without its name."""
    if runs:
        table(out, _COLUMNS, [_row(run, "" if of_one else run.repository) for run in runs], indent)


def _row(run: Run, repository: str) -> Row:
    style = words.style(run.status)
    began = run.started_at or run.queued_at
    seconds = (run.finished_at - began).total_seconds() if run.finished_at else None
    return [
        str(run.id),
        repository,
        Cell(words.marked(run.status), style),
        words.moment(began),
        words.duration(seconds),
        Cell(run.error or run.note or run.archive or "", Style.DIM),
    ]


def _filtered(arguments: argparse.Namespace) -> bool:
    return any((arguments.repo, arguments.script, arguments.status, arguments.search))


def _repository(store: Store, ref: str | None) -> int | str | None:
    """A repository that is here; or the name of one that is not any more, which history still knows.

    Raises:
        NotFound: neither.
    """
    if ref is None:
        return None
    try:
        return store.repositories.get(ref).id
    except NotFound:
        if not store.runs.list(repository=ref, limit=1):
            raise
        return ref


def _script(store: Store, ref: str | None) -> int | str | None:
    """As for repositories."""
    if ref is None:
        return None
    try:
        return store.scripts.get(ref).id
    except NotFound:
        if not store.runs.list(script=ref, limit=1):
            raise
        return ref
