"""Desktop notifications of the window: what :mod:`borgdesk.engine.notices` says, with buttons.

In the quiet hours of the settings, only what is urgent is shown at once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime, time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from borgdesk.domain.events import RunEnded
from borgdesk.domain.schedule import Hours
from borgdesk.domain.settings import QUIET_HOURS
from borgdesk.domain.window_request import WindowRequest
from borgdesk.engine import notices
from borgdesk.engine.desktop.notification import Notification
from borgdesk.engine.desktop.notifications import Notifier
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.gui.workers.thread_emitter import ThreadEmitter

_log = logging.getLogger(__name__)

_MINUTE = 60_000


class Notifications(QObject):
    """Uses the desktop's notification service, with buttons, or else the tray.

    It also shows those of processes that end before anybody clicks.
    """

    requested = Signal(object)
    """The :class:`WindowRequest` that a click stands for."""
    _pressed = Signal(object, str)
    _given = Signal(object)
    _failed = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        settings: LiveSettings,
        tray: Tray | None,
        parent: QObject | None = None,
        clock: Callable[[], time] = lambda: datetime.now().time(),  # noqa: DTZ005 - quiet hours are local
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._settings, self._tray = settings, tray
        self.last_request: WindowRequest | None = None
        """What a click on the latest notification opens, for a tray that does not say which one was clicked."""
        self._clock = clock
        self._held: dict[str, Notification] = {}
        """By tag: the newest that waits for the end of the quiet hours, or for the desktop."""
        self._next_try = QTimer(self, interval=_MINUTE)
        self._next_try.timeout.connect(self.show_held)
        settings.changed.connect(self.show_held)
        self._pressed.connect(self._on_pressed)
        self._given.connect(self._show_or_hold)
        self._failed.connect(self._on_failed)
        pressed, given, failed = (ThreadEmitter(one) for one in (self._pressed, self._given, self._failed))
        self._notifier = Notifier(workspace.environment, workspace.paths, pressed, given, failed)

    def listen(self) -> None:
        """Begin to show the notifications of other processes, too."""
        self._notifier.listen()

    def is_worth_telling(self, ended: RunEnded) -> bool:
        """Return whether the user wants a notification about this run."""
        return notices.is_worth_telling(self._settings.values, ended.status)

    def show_end(self, ended: RunEnded) -> None:
        """Show a notification about a finished run, unless it is about to be tried again."""
        values = self._settings.values
        self._background.ask(lambda: notices.of_end(self._workspace, values, ended), self._show_if_any, owner=self)

    def show_failed_slot(self, due: Due) -> None:
        """Show that a scheduled backup has failed, after its last attempt."""
        self._background.ask(lambda: notices.of_failed_slot(self._workspace, due), self._show_or_hold, owner=self)

    def show_overdue(self, due: Due) -> None:
        """Show that a repository has had no good backup for too long."""
        self._show_or_hold(notices.of_overdue(due, words.moment))

    def show_overdue_check(self, due: Due) -> None:
        """Show that a repository has not been checked for too long."""
        self._show_or_hold(notices.of_overdue_check(due, words.moment))

    def show(self, title: str, text: str, *, urgent: bool = False) -> None:
        """Show a notification, if the desktop or the tray can."""
        self._notifier.show(Notification("", title, text, urgent))

    def close(self) -> None:
        """Stop listening to buttons."""
        self._notifier.close()

    def show_held(self) -> None:
        """Show what has waited for the desktop, and for the end of the quiet hours if they are over."""
        is_quiet = self._is_quiet()
        ready = [one for one in self._held.values() if one.urgent or not is_quiet]
        for notification in ready:
            self._show_now(self._held.pop(notification.tag))
        if not self._held:
            self._next_try.stop()

    def _is_quiet(self) -> bool:
        hours = self._settings.values[QUIET_HOURS]
        return bool(hours) and Hours.parse(hours).contains(self._clock())

    def _show_if_any(self, notification: Notification | None) -> None:
        if notification is not None:
            self._show_or_hold(notification)

    def _show_or_hold(self, notification: Notification) -> None:
        self._held.pop(notification.tag, None)
        if notification.urgent or not self._is_quiet():
            self._show_now(notification)
        else:
            self._hold(notification)

    def _hold(self, notification: Notification) -> None:
        self._held[notification.tag] = notification
        self._next_try.start()

    def _show_now(self, notification: Notification) -> None:
        self.last_request = notification.opens
        self._notifier.show(notification)

    def _on_pressed(self, request: WindowRequest, token: str) -> None:
        if token and QGuiApplication.platformName().startswith("wayland"):
            # Qt uses it once, to be allowed to take the focus, and removes it.
            os.environ["XDG_ACTIVATION_TOKEN"] = token
        self.requested.emit(request)

    def _on_failed(self, notification: Notification) -> None:
        if self._tray is not None:
            self._tray.show_message(notification.title, notification.text, urgent=notification.urgent)
        elif self._notifier.has_desktop:
            # The desktop's service may come back, and meanwhile there may be a newer one about the same.
            self._hold(self._held.get(notification.tag, notification))
