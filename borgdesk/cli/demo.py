"""``borgdesk demo``: runs two backups of sample data, one that succeeds and one that fails."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from borgdesk.cli import json_values, words
from borgdesk.cli.history import runs_table
from borgdesk.cli.stopping import REPOSITORY, stopping
from borgdesk.cli.terminal import Screen, Style
from borgdesk.cli.timeline import outputs, timeline
from borgdesk.domain.exit_codes import CANCELLED, FAILURE
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunStatus
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.demo import Demo, build
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.translation import _


def demo(arguments: argparse.Namespace, out: Screen, err: Screen) -> int:
    """Build the demo, run two backups, and explain what happened."""
    told = err if arguments.json else out
    cancel = Cancel()
    with stopping(cancel, err.line, REPOSITORY):
        made = build(Path(arguments.folder) if arguments.folder else None, os.environ, cancel)
    try:
        _introduce(told, made)
        with stopping(cancel, err.line):
            good = _run(made, told, cancel, _("1. A good backup"), sabotage=False)
            if cancel.asked:
                return CANCELLED
            bad = _run(made, told, cancel, _("2. A backup whose first script fails halfway"), sabotage=True)
        code = _end(made, told, good, bad)
    finally:
        made.workspace.store.close()
    if arguments.json:
        out.line(
            json.dumps(
                [json_values.run(run, story_of(made.workspace, run)) for run in (good, bad)],
                indent=2,
                ensure_ascii=not out.is_utf8,
            )
        )
    return code


def _introduce(told: Screen, made: Demo) -> None:
    told.line(told.paint("BorgDesk demo", Style.BOLD))
    told.line(
        _("A photo server is stopped before each backup and started again afterwards; a third script reports problems.")
    )
    told.line(_("Everything is in {folder}; delete that folder when you are done.").format(folder=made.folder))


def _run(made: Demo, told: Screen, cancel: Cancel, title: str, *, sabotage: bool) -> Run:
    told.line()
    told.line(told.paint(title, Style.BOLD))
    run = made.run(cancel, sabotage=sabotage)
    told.line(told.paint(run_sentence(run), words.style(run.status)))
    timeline(told, story_of(made.workspace, run))
    outputs(told, run.executions)
    told.line()
    told.line("  " + _("The photo server is {service}.").format(service=told.paint(made.service, Style.BOLD)))
    return run


def _end(made: Demo, told: Screen, good: Run, bad: Run) -> int:
    told.line()
    told.line(told.paint(_("History"), Style.BOLD))
    runs_table(told, [bad, good], indent=2)
    told.line()
    if good.status is RunStatus.SUCCESS and bad.status is RunStatus.FAILURE and made.service == "running":
        told.line(_("The second backup failed, and the photo server is running anyway. That is what BorgDesk is for."))
        told.line(_("Look around: {command}").format(command=f"{_ourselves(made)} history show {bad.id}"))
        return 0
    told.line(told.paint(_("This did not work as intended."), Style.BAD))
    return FAILURE


def _ourselves(made: Demo) -> str:
    """Return the command for the demo's history: a checkout may have no ``borgdesk`` in the PATH."""
    program = Path(sys.argv[0])
    command = program.name if program.stem != "__main__" else f"{shlex.quote(sys.executable)} -m borgdesk"
    return f"BORGDESK_HOME={shlex.quote(str(made.workspace.paths.home))} {command}"
