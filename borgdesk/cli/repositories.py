"""``borgdesk repo``: lists and shows the configured repositories."""

from __future__ import annotations

import argparse

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.tables import Cell, Column, facts, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.numbers import grouped
from borgdesk.domain.repository import Repository, Retention
from borgdesk.translation import N_, _, ngettext

_RECENT = 5
"""Number of runs that ``repo show`` lists."""


def listed(console: Console, _arguments: argparse.Namespace) -> int:
    """List all repositories."""
    repositories = console.workspace.store.repository_reader.list()
    if not repositories:
        console.say(_("There are no repositories yet. See “borgdesk repo add --help”."))
    console.answer([json_values.repository(one) for one in repositories], lambda out: _table(out, repositories))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show one repository with its scripts and its last runs."""
    # Not at the top: listing the repositories needs none of what these import.
    from borgdesk.cli.assignments import lanes
    from borgdesk.cli.history import runs_table

    repository = console.workspace.store.repositories.get(arguments.repository)
    assignments = console.workspace.store.assignments.list(repository.id)
    runs = console.workspace.store.runs.list(repository=repository.id, limit=_RECENT)

    def write(out: Screen) -> None:
        details(out, repository)
        if assignments:
            out.line()
            out.line(out.paint(_("Scripts"), Style.BOLD))
            lanes(out, assignments, indent=2)
        if runs:
            out.line()
            out.line(out.paint(_("Recent runs"), Style.BOLD))
            runs_table(out, runs, indent=2, of_one=True)

    document = json_values.repository(repository) | {
        "assignments": [json_values.assignment(one) for one in assignments],
    }
    console.answer(document, write)
    return 0


def _table(out: Screen, repositories: list[Repository]) -> None:
    columns = [
        Column(N_("Id"), right=True),
        Column(N_("Name"), flexible=True),
        Column(N_("Location"), flexible=True),
        Column(N_("Status")),
        Column(N_("Last run")),
        Column(N_("Last good"), optional=True),
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


def details(out: Screen, repository: Repository) -> None:
    """Print all facts of a repository."""
    status = repository.last_status
    out.line(
        out.paint(repository.name, Style.BOLD) + out.paint("  " + _("(id {id})").format(id=repository.id), Style.DIM)
    )
    last = f"{words.moment(repository.last_run_at)}, {words.status(status)}" if status else _("never")
    facts(
        out,
        [
            (_("Location"), repository.location),
            (_("SSH key"), repository.ssh_key),
            (_("Jump host"), repository.jump_host),
            (_("Borg on the host"), repository.remote_path),
            (_("Append-only"), _("yes: what is deleted keeps its space") if repository.append_only else ""),
            (_("Sources"), "\n".join(repository.all_sources)),
            (_("Excludes"), "\n".join(repository.excludes)),
            (_("Exclude"), _left_out(repository)),
            (_("Patterns"), repository.patterns.rstrip("\n")),
            (_("Compression"), repository.compression),
            (_("Archive name"), repository.archive_name),
            (_("Encryption"), repository.encryption or ""),
            (_("Passphrase"), _passphrase_in_words(repository)),
            (_("Retention"), _retention_in_words(repository.retention)),
            (_("Free disk space"), _compaction_in_words(repository.compact_every)),
            (_("On failure"), "continue" if repository.continue_on_hook_failure else "stop"),
            (
                _("Stall limit"),
                _("{time} without progress").format(time=words.duration(repository.stall_limit)),
            ),
            (
                _("Missing source"),
                _("the run fails") if repository.fail_on_missing_source else _("the rest is backed up"),
            ),
            (_("Upload limit"), f"{grouped(repository.upload_limit)} KiB/s" if repository.upload_limit else ""),
            (
                _("Checkpoints"),
                _("every {time}").format(time=words.duration(repository.checkpoint_interval))
                if repository.checkpoint_interval
                else "",
            ),
            (_("Borg options"), repository.extra_arguments),
            (_("Inline before"), repository.pre_script.rstrip("\n")),
            (_("Inline after"), repository.post_script.rstrip("\n")),
            (_("Last run"), Cell(last, words.style(status) if status else Style.DIM)),
            (_("Last good"), words.moment(repository.last_success_at) if repository.last_success_at else ""),
        ],
        indent=2,
    )


def _left_out(repository: Repository) -> str:
    parts = [_("folders with a CACHEDIR.TAG")] if repository.exclude_caches else []
    parts += [_("other file systems")] if repository.one_file_system else []
    return ", ".join(parts)


def _passphrase_in_words(repository: Repository) -> str:
    if repository.passcommand:
        return _("from the command “{command}”").format(command=repository.passcommand)
    return _("kept") if repository.has_passphrase else ""


def _compaction_in_words(days: int) -> str:
    if not days:
        return _("whenever archives were deleted")
    return ngettext("at most every {count} day", "at most every {count} days", days).format(count=days)


def _retention_in_words(retention: Retention) -> str:
    parts = [_("all of {interval}").format(interval=retention.within)] if retention.within else []
    counts = retention.counts().items()
    parts += [_("all {rule}").format(rule=rule) if count < 0 else f"{count} {rule}" for rule, count in counts]
    return _("keep {rules}").format(rules=", ".join(parts)) if parts else _("keep everything")


COMMANDS: Commands = {"list": listed, "show": show}
