"""``borgdesk statistics``: the sizes of a repository's backups over time."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json, moment
from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import Screen
from borgdesk.domain.statistics import BackupSize
from borgdesk.engine.archives.statistics import statistics
from borgdesk.translation import N_, _

_COLUMNS = (
    Column(N_("Began")),
    Column(N_("Archive"), flexible=True),
    Column(N_("Original"), right=True),
    Column(N_("New"), right=True),
    Column(N_("All archives"), right=True),
    Column(N_("Free after"), right=True, optional=True),
)


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show the sizes of the last backups, oldest first."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    sizes = statistics(console.workspace, repository, arguments.limit)
    if not sizes:
        console.say(_("“{name}” has no backups with known sizes yet.").format(name=repository.name))
    console.answer([_json(repository.name, one) for one in sizes], lambda out: _show(out, sizes))
    return 0


def _json(repository: str, one: BackupSize) -> Json:
    return {
        "repository": repository,
        "at": moment(one.at),
        "run": one.run_id,
        "archive": one.archive,
        "files": one.files,
        "original_size": one.original,
        "new_size": one.new,
        "repository_size": one.repository,
        "free_before": one.free_before,
        "free_after": one.free_after,
    }


def _show(out: Screen, sizes: list[BackupSize]) -> None:
    if sizes:
        rows = [
            [words.minute(one.at), one.archive, *map(_size, (one.original, one.new, one.repository, one.free_after))]
            for one in sizes
        ]
        table(out, _COLUMNS, rows)


def _size(count: int | None) -> str:
    return "" if count is None else words.size(count)


COMMANDS: Commands = {"statistics": show}
