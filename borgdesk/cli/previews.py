"""`borgdesk repo preview`: what a backup would contain and leave out, and what takes most room."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.numbers import grouped
from borgdesk.engine.repositories.backup_preview import BackupPreview, discard, preview_backup
from borgdesk.store.listings import Entry
from borgdesk.store.previews import PreviewList
from borgdesk.translation import N_, _, ngettext


def preview(console: Console, arguments: argparse.Namespace) -> int:
    """Show what a backup of a repository would contain."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    with stoppable(console) as cancel:
        made = preview_backup(console.workspace, repository, cancel)
    try:
        with PreviewList(made.included) as included, PreviewList(made.left_out) as left_out:
            biggest, excluded = included.biggest(arguments.limit), left_out.leaves(arguments.limit)
    finally:
        discard(made)
    for warning in made.warnings:
        console.say(warning)
    document = {
        "repository": repository.name,
        "files": made.files,
        "size": made.size,
        "left_out": made.left_out_count,
        "unknown": made.unknown,
        "biggest": [_json(entry) for entry in biggest],
        "excluded": [_json(entry) for entry in excluded],
        "warnings": list(made.warnings),
    }
    console.answer(document, lambda out: _show(out, made, biggest, excluded))
    return 0


def _json(entry: Entry) -> Json:
    return {
        "path": f"/{entry.path}",
        "type": _type(entry),
        "size": None if _is_unread(entry) else entry.size,
    }


def _type(entry: Entry) -> str:
    if entry.is_folder:
        return "directory"
    return "link" if entry.is_link else "file" if entry.is_file else "other"


def _is_unread(entry: Entry) -> bool:
    """Return whether Borg did not look into a folder, so that its size is not known."""
    return entry.is_folder and not entry.size


def _show(out: Screen, made: BackupPreview, biggest: list[Entry], excluded: list[Entry]) -> None:
    out.line(
        _("{files}, {size} before compression and deduplication").format(
            files=words.files(made.files), size=words.size(made.size)
        )
    )
    titles = (
        (_("Biggest"), biggest),
        (ngettext("Left out: {count} item", "Left out: {count} items", made.left_out_count).format(
            count=grouped(made.left_out_count)), excluded),
    )  # fmt: skip
    for title, entries in titles:
        if not entries:
            continue
        out.line()
        out.line(out.paint(title, Style.BOLD))
        columns = [Column(N_("Size"), right=True), Column(N_("Path"), flexible=True)]
        rows = [["" if _is_unread(one) else words.size(one.size), _path(one)] for one in entries]
        table(out, columns, rows)


def _path(entry: Entry) -> str:
    return f"/{entry.path}/" if entry.is_folder else f"/{entry.path}"


COMMANDS: Commands = {"preview": preview}
