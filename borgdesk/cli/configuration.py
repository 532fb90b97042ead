"""``borgdesk config``: exports the whole set-up to a file, and imports such a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import ask_new_secret, ask_secret
from borgdesk.cli.json_values import Json
from borgdesk.cli.schedules import tell_closed
from borgdesk.cli.terminal import Screen, printable
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.schedule import CronForm
from borgdesk.engine.configuration.carrying_out import carry_out
from borgdesk.engine.configuration.exporting import export
from borgdesk.engine.configuration.importing import Plan, plan, read
from borgdesk.translation import N_, _

_PASSPHRASE = N_("passphrase of the file")


def export_all(console: Console, arguments: argparse.Namespace) -> int:
    """Write the whole set-up to a new file."""
    file = Path(arguments.file)
    passphrase = ask_new_secret(_(_PASSPHRASE)) if arguments.with_secrets else None
    left_out = export(console.workspace, file, passphrase)
    for sentence in left_out:
        console.say(sentence)
    told = _("The set-up was written to {file}.").format(file=file)
    document: Json = {"file": str(file), "secrets": passphrase is not None, "left_out": left_out}
    console.answer(document, lambda out: out.line(printable(told)))
    return 0


def import_all(console: Console, arguments: argparse.Namespace) -> int:
    """Show what is in the file, and make it, unless that is only a trial."""
    wanted = plan(console.workspace, read(Path(arguments.file)))
    todo: list[str] = []
    if not arguments.dry_run:
        passphrase = ask_secret(_(_PASSPHRASE)) if wanted.has_secrets and not arguments.without_secrets else None
        todo = carry_out(console.workspace, wanted, passphrase)
        if any(part.schedule is not None for part in wanted.repositories):
            tell_closed(console)
    console.answer(_json(wanted, todo), lambda out: _show(out, wanted, todo, trial=arguments.dry_run))
    return 0


def _json(wanted: Plan, todo: list[str]) -> Json:
    return {
        "scripts": [one.name for one in wanted.scripts],
        "repositories": [part.repository.name for part in wanted.repositories],
        "settings": dict(wanted.settings),
        "secrets": wanted.has_secrets,
        "remarks": [one.sentence for one in wanted.remarks],
        "todo": todo,
    }


def _show(out: Screen, wanted: Plan, todo: list[str], *, trial: bool) -> None:
    lines = [_("Script “{name}”").format(name=one.name) for one in wanted.scripts]
    for part in wanted.repositories:
        lines.append(
            _("Repository “{name}” at {location}").format(name=part.repository.name, location=part.repository.location)
        )
        lines += [f"    {lane_title(one.hook)}: {wanted.names[one.script]}" for one in part.assignments]
        if part.schedule is not None:
            lines.append("    " + _("Schedule: {when}").format(when=CronForm.parse(part.schedule.cron).in_words()))
    lines += [_("Setting {key}").format(key=key) for key in wanted.settings]
    if not lines:
        out.line(_("There is nothing to import."))
    else:
        out.line(_("Would be imported:") if trial else _("Imported:"))
    for line in lines:
        out.line(printable(f"  {line}"))
    for line in (*(one.sentence for one in wanted.remarks), *todo):
        out.line(printable(line))


COMMANDS: Commands = {"export": export_all, "import": import_all}
