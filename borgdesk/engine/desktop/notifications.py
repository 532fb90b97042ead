"""Desktop notifications with buttons, shown by a process that lives long enough to receive the clicks."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

from borgdesk.engine.desktop.session import body_for

_log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds to wait for an answer."""

_NAME = "org.freedesktop.Notifications"
_DAEMON = DBusAddress("/org/freedesktop/Notifications", bus_name=_NAME, interface=_NAME)
_CRITICAL, _NORMAL = 2, 1
_UNTIL_CLOSED, _AS_THE_DESKTOP_LIKES = 0, -1


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification to be shown."""

    tag: str
    """Its subject: it replaces an earlier one with the same tag that is still visible."""
    title: str
    text: str
    urgent: bool = False
    """Whether it stays until it is closed."""
    actions: tuple[tuple[str, str], ...] = ()
    """Key and label of each button; ``default`` is a click on the notification itself."""


class Notifier:
    """Shows notifications in a thread of its own, so that nobody waits for the desktop."""

    def __init__(
        self,
        environment: Mapping[str, str],
        pressed: Callable[[str, str], None],
        failed: Callable[[Notification], None],
    ) -> None:
        """*pressed* gets tag and key of a button, *failed* what could not be shown; both are called in that thread."""
        self._has_desktop = bool(environment.get("DBUS_SESSION_BUS_ADDRESS"))
        self._pressed = pressed
        self._failed = failed
        self._wanted: queue.SimpleQueue[Notification] = queue.SimpleQueue()
        self._shown: dict[int, str] = {}
        """Tags of visible notifications, by the desktop's id."""
        self._wake: tuple[int, int] | None = None
        self._closed = False

    def show(self, notification: Notification) -> None:
        """Show it as soon as the desktop accepts it."""
        if not self._has_desktop or self._closed:
            self._failed(notification)
            return
        self._wanted.put(notification)
        if self._wake is None:
            self._wake = os.pipe()
            threading.Thread(target=self._work, name="notifications", daemon=True).start()
        self._poke()

    def close(self) -> None:
        """Stop; no more buttons are reported."""
        self._closed = True
        if self._wake is not None:
            self._poke()

    def _poke(self) -> None:
        assert self._wake is not None
        with contextlib.suppress(OSError):
            os.write(self._wake[1], b".")

    def _work(self) -> None:
        while not self._closed:
            try:
                with open_dbus_connection("SESSION", auth_timeout=_PATIENCE) as connection:
                    _Session(connection, self._shown, self._pressed).serve(self._next, self._failed, self._wait)
            except Exception as error:
                # jeepney raises errors of the socket, the bus and the other side.
                _log.info("notifications are not shown: %s", error)
                self._shown.clear()
                with contextlib.suppress(queue.Empty):
                    while True:
                        self._failed(self._wanted.get_nowait())
                if self._wanted.empty():
                    self._wait(None)

    def _next(self) -> Notification | None:
        """Return the next notification to show; None if there is none now."""
        with contextlib.suppress(queue.Empty):
            return self._wanted.get_nowait()
        return None

    def _wait(self, connection: DBusConnection | None) -> bool:
        """Wait until there is something to show or the desktop sends something; return False after :meth:`close`."""
        assert self._wake is not None
        sources = [self._wake[0], *([connection.sock] if connection is not None else [])]
        if self._wake[0] in select.select(sources, [], [])[0]:
            os.read(self._wake[0], 4096)
        return not self._closed


class _Session:
    """One connection to the bus."""

    def __init__(self, connection: DBusConnection, shown: dict[int, str], pressed: Callable[[str, str], None]) -> None:
        self._connection = connection
        self._shown = shown
        self._pressed = pressed
        self._heard: deque[Message] = deque()
        self._capabilities: frozenset[str] | None = None

    def serve(
        self,
        take: Callable[[], Notification | None],
        lost: Callable[[Notification], None],
        wait: Callable[[DBusConnection | None], bool],
    ) -> None:
        """Show notifications and receive clicks as long as *wait* returns True."""
        rule = MatchRule(type="signal", interface=_NAME, path=_DAEMON.object_path)
        self._ask(message_bus.AddMatch(rule))
        with self._connection.filter(rule, queue=self._heard):
            goes_on = True
            while goes_on:
                while (notification := take()) is not None:
                    try:
                        self._show(notification)
                    except Exception:
                        lost(notification)
                        raise
                self._hear()
                goes_on = wait(self._connection)

    def _show(self, notification: Notification) -> None:
        if self._capabilities is None:
            (capabilities,) = self._ask(new_method_call(_DAEMON, "GetCapabilities"))
            self._capabilities = frozenset(capabilities)
        text, actions = body_for(self._capabilities, notification.text), list[str]()
        if "actions" in self._capabilities:
            actions = [word for action in notification.actions for word in action]
        replaced = next((number for number, tag in self._shown.items() if tag == notification.tag), 0)
        hints = {
            "urgency": ("y", _CRITICAL if notification.urgent else _NORMAL),
            "desktop-entry": ("s", "borgdesk"),
        }
        expires = _UNTIL_CLOSED if notification.urgent else _AS_THE_DESKTOP_LIKES
        body = ("BorgDesk", replaced, "borgdesk", notification.title, text, actions, hints, expires)
        (number,) = self._ask(new_method_call(_DAEMON, "Notify", "susssasa{sv}i", body))
        self._shown.pop(replaced, None)
        self._shown[number] = notification.tag

    def _hear(self) -> None:
        with contextlib.suppress(TimeoutError):
            while True:
                self._connection.recv_messages(timeout=0)
        while self._heard:
            message = self._heard.popleft()
            number, what = message.body[0], message.body[1]
            match message.header.fields.get(HeaderFields.member):
                case "ActionInvoked" if number in self._shown:
                    # A click closes it: none is shown as "resident" in terms of the specification.
                    self._pressed(self._shown.pop(number), what)
                case "NotificationClosed":
                    self._shown.pop(number, None)

    def _ask(self, message: Message) -> tuple[Any, ...]:
        answer: tuple[Any, ...] = unwrap_msg(self._connection.send_and_get_reply(message, timeout=_PATIENCE))
        return answer
