"""Shows notifications for processes that end before anybody clicks: commands, timers, guardians."""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Mapping

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.desktop import session
from borgdesk.engine.desktop.notification import Notification
from borgdesk.engine.processes.memory_file import memory_file
from borgdesk.engine.processes.process import Detached
from borgdesk.engine.processes.self_start import python_command
from borgdesk.paths import Paths

_log = logging.getLogger(__name__)

_PROGRAM = "borgdesk.engine.desktop.notification_program"
LOG = "notifications.log"
"""Below the state folder: what the program prints, which is nothing unless it has a defect."""

_PATIENCE = 6.0
"""Seconds to wait until it is shown."""


def send(environment: Mapping[str, str], notification: Notification, quiet_hours: str = "") -> bool:
    """Show a notification that can be clicked later; return whether it is shown, or will be after the quiet hours.

    It never raises, and takes at most a few seconds, whatever the desktop does.
    """
    if not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    try:
        return _start(environment, notification, quiet_hours)
    except (BorgDeskError, OSError) as error:
        _log.warning("no program can be started for a notification: %s", error)
        return session.notify(environment, notification.title, notification.text, urgent=notification.urgent)


def _start(environment: Mapping[str, str], notification: Notification, quiet_hours: str) -> bool:
    ours, theirs = os.pipe()
    try:
        with memory_file("notification", notification.to_json().encode()) as content:
            words = [*python_command(_PROGRAM), str(content), str(theirs), quiet_hours]
            log = Paths.from_environment(environment).state / LOG
            Detached(words, environment, (content, theirs), log).let_go()
        os.close(theirs)
        theirs = -1
        return bool(select.select([ours], [], [], _PATIENCE)[0]) and bool(os.read(ours, 1))
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
