"""``borgdesk plan``: shows what a run would do with each script, without running anything."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.tables import Cell, Column, Row, Section, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.assignment import resolve_values
from borgdesk.domain.decisions import Decision
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import Hook, Outcome, RunKind
from borgdesk.engine.lanes.preview import OUTCOMES, Preview, preview
from borgdesk.engine.repositories.sources import exclude_remarks
from borgdesk.engine.runs.planning import header_of
from borgdesk.engine.runs.planning import plan as arm
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

_Verdict = Callable[[Preview], Sequence[Cell | str]]


def plan(console: Console, arguments: argparse.Namespace) -> int:
    """Show every enabled script in order, with its effective values and whether it would run."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    armed = arm(console.workspace, repository)
    outcome = Outcome(arguments.outcome) if arguments.outcome else None
    previews = preview(armed.scripts, OUTCOMES if outcome is None else [outcome])
    if not previews:
        console.say(
            _("No scripts would run: “{repository}” has none that are enabled.").format(repository=repository.name)
        )
    console.answer(
        [_json(console.workspace, one, outcome) for one in previews],
        lambda out: _for_all(out, previews) if outcome is None else _for_one(out, previews, outcome),
    )
    for remark in exclude_remarks(repository.excludes, repository.all_sources):
        console.say(remark)
    problems = (*armed.problems, *armed.missing)
    for problem in problems:
        console.say(f"borgdesk: {problem}")
    return FAILURE if problems else 0


def _json(workspace: Workspace, one: Preview, outcome: Outcome | None) -> Json:
    value = json_values.planned(one.planned) | {
        "effective": json_values.policy(one.planned.policy),
        "problem": one.planned.problem or _missing(workspace, one.planned),
    }
    if outcome is not None:
        decision = one.decisions[outcome]
        return value | {"runs": decision.run, "reason": _why_not(decision) or None}
    return value | {
        "runs": {each.value: decision.run for each, decision in one.decisions.items()},
        "reason": {each.value: _why_not(decision) or None for each, decision in one.decisions.items()},
    }


def _missing(workspace: Workspace, planned: PlannedScript) -> str | None:
    """Return the required values that are missing. Secret values are not read for that."""
    if planned.revision is None or planned.script_id is None:
        return None
    header = header_of(planned.name, workspace.store.revisions.content(planned.revision))
    _values, missing = resolve_values(header, {**planned.values, **dict.fromkeys(planned.secrets, "given")})
    return _("It needs a value for {names}.").format(names=", ".join(missing)) if missing else None


def _for_all(out: Screen, previews: Sequence[Preview]) -> None:
    narrow = out.width is not None and out.width < _WIDE
    titles = [_SHORT[outcome] if narrow else outcome.value for outcome in OUTCOMES]
    columns = [*_COLUMNS, *map(Column, titles)]
    _lanes(out, columns, previews, lambda one: [_mark(one, outcome) for outcome in OUTCOMES])


def _why_not(decision: Decision) -> str:
    return "" if decision.reason is None else decision.reason.in_words()


def _for_one(out: Screen, previews: Sequence[Preview], outcome: Outcome) -> None:
    columns = [*_COLUMNS, Column(N_("Runs")), Column(N_("Why not"), flexible=True)]
    _lanes(out, columns, previews, lambda one: [_mark(one, outcome), _why_not(one.decisions[outcome])])


_COLUMNS = (
    Column("", right=True),
    Column(N_("Script"), flexible=True),
    Column(N_("Condition"), flexible=True),
    Column(N_("Timeout"), right=True),
    Column(N_("On failure")),
)
_WIDE = 120
"""Minimum columns of a terminal for outcomes as words."""

_SHORT = {
    Outcome.SUCCESS: "ok",
    Outcome.WARNING: "warn",
    Outcome.FAILURE: "fail",
    Outcome.CANCELLED: "canc",
    Outcome.INTERRUPTED: "intr",
    Outcome.SKIPPED: "skip",
}


def _lanes(out: Screen, columns: Sequence[Column], previews: Sequence[Preview], verdict: _Verdict) -> None:
    rows: list[Row | Section] = []
    for hook in RunKind.BACKUP.lanes:
        lane = [one for one in previews if one.planned.hook is hook]
        if lane:
            rows.append(Section(lane_title(hook)))
        for one in lane:
            policy = one.planned.policy
            condition = str(policy.run_on) if hook.is_post else "–"
            values = [str(one.planned.order), one.planned.name, condition, f"{policy.timeout} s", policy.on_failure]
            rows.append([*values, *verdict(one)])
        if hook is Hook.PRE_BACKUP:
            rows.append(Section("Borg"))
    if previews:
        table(out, columns, rows)


def _mark(one: Preview, outcome: Outcome) -> Cell:
    return Cell(words.YES, Style.GOOD) if one.decisions[outcome].run else Cell(words.NO, Style.DIM)


COMMANDS: Commands = {"plan": plan}
