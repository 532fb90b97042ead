"""``borgdesk history``: lists runs, and shows one run with the output of its scripts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.tables import Cell, Column, Row, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.cli.timeline import head, outputs, timeline
from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.engine.runs.story import Story
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.store.store import Store
from borgdesk.translation import N_, _

_COLUMNS = (
    Column(N_("Run"), right=True),
    Column(N_("Kind")),
    Column(N_("Repository"), flexible=True),
    Column(N_("Status")),
    Column(N_("Began")),
    Column(N_("Took"), right=True),
    Column(N_("Detail"), flexible=True),
)


def history(console: Console, arguments: argparse.Namespace) -> int:
    """List runs, newest first."""
    store = console.workspace.store
    runs = store.runs.list(
        repository=_repository(store, arguments.repo),
        script=_script(store, arguments.script),
        status=RunStatus(arguments.status) if arguments.status else None,
        search=arguments.search,
        kind=RunKind(arguments.kind) if arguments.kind else None,
        limit=arguments.limit,
    )
    if not runs:
        console.say(_("No runs found.") if _filtered(arguments) else _("There are no runs yet."))
    if console.json:
        runs = [store.runs.get(run.id, with_output=False) for run in runs]
    # Only JSON contains the steps of each run.
    stories = [story_of(console.workspace, run) for run in runs] if console.json else [Story()] * len(runs)
    values = [json_values.run(run, story, with_output=False) for run, story in zip(runs, stories, strict=True)]
    console.answer(values, lambda out: runs_table(out, runs))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show one run with all its scripts and their output."""
    run = console.workspace.store.runs.get(arguments.run)
    story = story_of(console.workspace, run)
    console.answer(json_values.run(run, story), lambda out: _whole(out, run, story))
    return 0


def _whole(out: Screen, run: Run, story: Story) -> None:
    head(out, run)
    out.line()
    timeline(out, story)
    outputs(out, run.executions, run.borg)


def runs_table(out: Screen, runs: Sequence[Run], indent: int = 0, *, of_one: bool = False) -> None:
    """Write runs as a table; with *of_one*, without the name of their repository."""
    if runs:
        table(out, _COLUMNS, [_row(run, "" if of_one else run.repository) for run in runs], indent)


def _row(run: Run, repository: str) -> Row:
    style = words.style(run.status)
    began = run.started_at or run.queued_at
    seconds = (run.finished_at - began).total_seconds() if run.finished_at else None
    return [
        str(run.id),
        words.KINDS[run.kind],
        repository,
        Cell(words.marked(run.status), style),
        words.moment(began),
        words.duration(seconds),
        Cell(run.error or run.note or run.archive or "", Style.DIM),
    ]


def _filtered(arguments: argparse.Namespace) -> bool:
    return any((arguments.kind, arguments.repo, arguments.script, arguments.status, arguments.search))


def _repository(store: Store, ref: str | None) -> int | str | None:
    """Return the id of a repository, or the name of a removed one that the history still has.

    Raises:
        NotFound: neither exists.
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
    """Do the same for scripts."""
    if ref is None:
        return None
    try:
        return store.scripts.get(ref).id
    except NotFound:
        if not store.runs.list(script=ref, limit=1):
            raise
        return ref


COMMANDS: Commands = {"history": history, "history show": show}
