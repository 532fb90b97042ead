"""``borgdesk demo``: the main job on sample data, once well and once with a failure."""

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
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunStatus
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.demo import Demo, build

_UNEXPECTED = 2
_CANCELLED = 130


def demo(arguments: argparse.Namespace, out: Screen, err: Screen) -> int:
    """Build the set-up, back up twice, and tell what happened."""
    told = err if arguments.json else out
    cancel = Cancel()
    with stopping(cancel, err.line, REPOSITORY):
        made = build(Path(arguments.folder) if arguments.folder else None, os.environ, cancel)
    try:
        _introduce(told, made)
        with stopping(cancel, err.line):
            good = _run(made, told, cancel, "1. A good backup", sabotage=False)
            if cancel.asked:
                return _CANCELLED
            bad = _run(made, told, cancel, "2. A backup whose first script fails half-way", sabotage=True)
        code = _end(made, told, good, bad)
    finally:
        made.workspace.store.close()
    if arguments.json:
        out.line(json.dumps([json_values.run(run) for run in (good, bad)], indent=2, ensure_ascii=not out.is_utf8))
    return code


def _introduce(told: Screen, made: Demo) -> None:
    told.line(told.paint("BorgDesk demo", Style.BOLD))
    told.line(
        "A photo server is stopped before each backup and started again after it; a third script reports trouble."
    )
    told.line(f"Everything is in {made.folder}; remove that folder when you have seen enough.")


def _run(made: Demo, told: Screen, cancel: Cancel, title: str, *, sabotage: bool) -> Run:
    told.line()
    told.line(told.paint(title, Style.BOLD))
    run = made.run(cancel, sabotage=sabotage)
    told.line(told.paint(run_sentence(run), words.style(run.status)))
    timeline(told, run)
    outputs(told, run.executions)
    told.line()
    told.line(f"  The photo server is {told.paint(made.service, Style.BOLD)}.")
    return run


def _end(made: Demo, told: Screen, good: Run, bad: Run) -> int:
    told.line()
    told.line(told.paint("History", Style.BOLD))
    runs_table(told, [bad, good], indent=2)
    told.line()
    if good.status is RunStatus.SUCCESS and bad.status is RunStatus.FAILURE and made.service == "running":
        told.line("The second backup failed, and the photo server runs all the same: that is what BorgDesk is for.")
        told.line(f"Look around: {_ourselves(made)} history show {bad.id}")
        return 0
    told.line(told.paint("This did not go as it should have.", Style.BAD))
    return _UNEXPECTED


def _ourselves(made: Demo) -> str:
    """How to call us again for the demo's history: from a checkout there may be no command of our name."""
    program = Path(sys.argv[0])
    command = program.name if program.stem != "__main__" else f"{shlex.quote(sys.executable)} -m borgdesk"
    return f"BORGDESK_HOME={shlex.quote(str(made.workspace.paths.home))} {command}"
