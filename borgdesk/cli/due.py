"""``borgdesk due``: what is due now, which the tick of systemd starts."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.schedules import COLUMNS, schedule_document, schedule_row
from borgdesk.cli.tables import table
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.domain.sentences import overdue_check_sentence
from borgdesk.engine.desktop.session import notify
from borgdesk.engine.schedule import due as due_now
from borgdesk.engine.schedule import installation
from borgdesk.engine.schedule.disks import connected
from borgdesk.engine.schedule.due import Due
from borgdesk.translation import _


def due(console: Console, arguments: argparse.Namespace) -> int:
    """Show what is due, and start it if asked to."""
    workspace = console.workspace
    starts = arguments.start
    if arguments.connected is not None:
        starts = connected(workspace, workspace.store.repositories.get(arguments.connected))
    dues = due_now.look_at_all(workspace)
    code = 0
    if starts:
        for failed in due_now.record(workspace, dues):
            _notify_failed(console, failed)
        for overdue in due_now.tell_overdue(workspace, dues):
            _notify_overdue(console, overdue)
        for unchecked in due_now.tell_overdue_checks(workspace, dues):
            _notify_overdue_check(console, unchecked)
        code = max((_start(console, one) for one in dues if one.start or one.check_starts), default=0)
    waiting = [one for one in dues if one.slot is not None or one.start or one.check.due]
    console.answer(
        [schedule_document(console, one) | {"starts": one.start, "check_starts": one.check_starts} for one in waiting],
        lambda out: table(out, COLUMNS, [schedule_row(console, one) for one in waiting]),
    )
    if not waiting:
        console.say(_("Nothing is due."))
    return code


def _start(console: Console, one: Due) -> int:
    try:
        installation.start_scheduled_run(console.workspace, one.repository_id)
    except BorgDeskError as error:
        console.say(f"borgdesk: {one.repository.name}: {error}")
        return FAILURE
    return 0


def _notify_failed(console: Console, one: Due) -> None:
    assert one.slot is not None
    reason = one.slot.reason or ""
    title = _("The backup of “{name}” failed").format(name=one.repository.name)
    notify(console.workspace.environment, title, f"{reason[:1].upper()}{reason[1:]}", urgent=True)


def _notify_overdue(console: Console, one: Due) -> None:
    title = _("The backup of “{name}” is overdue").format(name=one.repository.name)
    good = one.assessment.good_at
    text = (
        _("There has been no good backup since {moment}.").format(moment=words.minute(good))
        if good
        else _("There has been no good backup yet.")
    )
    notify(console.workspace.environment, title, text, urgent=True)


def _notify_overdue_check(console: Console, one: Due) -> None:
    title, good = _("The check of “{name}” is overdue").format(name=one.repository.name), one.check.good_at
    text = overdue_check_sentence(None if good is None else words.moment(good))
    notify(console.workspace.environment, title, text, urgent=False)


COMMANDS: Commands = {
    "due": due,
}
