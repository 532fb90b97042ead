"""``borgdesk owed``: the scripts that are owed now, for monitoring."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.json_values import moment as json_moment
from borgdesk.cli.tables import Column, table
from borgdesk.domain.exit_codes import WARNING
from borgdesk.domain.lane_titles import lane_title
from borgdesk.engine.runs.owed_scripts import OwedScript, owed_scripts
from borgdesk.translation import N_, _

_COLUMNS = (
    Column(N_("Repository"), flexible=True),
    Column(N_("Script"), flexible=True),
    Column(N_("Lane")),
    Column(N_("Run")),
    Column(N_("Began")),
    Column(N_("State")),
)


def owed(console: Console, _arguments: argparse.Namespace) -> int:
    """List what is owed, and what failed to start again; exit code 0 if there is nothing."""
    found = owed_scripts(console.workspace)
    if not found:
        console.say(_("Nothing is owed."))
    console.answer(
        [_json(one) for one in found],
        lambda out: table(
            out,
            _COLUMNS,
            [
                [
                    one.run.repository,
                    one.execution.planned.name,
                    lane_title(one.execution.planned.hook),
                    str(one.run.id),
                    words.minute(one.run.started_at),
                    _state(one),
                ]
                for one in found
            ],
        ),
    )
    if any(one.has_failed for one in found):
        console.say(_("borgdesk recover --again runs once more what failed."))
    return WARNING if found else 0


def _state(one: OwedScript) -> str:
    if one.has_failed:
        return _("it ran and failed")
    return _("its run is under way") if one.under_way else _("its run was interrupted")


def _json(one: OwedScript) -> Json:
    return {
        "run": one.run.id,
        "repository": one.run.repository,
        "script": one.execution.planned.name,
        "hook": one.execution.planned.hook,
        "status": one.execution.status,
        "since": json_moment(one.run.started_at),
        "under_way": one.under_way,
    }


COMMANDS: Commands = {"owed": owed}
