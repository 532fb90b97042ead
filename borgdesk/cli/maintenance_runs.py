"""``borgdesk prune``, ``compact`` and ``check``, each recorded as a run."""

from __future__ import annotations

import argparse

from borgdesk.borg.command_options import CheckOptions
from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.task_run import run_task
from borgdesk.cli.terminal import Screen
from borgdesk.domain.exit_codes import FAILURE, exit_code_of
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.archives.retention_preview import retention_preview
from borgdesk.engine.runs.maintenance import Check, Compact, Prune
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.engine.runs.task import Task
from borgdesk.translation import _, ngettext


def prune(console: Console, arguments: argparse.Namespace) -> int:
    """Delete the archives that no rule keeps, after confirmation."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    if repository.retention and not arguments.yes and not _prune_confirmed(console, repository):
        return FAILURE
    run = _run(console, repository, Prune())
    if run.report.get("pruned") and repository.append_only:
        console.say(
            _("“{name}” is append-only: to give their space back, compact it on its own machine.").format(
                name=repository.name
            )
        )
    elif run.report.get("pruned"):
        console.say(_("“borgdesk compact {name}” gives their space back.").format(name=repository.name))
    return exit_code_of(run.status)


def _prune_confirmed(console: Console, repository: Repository) -> bool:
    with stoppable(console) as cancel:
        verdicts = retention_preview(console.workspace, repository, cancel=cancel)
    going = sum(not one.keep for one in verdicts)
    question = ngettext(
        "Delete {going} of {count} archive of “{name}” for good?",
        "Delete {going} of {count} archives of “{name}” for good?",
        len(verdicts),
    ).format(going=going, count=len(verdicts), name=repository.name)
    if going and not confirmed(question):
        console.say(_("Nothing was done."))
        return False
    return True


def compact(console: Console, arguments: argparse.Namespace) -> int:
    """Free the space of deleted archives."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    return exit_code_of(_run(console, repository, Compact()).status)


def check(console: Console, arguments: argparse.Namespace) -> int:
    """Check for damage, and repair it only after confirmation."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    options = CheckOptions(
        repository_only=arguments.repository_only,
        archives_only=arguments.archives_only,
        verify_data=arguments.verify_data,
        repair=arguments.repair,
    )
    question = _(
        "Repair “{name}”? What is damaged is deleted: files may be lost or have gaps in all archives, for good. "
        "Copy the repository first, and check its disk."
    ).format(name=repository.name)
    if arguments.repair and not arguments.yes and not confirmed(question):
        console.say(_("Nothing was done."))
        return FAILURE
    return exit_code_of(_run(console, repository, Check(options)).status)


def _run(console: Console, repository: Repository, task: Task) -> Run:
    run = run_task(console, repository, task)
    console.answer(json_values.run(run, story_of(console.workspace, run)), lambda out: _tell(out, run))
    return run


def _tell(out: Screen, run: Run) -> None:
    out.line(out.paint(" ".join(filter(None, (run_sentence(run), run.note))), words.style(run.status)))


COMMANDS: Commands = {
    "prune": prune,
    "compact": compact,
    "check": check,
}
