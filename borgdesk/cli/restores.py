"""``borgdesk restore``: restore files of an archive, and undo that."""

from __future__ import annotations

import argparse
from pathlib import Path

from borgdesk.cli import json_values, words
from borgdesk.cli.archives import wanted_archive
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Cell, Column, Row, table
from borgdesk.cli.task_run import run_task
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.archive import Archive
from borgdesk.domain.exit_codes import WARNING, exit_code_of
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.numbers import grouped
from borgdesk.domain.repository import Repository
from borgdesk.domain.restore import RestoreReport
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.archives.conflicts import conflicts
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.restore_preview import owners_note, preview
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.runs.restore import Restore
from borgdesk.engine.runs.restore_undo import restores, undo_restore
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.translation import N_, _, ngettext

_COLUMNS = (
    Column(N_("Run"), right=True),
    Column(N_("When")),
    Column(N_("Archive"), flexible=True),
    Column(N_("To"), flexible=True),
    Column(N_("Restored"), right=True),
    Column(N_("Can be undone until")),
)


def restore_files(console: Console, arguments: argparse.Namespace) -> int:
    """Restore files; return 0 if all were restored, 1 if some, which are listed, were not, and 2 if none were."""
    repository, archive = wanted_archive(console, arguments)
    request = RestoreRequest(
        tuple(arguments.paths),
        None if arguments.to is None else Path(arguments.to).absolute(),
        OnConflict(arguments.on_conflict),
        arguments.full_paths,
        arguments.verify,
    )
    if arguments.dry_run:
        return _foretell(console, repository, archive, request)
    if arguments.to and not Path(arguments.to).is_absolute():
        console.say(_("Restoring to {folder}.").format(folder=request.root))
    run = run_task(console, repository, Restore(archive, request))
    console.answer(json_values.run(run, story_of(console.workspace, run)), lambda out: _tell(out, run))
    return exit_code_of(run.status)


def _foretell(console: Console, repository: Repository, archive: Archive, request: RestoreRequest) -> int:
    """Say what a restore would do."""
    with stoppable(console) as cancel:
        seen = preview(console.workspace, repository, archive, request, cancel)
        met = conflicts(console.workspace, repository, archive, request, cancel)
    said = (
        _("{files}, {size}, would be restored: {target}")
        if seen.is_all
        else _("{files}, {size}, would be restored: {target} …")
    )
    console.say(said.format(files=words.files(seen.items), size=words.size(seen.size), target=seen.target))
    if met.count:
        told = {
            OnConflict.KEEP: ngettext(
                "{count} exists and differs, and would be kept as it is.",
                "{count} exist and differ, and would be kept as they are.",
                met.count,
            ),
            OnConflict.REPLACE: ngettext(
                "{count} exists and differs, and would be replaced.",
                "{count} exist and differ, and would be replaced.",
                met.count,
            ),
            OnConflict.BOTH: ngettext(
                "{count} exists and differs; both would be kept.",
                "{count} exist and differ; both would be kept.",
                met.count,
            ),
        }
        console.say(told[request.on_conflict].format(count=grouped(met.count)))
    document = {"files": seen.items, "bytes": seen.size, "target": seen.target, "differing": met.count}
    console.answer(document)
    return 0


def undo(console: Console, arguments: argparse.Namespace) -> int:
    """Undo a restore."""
    run_id = RunId(arguments.restore)
    undone = undo_restore(console.workspace, run_id)
    for path, reason in undone.problems:
        console.say(_("{path}: {reason}; it was not changed.").format(path=path, reason=reason))
    console.say(
        _("Not all of it could be undone.") if undone.problems else _("The restore {id} was undone.").format(id=run_id)
    )
    console.answer(_json(console, console.workspace.store.runs.get(run_id, with_output=False)))
    return WARNING if undone.problems else 0


def list_restores(console: Console, _arguments: argparse.Namespace) -> int:
    """List the restores that can be undone, newest first."""
    reports = ((run, RestoreReport.from_json(run.report)) for run in restores(console.workspace))
    found = [(run, report) for run, report in reports if report.undo_until]
    if not found:
        console.say(_("There is no restore that can be undone."))
    rows: list[Row] = [
        [
            str(run.id),
            words.moment(run.started_at),
            run.archive or "",
            _place(report),
            grouped(report.restored),
            Cell(words.moment(report.undo_until), Style.DIM),
        ]
        for run, report in found
    ]
    console.answer([_json(console, run) for run, _report in found], lambda out: table(out, _COLUMNS, rows))
    return 0


def _place(report: RestoreReport) -> str:
    return _("the original places") if report.target == "/" else report.target


def _json(console: Console, run: Run) -> json_values.Json:
    return json_values.run(run, story_of(console.workspace, run), with_output=False)


def _tell(out: Screen, run: Run) -> None:
    report = RestoreReport.from_json(run.report)
    for path, reason in report.problems:
        out.line(f"{path}: {reason}")
    if (more := report.problem_count - len(report.problems)) > 0:
        out.line(_("… and {count} more; the log of the run names all of them.").format(count=grouped(more)))
    out.line(out.paint(run_sentence(run), words.style(run.status)))
    told = (
        (report.replaced, _("{count} replaced")),
        (report.renamed, _("{count} beside what was there")),
        (report.kept, _("{count} kept as they were")),
    )
    parts = [words.size(report.bytes), *(what.format(count=grouped(count)) for count, what in told if count)]
    if report.restored or report.kept:
        out.line(_("{place}: {what}.").format(place=_place(report), what=", ".join(parts)))
    for path in report.renamed_to:
        out.line(_("Restored as {path}").format(path=printable(path)))
    if report.kept:
        out.line(_("“--on-conflict replace” replaces what differs, and “--on-conflict both” keeps both."))
    if report.restored and (note := owners_note()):
        out.line(note)
    if report.replaced:
        until = words.moment(report.undo_until)
        out.line(
            _("“borgdesk restore undo {run}” puts back what was there, until {until}.").format(run=run.id, until=until)
        )


COMMANDS: Commands = {
    "restore": restore_files,
    "restore undo": undo,
    "restore list": list_restores,
}
