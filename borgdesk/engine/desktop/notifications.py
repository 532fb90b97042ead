"""The notifications of a process that lives long enough to hear clicks on them: the window."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
from collections.abc import Callable, Mapping

from borgdesk.domain.window_request import WindowRequest
from borgdesk.engine.desktop.notification import Notification
from borgdesk.engine.desktop.notification_session import NotificationSession, name_on_bus
from borgdesk.paths import Paths

_log = logging.getLogger(__name__)


class Notifier:
    """Shows notifications in a thread of its own, so that nobody waits for the desktop."""

    def __init__(
        self,
        environment: Mapping[str, str],
        paths: Paths,
        pressed: Callable[[WindowRequest, str], None],
        given: Callable[[Notification], None],
        failed: Callable[[Notification], None],
    ) -> None:
        """*pressed* and *given* are as in :class:`NotificationSession`; *failed* gets what could not be shown.

        All are called in that thread.
        """
        self._has_desktop = bool(environment.get("DBUS_SESSION_BUS_ADDRESS"))
        self._name = name_on_bus(paths)
        self._pressed, self._given, self._failed = pressed, given, failed
        self._wanted: queue.SimpleQueue[Notification] = queue.SimpleQueue()
        self._shown: dict[int, Notification] = {}
        self._wake: tuple[int, int] | None = None
        self._closed = False

    @property
    def has_desktop(self) -> bool:
        """Whether there may be a service that shows notifications, if not now, then later."""
        return self._has_desktop

    def listen(self) -> None:
        """Begin to take the notifications of processes that end."""
        if self._has_desktop and not self._closed:
            self._start()

    def show(self, notification: Notification) -> None:
        """Show it as soon as the desktop accepts it."""
        if not self._has_desktop or self._closed:
            self._failed(notification)
            return
        self._wanted.put(notification)
        self._start()
        self._poke()

    def close(self) -> None:
        """Stop; no more clicks are reported."""
        self._closed = True
        if self._wake is not None:
            self._poke()

    def _start(self) -> None:
        if self._wake is None:
            self._wake = os.pipe()
            threading.Thread(target=self._work, name="notifications", daemon=True).start()

    def _poke(self) -> None:
        assert self._wake is not None
        with contextlib.suppress(OSError):
            os.write(self._wake[1], b".")

    def _work(self) -> None:
        while not self._closed:
            try:
                with NotificationSession(self._name, self._shown, self._pressed, self._given) as session:
                    session.own_name(for_good=True)
                    self._serve(session)
            except Exception as error:
                # jeepney raises errors of the socket, the bus and the other side.
                _log.info("notifications are not shown: %s", error)
                self._shown.clear()
                while (lost := self._next()) is not None:
                    self._failed(lost)
                self._wait(None)

    def _serve(self, session: NotificationSession) -> None:
        goes_on = True
        while goes_on:
            while (notification := self._next()) is not None:
                try:
                    session.show(notification)
                except Exception:
                    self._failed(notification)
                    raise
            session.hear()
            goes_on = self._wait(session)

    def _next(self) -> Notification | None:
        """Return the next notification to show; None if there is none now."""
        with contextlib.suppress(queue.Empty):
            return self._wanted.get_nowait()
        return None

    def _wait(self, session: NotificationSession | None) -> bool:
        """Wait until there is something to show or the desktop sends something; return False after :meth:`close`."""
        assert self._wake is not None
        sources = [self._wake[0], *([session.fileno()] if session is not None else [])]
        if self._wake[0] in select.select(sources, [], [])[0]:
            os.read(self._wake[0], 4096)
        return not self._closed
