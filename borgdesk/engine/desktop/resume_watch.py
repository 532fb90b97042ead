"""Hears from logind that the computer has woken up, for a window that is to know at once.

Without logind nobody hears anything; the next look at the schedules notices it all the same (see
:mod:`borgdesk.engine.schedule.settling`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable

from jeepney import HeaderFields, MatchRule, Message
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

_log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds to wait for the bus."""
_RULE = MatchRule(
    type="signal",
    interface="org.freedesktop.login1.Manager",
    path="/org/freedesktop/login1",
    member="PrepareForSleep",
)


class ResumeWatch:
    """Listens in a thread of its own, so that nobody waits for the bus."""

    def __init__(self, resumed: Callable[[], None]) -> None:
        """*resumed* is called in that thread."""
        self._resumed = resumed
        self._wake: tuple[int, int] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to listen."""
        if self._wake is None and not self._closed:
            self._wake = os.pipe()
            threading.Thread(target=self._work, name="resume watch", daemon=True).start()

    def close(self) -> None:
        """Stop; nothing more is reported."""
        self._closed = True
        if self._wake is not None:
            with contextlib.suppress(OSError):
                os.write(self._wake[1], b".")

    # in its thread

    def _work(self) -> None:
        try:
            with open_dbus_connection("SYSTEM", auth_timeout=_PATIENCE) as connection:
                heard: deque[Message] = deque()
                with connection.filter(_RULE, queue=heard):
                    connection.send_and_get_reply(message_bus.AddMatch(_RULE), timeout=_PATIENCE)
                    self._listen(connection, heard)
        except Exception as error:
            # jeepney raises errors of the socket, the bus and the other side.
            _log.info("logind does not tell when the computer wakes up: %s", error)

    def _listen(self, connection: DBusConnection, heard: deque[Message]) -> None:
        assert self._wake is not None
        while not self._closed:
            with contextlib.suppress(TimeoutError):
                while True:
                    connection.recv_messages(timeout=0)
            while heard and not self._closed:
                message = heard.popleft()
                if message.header.fields.get(HeaderFields.signature) == "b" and message.body == (False,):
                    self._resumed()
            select.select([self._wake[0], connection.sock], [], [])
