"""The program that shows the notifications of processes that end at once, and opens the window when one is clicked.

There is one for all that are visible; it ends with the last of them. While the window is open, that shows them.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections.abc import Mapping
from datetime import datetime

from jeepney.wrappers import DBusErrorResponse

from borgdesk import logs
from borgdesk.domain.schedule import Hours
from borgdesk.domain.window_request import WindowRequest
from borgdesk.engine.desktop.notification import Notification
from borgdesk.engine.desktop.notification_sending import LOG
from borgdesk.engine.desktop.notification_session import NotificationSession, name_on_bus
from borgdesk.engine.processes.process import Detached
from borgdesk.engine.processes.self_start import own_command
from borgdesk.paths import Paths

_log = logging.getLogger(__name__)

_SHOWN = b"s"
"""Reports that a notification is shown, or will be after the quiet hours."""

_LONGEST = 7 * 24 * 3600.0
"""Seconds after which it ends in any case: a desktop may forget to say that a notification was closed."""
_GLANCE = 30.0
"""Seconds between two looks at the clock in quiet hours, and at a desktop that shows nothing."""
_TOKEN = "XDG_ACTIVATION_TOKEN"  # noqa: S105 - the name of a variable, and nothing secret


def main() -> int:
    """Show one notification and those that other processes give meanwhile.

    Arguments: descriptors of a file with the notification and of the pipe to report on; the quiet hours, or nothing.
    """
    content, report = int(sys.argv[1]), int(sys.argv[2])
    with open(content, encoding="utf-8") as file:
        notification = Notification.from_json(file.read())
    paths = Paths.from_environment(os.environ)
    logs.start(paths.state)
    program = _Program(os.environ, sys.argv[3], report)
    try:
        with NotificationSession(name_on_bus(paths), program.shown, program.open, program.take) as session:
            program.serve(session, notification)
    except Exception as error:
        # The session may end at any time; jeepney raises errors of the socket, the bus and the other side.
        _log.info("no more notifications are shown: %s", error)
    return 0


class _Program:
    def __init__(self, environment: Mapping[str, str], quiet_hours: str, report: int) -> None:
        self._environment, self._report = environment, report
        self._quiet_hours = Hours.parse(quiet_hours) if quiet_hours else None
        self._end = time.monotonic() + _LONGEST
        self.shown: dict[int, Notification] = {}
        self._waiting: dict[str, Notification] = {}
        """By tag: those that are not shown yet."""

    def open(self, request: WindowRequest, token: str) -> None:
        """Open the window, or raise the one that is open; called when a notification is clicked."""
        environment = {**self._environment, **({_TOKEN: token} if token else {})}
        log = Paths.from_environment(environment).state / LOG
        Detached([*own_command(), "--open", str(request)], environment, (), log).let_go()

    def take(self, notification: Notification) -> None:
        """Accept a notification, to be shown soon."""
        self._waiting[notification.tag] = notification

    def serve(self, session: NotificationSession, notification: Notification) -> None:
        """Show it, unless another process does, and stay as long as a click on anything is possible."""
        if not session.own_name(for_good=False):
            try:
                session.give(notification)
            except Exception:
                # It has just ended.
                if not session.own_name(for_good=False):
                    raise
            else:
                self._tell()
                return
        self.take(notification)
        self._show_waiting(session)
        self._tell()
        while time.monotonic() < self._end:
            if not self._waiting and not (self.shown and session.reports_clicks):
                session.release_name()
                session.hear()
                if not self._waiting:
                    return
                session.own_name(for_good=False)
            self._show_if_possible(session)
            if self.shown or self._waiting:
                select.select([session.fileno()], [], [], _GLANCE if self._waiting else self._end - time.monotonic())
                session.hear()

    def _show_if_possible(self, session: NotificationSession) -> None:
        """Show what waits; while the desktop's service is away, it goes on waiting."""
        try:
            self._show_waiting(session)
        except (DBusErrorResponse, TimeoutError) as error:
            _log.info("notifications wait for the desktop: %s", error)

    def _show_waiting(self, session: NotificationSession) -> None:
        for one in [*self._waiting.values()]:
            if one.urgent or not self._is_quiet():
                session.show(one)
                del self._waiting[one.tag]

    def _is_quiet(self) -> bool:
        now = datetime.now().time()  # noqa: DTZ005 - quiet hours are local
        return self._quiet_hours is not None and self._quiet_hours.contains(now)

    def _tell(self) -> None:
        os.write(self._report, _SHOWN)
        os.close(self._report)
