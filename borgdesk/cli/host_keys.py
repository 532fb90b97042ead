"""``borgdesk host-key``: shows the keys by which servers are recognised, and accepts one."""

from __future__ import annotations

import argparse
import sys

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.json_values import Json
from borgdesk.cli.servers import server_of
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import Screen
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.exit_codes import FAILURE, WARNING
from borgdesk.engine.servers.host_keys import HostKey, HostKeyState, accept, changed_sentence, host_keys
from borgdesk.translation import N_, _

_STATES = {
    HostKeyState.KNOWN: N_("known"),
    HostKeyState.UNKNOWN: N_("not known yet"),
    HostKeyState.CHANGED: N_("changed"),
}


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show the keys of the hosts on the way to a repository; exit code 1 if the last one is not known."""
    keys = _asked(console, arguments)
    for key in keys:
        if key.state is HostKeyState.CHANGED:
            console.say(changed_sentence(key))
    console.answer([_document(key) for key in keys], lambda out: _table(out, keys))
    return 0 if keys[-1].state is HostKeyState.KNOWN else WARNING


def accept_it(console: Console, arguments: argparse.Namespace) -> int:
    """Accept the first key on the way that is not known, if the user, or the given fingerprint, confirms it."""
    key = _asked(console, arguments)[-1]
    if key.state is HostKeyState.KNOWN:
        console.say(_("The key of {host} is known already.").format(host=key.host))
    else:
        if key.state is HostKeyState.CHANGED:
            raise InvalidInput(changed_sentence(key))
        if not _is_confirmed(key, arguments.fingerprint):
            console.say(_("Nothing was done."))
            return FAILURE
        accept(console.workspace.environment, key)
        console.say(_("The key of {host} was added to {file}.").format(host=key.host, file=key.file))
    console.answer(_document(key), lambda out: _table(out, [key]))
    return 0


def _is_confirmed(key: HostKey, fingerprint: str | None) -> bool:
    if fingerprint is not None:
        if fingerprint.removeprefix("SHA256:") != key.fingerprint.removeprefix("SHA256:"):
            raise InvalidInput(
                _(
                    "{host} shows another key: {kind} {fingerprint}. Nothing was accepted: ask whoever runs the host."
                ).format(host=key.host, kind=key.kind, fingerprint=key.fingerprint)
            )
        return True
    seen = _("{host} shows the {kind} key {fingerprint}.").format(
        host=key.host, kind=key.kind, fingerprint=key.fingerprint
    )
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidInput(
            _(
                "{seen} To accept it, use --fingerprint with the fingerprint that whoever runs the host told you."
            ).format(seen=seen)
        )
    question = _("{seen} Compare it with what whoever runs the host told you. Is it the same?").format(seen=seen)
    return confirmed(question)


def _asked(console: Console, arguments: argparse.Namespace) -> list[HostKey]:
    server = server_of(console.workspace, arguments)
    with stoppable(console) as cancel:
        return host_keys(console.workspace.environment, server.location, server.connection, cancel)


def _document(key: HostKey) -> Json:
    return {
        "host": key.host,
        "type": key.kind,
        "fingerprint": key.fingerprint,
        "state": key.state,
        "jump_host": key.is_jump_host,
        "known": list(key.known),
        "file": key.file,
    }


def _table(out: Screen, keys: list[HostKey]) -> None:
    columns = [Column(N_("Host"), flexible=True), Column(N_("Type")), Column(N_("State")), Column(N_("Fingerprint"))]
    table(out, columns, [[key.host, key.kind, _(_STATES[key.state]), key.fingerprint] for key in keys])


COMMANDS: Commands = {
    "show": show,
    "accept": accept_it,
}
