"""``borgdesk repo``: repositories as they are set up here."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from borgdesk.cli import json_values, words
from borgdesk.cli.assignments import lanes
from borgdesk.cli.console import Console
from borgdesk.cli.history import runs_table
from borgdesk.cli.inputs import ask_secrets, read_script
from borgdesk.cli.parser import RULES
from borgdesk.cli.stopping import REPOSITORY, stopping
from borgdesk.cli.tables import Cell, Column, facts, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import DEFAULT_COMPRESSION, Repository, Retention
from borgdesk.domain.script import normalized
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.enrolling import add_repository, edit_repository, remove_repository

_RECENT = 5
"""Runs that ``repo show`` lists."""


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Add a repository, new or existing."""
    fresh = Repository(0, arguments.name, arguments.location, compression=DEFAULT_COMPRESSION)
    wanted = replace(fresh, **_changes(arguments, fresh))
    passphrase, cancel = _passphrase(arguments), Cancel()
    with stopping(cancel, console.say, REPOSITORY):
        added = add_repository(console.workspace, wanted, passphrase, arguments.init, cancel)
    _remark(console, arguments, added)
    console.say(f"Added the repository “{added.name}” (id {added.id}).")
    return _answer(console, added)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change what is given."""
    before = console.workspace.store.repositories.get(arguments.repository)
    wanted = replace(before, **_changes(arguments, before))
    passphrase, cancel = _passphrase(arguments), Cancel()
    with stopping(cancel, console.say, REPOSITORY):
        edited = edit_repository(console.workspace, wanted, passphrase, cancel)
    _remark(console, arguments, edited)
    console.say(f"Changed the repository “{edited.name}”.")
    return _answer(console, edited)


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Forget a repository here."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    remove_repository(console.workspace, repository)
    console.say(
        f"Forgot “{repository.name}”. The Borg repository {repository.location} and the history are still there."
    )
    console.answer(json_values.repository(repository), lambda _: None)
    return 0


def listed(console: Console, _: argparse.Namespace) -> int:
    """All repositories."""
    repositories = console.workspace.store.repositories.list()
    if not repositories:
        console.say("There are no repositories yet. “borgdesk repo add --help” says how to add one.")
    console.answer([json_values.repository(one) for one in repositories], lambda out: _table(out, repositories))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """One repository with its scripts and its last runs."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    assignments = console.workspace.store.assignments.list(repository.id)
    runs = console.workspace.store.runs.list(repository=repository.id, limit=_RECENT)

    def write(out: Screen) -> None:
        _details(out, repository)
        if assignments:
            out.line()
            out.line(out.paint("Scripts", Style.BOLD))
            lanes(out, assignments, indent=2)
        if runs:
            out.line()
            out.line(out.paint("Last runs", Style.BOLD))
            runs_table(out, runs, indent=2, of_one=True)

    document = json_values.repository(repository) | {
        "assignments": [json_values.assignment(one) for one in assignments],
    }
    console.answer(document, write)
    return 0


def _answer(console: Console, repository: Repository) -> int:
    console.answer(json_values.repository(repository), lambda out: _details(out, repository))
    return 0


