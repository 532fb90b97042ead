"""``borgdesk held``: the services that runs keep stopped together now."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.json_values import moment as json_moment
from borgdesk.cli.tables import Column, table
from borgdesk.engine.runs.held_services import HeldService, HoldState, held_services
from borgdesk.translation import N_, _

_COLUMNS = (Column(N_("Service"), flexible=True), Column(N_("State")), Column(N_("Runs")), Column(N_("Since")))

_STATES = {
    HoldState.TAKING: N_("being stopped"),
    HoldState.HELD: N_("stopped"),
    HoldState.RELEASING: N_("to be started again"),
}


def held(console: Console, _arguments: argparse.Namespace) -> int:
    """List what is held."""
    found = held_services(console.workspace)
    if not found:
        console.say(_("No service is kept stopped by several runs together."))
    console.answer(
        [_json(one) for one in found],
        lambda out: table(
            out,
            _COLUMNS,
            [
                [one.name, _(_STATES[one.state]), ", ".join(map(str, one.runs)), words.minute(one.since)]
                for one in found
            ],
        ),
    )
    return 0


def _json(one: HeldService) -> Json:
    return {
        "key": one.key,
        "name": one.name,
        "state": one.state,
        "runs": list(one.runs),
        "since": json_moment(one.since),
    }


COMMANDS: Commands = {"held": held}
