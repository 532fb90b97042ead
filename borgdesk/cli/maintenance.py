"""``borgdesk info`` and ``retention``: metadata of a repository, and the archives that its rules keep."""

from __future__ import annotations

import argparse
from dataclasses import replace

from borgdesk.borg.replies import RepositoryInfo
from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Cell, Column, facts, table
from borgdesk.cli.task_run import run_task
from borgdesk.cli.terminal import Style
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.exit_codes import exit_code_of
from borgdesk.domain.numbers import grouped
from borgdesk.domain.repository import COUNTING_RULES, Retention
from borgdesk.domain.run import RunStatus
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.archives.retention_preview import Verdict, retention_preview
from borgdesk.engine.runs.maintenance import Info
from borgdesk.translation import N_, _, ngettext

_COLUMNS = (Column(""), Column(N_("Archive"), flexible=True), Column(N_("Made")), Column(N_("Rule")))


def info(console: Console, arguments: argparse.Namespace) -> int:
    """Show metadata and size of a repository, read in a run."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    task = Info()
    run = run_task(console, repository, task)
    found = task.found
    if run.status is RunStatus.CANCELLED:
        raise Stopped
    if found is None or run.status is RunStatus.FAILURE:
        raise BorgDeskError(run.error or run_sentence(run))
    console.answer(
        _repository(repository.name, found),
        lambda out: facts(
            out,
            [
                (_("Repository"), repository.name),
                (_("Location"), repository.location),
                (_("Id"), found.id),
                (_("Encryption"), found.encryption),
                (_("Key file"), found.keyfile or ""),
                (_("Last modified"), words.moment(found.last_modified)),
                *_sizes(found),
            ],
        ),
    )
    return exit_code_of(run.status)


def _sizes(found: RepositoryInfo) -> list[tuple[str, str]]:
    if found.stats is None:
        return []
    return [
        (_("All archives"), words.size(found.stats.original_size)),
        (_("Compressed"), words.size(found.stats.compressed_size)),
        (_("On the disk"), words.size(found.stats.deduplicated_size)),
    ]


def _repository(name: str, found: RepositoryInfo) -> Json:
    return {
        "repository": name,
        "id": found.id,
        "location": found.location,
        "encryption": found.encryption,
        "keyfile": found.keyfile,
        "last_modified": found.last_modified.isoformat(),
        "original_size": found.stats.original_size if found.stats else None,
        "compressed_size": found.stats.compressed_size if found.stats else None,
        "deduplicated_size": found.stats.deduplicated_size if found.stats else None,
    }


def retention(console: Console, arguments: argparse.Namespace) -> int:
    """Show which archives are kept by the rules of a repository, or by rules given instead."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    given = {
        rule: value for rule in ("within", *COUNTING_RULES) if (value := getattr(arguments, f"keep_{rule}")) is not None
    }
    rules = replace(Retention(), **given) if given else repository.retention
    with stoppable(console) as cancel:
        verdicts = retention_preview(console.workspace, repository, rules, cancel)
    if not rules:
        console.say(_("“{name}” has no rules: nothing is ever pruned.").format(name=repository.name))
    going = sum(not one.keep for one in verdicts)
    if verdicts:
        said = ngettext("{going} of {count} archive would be pruned.",
                        "{going} of {count} archives would be pruned.", len(verdicts))  # fmt: skip
        console.say(said.format(going=grouped(going), count=grouped(len(verdicts))))
    else:
        console.say(_("There are no archives yet."))
    console.answer(
        [_verdict(one) for one in verdicts],
        lambda out: table(
            out,
            [replace(column, title=_(column.title)) for column in _COLUMNS],
            [[_mark(one), one.archive, words.moment(one.start), _reason(one)] for one in verdicts],
        ),
    )
    return 0


def _mark(one: Verdict) -> Cell:
    return Cell("✓", Style.GOOD) if one.keep else Cell("✗", Style.BAD)


def _reason(one: Verdict) -> str:
    if not one.ours:
        return _("the rules do not apply")
    return one.rule or ""


def _verdict(one: Verdict) -> Json:
    return {
        "archive": one.archive,
        "id": one.id,
        "start": one.start.isoformat(),
        "keep": one.keep,
        "rule": one.rule,
        "ours": one.ours,
    }


COMMANDS: Commands = {"info": info, "retention": retention}