def _changes(arguments: argparse.Namespace, before: Repository) -> dict[str, Any]:
    """The fields of a repository that the options speak of."""
    cleared = set(getattr(arguments, "clear", ()))
    given = {
        "name": arguments.name,
        "location": arguments.location,
        "sources": _tuple(arguments.source),
        "excludes": () if "excludes" in cleared else _tuple(arguments.exclude),
        "exclude_caches": arguments.exclude_caches,
        "one_file_system": arguments.one_file_system,
        "compression": arguments.compression,
        "archive_name": arguments.archive_name,
        "passcommand": arguments.passcommand,
        "retention": _retention(arguments, before.retention, cleared),
        "continue_on_hook_failure": arguments.continue_on_hook_failure,
        "pre_script": _inline(arguments.pre_script_file),
        "post_script": _inline(arguments.post_script_file),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return changes | ({"passcommand": None} if "passcommand" in cleared else {})


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _retention(arguments: argparse.Namespace, before: Retention, cleared: set[str]) -> Retention:
    if "retention" in cleared:
        before = Retention()
    rules: dict[str, Any] = {}
    for rule in ("within", *RULES):
        value = getattr(arguments, f"keep_{rule}")
        if value is not None or f"keep_{rule}" in cleared:
            rules[rule] = value
    return replace(before, **rules)


def _inline(file: str | None) -> str | None:
    """The text of an inline script; an empty name takes it away."""
    if not file:
        return file
    return normalized(read_script(file), f"The file {file}").decode()


def _passphrase(arguments: argparse.Namespace) -> str | None:
    if not arguments.passphrase_stdin:
        if arguments.passcommand is not None and not arguments.passcommand.strip():
            raise InvalidInput("The command that prints the passphrase is empty.")
        return None
    return ask_secrets(["passphrase"])["passphrase"]


def _remark(console: Console, arguments: argparse.Namespace, repository: Repository) -> None:
    for source in repository.sources if arguments.source else ():
        if not os.path.lexists(source):
            console.say(f"The source {source} is not there just now; a run without it fails.")
    if not arguments.passphrase_stdin:
        return
    if repository.has_passphrase:
        console.say(f"The passphrase is kept in {console.workspace.secrets.where}.")
    else:
        console.say("The repository is not encrypted: the passphrase was not needed, and is not kept.")


def _table(out: Screen, repositories: list[Repository]) -> None:
    columns = [
        Column("Id", right=True),
        Column("Name", flexible=True),
        Column("Location", flexible=True),
        Column("Status"),
        Column("Last run"),
        Column("Last good", optional=True),
    ]
    rows = []
    for one in repositories:
        status = one.last_status
        rows.append(
            [
                str(one.id),
                one.name,
                one.location,
                Cell(words.marked(status), words.style(status)) if status else "",
                words.minute(one.last_run_at) if one.last_run_at else "never",
                words.minute(one.last_success_at),
            ]
        )
    if rows:
        table(out, columns, rows)


def _details(out: Screen, repository: Repository) -> None:
    status = repository.last_status
    out.line(out.paint(repository.name, Style.BOLD) + out.paint(f"  (id {repository.id})", Style.DIM))
    last = f"{words.moment(repository.last_run_at)}, {words.status(status)}" if status else "never"
    facts(
        out,
        [
            ("Location", repository.location),
            ("Sources", "\n".join(repository.sources)),
            ("Excludes", "\n".join(repository.excludes)),
            ("Left out", _left_out(repository)),
            ("Compression", repository.compression),
            ("Archive name", repository.archive_name),
            ("Encryption", repository.encryption or ""),
            ("Passphrase", _passphrase_in_words(repository)),
            ("Retention", _retention_in_words(repository.retention)),
            ("On failure", "scripts go on" if repository.continue_on_hook_failure else "scripts stop"),
            ("Inline before", repository.pre_script.rstrip("\n")),
            ("Inline after", repository.post_script.rstrip("\n")),
            ("Last run", Cell(last, words.style(status) if status else Style.DIM)),
            ("Last good", words.moment(repository.last_success_at) if repository.last_success_at else ""),
        ],
        indent=2,
    )


def _left_out(repository: Repository) -> str:
    parts = ["folders with a CACHEDIR.TAG"] if repository.exclude_caches else []
    parts += ["other file systems"] if repository.one_file_system else []
    return ", ".join(parts)


def _passphrase_in_words(repository: Repository) -> str:
    if repository.passcommand:
        return f"from the command “{repository.passcommand}”"
    return "kept" if repository.has_passphrase else ""


def _retention_in_words(retention: Retention) -> str:
    parts = [f"all of {retention.within}"] if retention.within else []
    parts += [f"{'all' if count < 0 else count} {rule}" for rule, count in retention.counts().items()]
    return "keep " + ", ".join(parts) if parts else "keep everything"


COMMANDS: Mapping[str, Callable[[Console, argparse.Namespace], int]] = {
    "add": add,
    "list": listed,
    "show": show,
    "edit": edit,
    "remove": remove,
}
