"""``borgdesk due``: what is due now, which the tick of systemd starts."""

from __future__ import annotations

import argparse

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.schedules import COLUMNS, schedule_document, schedule_row
from borgdesk.cli.tables import table
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.engine import notices
from borgdesk.engine.notices import send_without_window
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
            send_without_window(workspace, notices.of_failed_slot(workspace, failed))
        for overdue in due_now.tell_overdue(workspace, dues):
            send_without_window(workspace, notices.of_overdue(overdue, words.minute))
        for unchecked in due_now.tell_overdue_checks(workspace, dues):
            send_without_window(workspace, notices.of_overdue_check(unchecked, words.minute))
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


COMMANDS: Commands = {
    "due": due,
}
