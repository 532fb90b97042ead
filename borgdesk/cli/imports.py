"""``borgdesk import``: takes over the set-up of another program."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.json_values import Json
from borgdesk.cli.schedules import tell_closed
from borgdesk.cli.tables import facts
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.enumeration import listed
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.schedule import CronForm
from borgdesk.engine.imports.borg_ui import read_borg_ui
from borgdesk.engine.imports.borgmatic import read_borgmatic
from borgdesk.engine.imports.carrying_out import Imported, carry_out
from borgdesk.engine.imports.findings import Found
from borgdesk.engine.imports.planning import Plan, PlannedRepository, PlannedUse, plan
from borgdesk.engine.imports.script_folder import read_script_folder
from borgdesk.engine.imports.vorta import read_vorta
from borgdesk.translation import _, ngettext


def from_vorta(console: Console, arguments: argparse.Namespace) -> int:
    """Import the profiles of Vorta."""
    return _import(console, arguments, read_vorta(Path(arguments.file), Path.home()))


def from_borgmatic(console: Console, arguments: argparse.Namespace) -> int:
    """Import configuration files of borgmatic."""
    return _import(console, arguments, read_borgmatic([Path(file) for file in arguments.files], Path.home()))


def from_borg_ui(console: Console, arguments: argparse.Namespace) -> int:
    """Import the database and the scripts of borg-ui."""
    return _import(console, arguments, read_borg_ui(Path(arguments.database), Path(arguments.scripts)))


def from_script_folder(console: Console, arguments: argparse.Namespace) -> int:
    """Import a folder of scripts."""
    return _import(console, arguments, read_script_folder(Path(arguments.folder)))


def _import(console: Console, arguments: argparse.Namespace, found: Found) -> int:
    planned = plan(console.workspace, found)
    if not console.json:
        _show(console.out, planned)
    imported = Imported()
    wanted = planned.changes_anything and not arguments.dry_run
    if wanted and not arguments.yes and not confirmed(_question(planned)):
        console.say(_("Nothing was imported."))
        return FAILURE
    if wanted:
        imported = carry_out(console.workspace, planned)
        console.say(_said(imported))
        if imported.schedules:
            tell_closed(console)
    elif arguments.dry_run:
        console.say(_("Nothing was imported: this was a dry run."))
    else:
        console.say(_("There is nothing to import."))
    if console.json:
        console.answer(_document(planned, imported, dry_run=arguments.dry_run))
    return 0


def _question(planned: Plan) -> str:
    return _("Import {what}?").format(what=_counted(*planned.new_counts))


def _said(imported: Imported) -> str:
    return _("Imported: {what}.").format(what=_counted(len(imported.repositories), len(imported.scripts)))


def _counted(repositories: int, scripts: int) -> str:
    """Return how many there are of each, without those that there are none of."""
    counts = (
        (repositories, ngettext("{count} repository", "{count} repositories", repositories)),
        (scripts, ngettext("{count} script", "{count} scripts", scripts)),
    )
    return listed(words.format(count=count) for count, words in counts if count)


# For people -----------------------------------------------------------------------------------------------------------


def _show(out: Screen, planned: Plan) -> None:
    for repository in planned.repositories:
        _show_repository(out, planned, repository)
    if planned.scripts:
        out.line(out.paint(_("Scripts"), Style.BOLD))
        for script in planned.scripts.values():
            state = _("already here") if script.present is not None else _("new")
            out.line(f"  {printable(script.name)}  {out.paint(state, Style.DIM)}")
    if planned.not_taken:
        out.line(out.paint(_("Not taken"), Style.BOLD))
        for missing in planned.not_taken:
            out.line(f"  {printable(missing.what)}")
            out.line(f"    {out.paint(printable(missing.reason), Style.DIM)}")


def _show_repository(out: Screen, planned: Plan, one: PlannedRepository) -> None:
    repository = one.repository
    title = _("Repository {name}").format(name=repository.name)
    if one.present:
        title = _("Repository {name}: already here as “{present}”").format(name=repository.name, present=one.present)
    elif one.problem:
        title = _("Repository {name}: cannot be added").format(name=repository.name)
    out.line(out.paint(printable(title), Style.BOLD))
    if one.problem:
        out.line(f"  {out.paint(printable(one.problem), Style.BAD)}")
    facts(
        out,
        [
            (_("Location"), repository.location),
            (_("SSH key"), repository.ssh_key),
            (_("Sources"), "\n".join(repository.sources)),
            (_("Excludes"), "\n".join(repository.excludes)),
            (_("Patterns"), repository.patterns.rstrip("\n")),
            (_("Options of Borg"), repository.extra_arguments),
            (_("Archive name"), repository.archive_name),
            (_("Keep"), _kept(repository.retention.counts(), repository.retention.within)),
            (_("Passphrase"), _unlocking(one)),
            (_("Schedule"), CronForm.parse(one.schedule.cron).in_words() if one.schedule else ""),
            (_("Scripts"), "\n".join(_use(planned, use) for use in one.uses)),
            (_("Note"), "\n".join(one.notes)),
        ],
        indent=2,
    )


def _kept(counts: Mapping[str, int], within: str | None) -> str:
    rules = [f"{name} {count}" for name, count in counts.items()]
    return ", ".join([*([f"within {within}"] if within else []), *rules])


def _unlocking(one: PlannedRepository) -> str:
    if one.passphrase is not None:
        return _("is imported")
    command = one.repository.passcommand
    return _("from a command: {command}").format(command=command) if command else ""


def _use(planned: Plan, use: PlannedUse) -> str:
    name = planned.scripts[use.key].name
    condition = planned.run_on(use)
    shown = f"{lane_title(use.use.hook)}: {name}"
    return shown if condition is None else f"{shown} ({condition})"


# As JSON --------------------------------------------------------------------------------------------------------------


def _document(planned: Plan, imported: Imported, *, dry_run: bool) -> Json:
    return {
        "program": planned.program,
        "dry_run": dry_run,
        "repositories": [_repository(planned, one) for one in planned.repositories],
        "scripts": [
            {
                "name": script.name,
                "description": script.found.description,
                "sha256": key,
                "action": "add" if script.present is None else "present",
            }
            for key, script in planned.scripts.items()
        ],
        "not_taken": [{"what": one.what, "reason": one.reason} for one in planned.not_taken],
        "imported": {
            "repositories": [{"id": one.id, "name": one.name} for one in imported.repositories],
            "scripts": [*imported.scripts],
            "assignments": [one.id for one in imported.assignments],
            "schedules": imported.schedules,
        },
    }


def _repository(planned: Plan, one: PlannedRepository) -> Json:
    repository = one.repository
    return {
        "name": repository.name,
        "action": "present" if one.present else "refused" if one.problem else "add",
        "present_as": one.present or None,
        "problem": one.problem or None,
        "location": repository.location,
        "sources": [*repository.sources],
        "excludes": [*repository.excludes],
        "patterns": repository.patterns,
        "upload_ratelimit": repository.upload_limit,
        "checkpoint_interval": repository.checkpoint_interval,
        "extra_arguments": repository.extra_arguments,
        "ssh_key": repository.ssh_key,
        "remote_path": repository.remote_path,
        "compression": repository.compression,
        "archive_name": repository.archive_name,
        "retention": {"within": repository.retention.within, **repository.retention.counts()},
        "passphrase": one.passphrase is not None,
        "passcommand": repository.passcommand,
        "cron": one.schedule.cron if one.schedule else None,
        "check_every": one.schedule.check_every if one.schedule else None,
        "scripts": [
            {
                "script": planned.scripts[use.key].name,
                "hook": use.use.hook.value,
                "run_on": None if (condition := planned.run_on(use)) is None else str(condition),
                "enabled": use.use.enabled,
                "parameters": sorted(use.use.parameters),
            }
            for use in one.uses
        ],
        "notes": [*one.notes],
    }


COMMANDS: Commands = {
    "import vorta": from_vorta,
    "import borgmatic": from_borgmatic,
    "import borg-ui": from_borg_ui,
    "import script-folder": from_script_folder,
}
