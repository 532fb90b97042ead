"""``borgdesk demo``: the main job on sample data, once well and once with a failure."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from borgdesk.cli import json_values
from borgdesk.cli.history import runs_table
from borgdesk.cli.progress import Progress
from borgdesk.cli.terminal import Screen, Style
from borgdesk.cli.timeline import outputs, timeline
from borgdesk.domain.history import Run
from borgdesk.domain.run import RunStatus
from borgdesk.engine.demo import Demo, build

_UNEXPECTED = 2


def demo(arguments: argparse.Namespace, out: Screen, err: Screen) -> int:
    """Build the set-up, back up twice, and tell what happened."""
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="borgdesk-demo-"))
    told = err if arguments.json else out
    told.line(told.paint("BorgDesk demo", Style.BOLD))
    told.line(f"Everything is kept in {folder}; remove that folder when you have seen enough.")
    made = build(folder, os.environ)
    try:
        told.line(
            "A photo server is stopped before each backup and started again after it. A third script reports trouble."
        )
        good = _run(made, told, "1. A good backup", sabotage=False)
        bad = _run(made, told, "2. A backup whose first script fails half-way", sabotage=True)
        return _end(made, out, told, good, bad, as_json=arguments.json)
    finally:
        made.workspace.store.close()


def _run(made: Demo, told: Screen, title: str, *, sabotage: bool) -> Run:
    told.line()
    told.line(told.paint(title, Style.BOLD))
    run = made.run(Progress(told, made.repository.name, alone=True, quiet=True), sabotage=sabotage)
    timeline(told, run)
    outputs(told, run.executions)
    told.line()
    told.line(f"  The photo server is {told.paint(made.service, Style.BOLD)}.")
    return run


def _end(made: Demo, out: Screen, told: Screen, good: Run, bad: Run, *, as_json: bool) -> int:
    runs = [bad, good]
    told.line()
    told.line(told.paint("History", Style.BOLD))
    runs_table(told, runs, indent=2)
    as_intended = good.status is RunStatus.SUCCESS and bad.status is RunStatus.FAILURE and made.service == "running"
    told.line()
    if as_intended:
        told.line("The second backup failed, and the photo server runs all the same: that is what BorgDesk is for.")
        told.line(f"Look around: BORGDESK_HOME={made.workspace.paths.home} borgdesk history show {bad.id}")
    else:
        told.line(told.paint("This did not go as it should have.", Style.BAD))
    if as_json:
        out.line(json.dumps([json_values.run(run) for run in (good, bad)], indent=2, ensure_ascii=not out.is_utf8))
    return 0 if as_intended else _UNEXPECTED
