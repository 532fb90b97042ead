"""``borgdesk break-lock``: removes the lock that keeps a repository from opening."""

from __future__ import annotations

import argparse

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.stopping import stoppable
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.domain.run import Trigger
from borgdesk.engine.borg_calls.borg_diagnosis import lock_holders
from borgdesk.engine.runs.maintenance import break_lock
from borgdesk.translation import _


def break_lock_of(console: Console, arguments: argparse.Namespace) -> int:
    """Break the lock of a repository after confirmation that nothing uses it."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    holders = lock_holders(repository.location)
    held = _("It is held by {holders}.").format(holders=", ".join(holders)) + " " if holders else ""
    question = _(
        "Break the lock of “{repository}” ({location})? {held}If Borg is still using the "
        "repository, on this or any other machine, it may be damaged."
    ).format(repository=repository.name, location=repository.location, held=held)
    if not arguments.yes and not confirmed(question):
        console.say(_("Nothing was done."))
        return FAILURE
    with stoppable(console) as cancel:
        had = break_lock(console.workspace, repository, Trigger.CLI, cancel)
    sentence = _("The lock of “{repository}” was removed.")
    if had:
        sentence = _("The lock of “{repository}” was removed. It was held by {holders}.")
    console.say(sentence.format(repository=repository.name, holders=", ".join(had)))
    console.answer({"repository": repository.name, "held_by": list(had)})
    return 0


COMMANDS: Commands = {
    "break-lock": break_lock_of,
}
