"""What the engine asks of the desktop and of the login manager, over D-Bus and without Qt: the guardian has no window.

Neither need be there: on a server, in a container, under another init system everything works the same without.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any

from jeepney import DBusAddress, Message, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

_log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds for an answer."""

_NOTIFICATIONS = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_LOGIND = DBusAddress(
    "/org/freedesktop/login1", bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.Manager"
)
_CRITICAL = 2
_NORMAL = 1
_UNTIL_CLOSED = 0
_AS_THE_DESKTOP_LIKES = -1


def notify(environment: Mapping[str, str], title: str, text: str, *, urgent: bool) -> bool:
    """Show a notification; says whether there was a desktop to show it. An urgent one stays until it is closed."""
    if not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    hints: dict[str, tuple[str, int | str]] = {
        "urgency": ("y", _CRITICAL if urgent else _NORMAL),
        "desktop-entry": ("s", "borgdesk"),
    }
    expires = _UNTIL_CLOSED if urgent else _AS_THE_DESKTOP_LIKES
    no_actions: list[str] = []
    body = ("BorgDesk", 0, "borgdesk", title, text, no_actions, hints, expires)
    try:
        with open_dbus_connection("SESSION", auth_timeout=_PATIENCE) as connection:
            _ask(connection, new_method_call(_NOTIFICATIONS, "Notify", "susssasa{sv}i", body))
    except Exception as error:
        # jeepney raises what the socket, the bus and the other side raise; none of it is the run's trouble.
        _log.info("no notification could be shown: %s", error)
        return False
    return True


@contextlib.contextmanager
def awake(why: str, *, wait: bool = True) -> Iterator[None]:
    """Keep the machine from going to sleep or shutting down meanwhile, as far as logind lets us.

    Blocking needs a permission that the user at the screen usually has. Without it, a delay gives the run the seconds
    it takes to be told and to begin with what it owes. Where what follows is urgent, it does not *wait* for logind.
    """
    asked: Future[int | None] = Future()

    def ask() -> None:
        asked.set_result(_inhibit(why, "block") or _inhibit(why, "delay"))

    if wait:
        ask()
    else:
        Thread(target=ask, name="logind").start()
    try:
        yield
    finally:
        descriptor = asked.result()
        if descriptor is not None:
            os.close(descriptor)


def _inhibit(why: str, mode: str) -> int | None:
    body = ("sleep:shutdown", "BorgDesk", why, mode)
    try:
        with open_dbus_connection("SYSTEM", enable_fds=True, auth_timeout=_PATIENCE) as connection:
            (lock,) = _ask(connection, new_method_call(_LOGIND, "Inhibit", "ssss", body))
            return int(lock.to_raw_fd())
    except Exception as error:
        # No bus, no logind, no permission: see notify.
        _log.info("sleep and shutdown are not inhibited (%s): %s", mode, error)
        return None


def _ask(connection: DBusConnection, message: Message) -> tuple[Any, ...]:
    answer: tuple[Any, ...] = unwrap_msg(connection.send_and_get_reply(message, timeout=_PATIENCE))
    return answer
