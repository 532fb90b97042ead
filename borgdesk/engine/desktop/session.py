"""Calls to the desktop over D-Bus: notifications, blocking sleep and shutdown, the login, network and mains power.

It does without Qt, since the guardian has no window. Neither service is required: on a server, in a container or under
another init system everything works the same.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Generic, TypeVar

from jeepney import DBusAddress, Message, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from borgdesk.domain.version import APPLICATION_ID

_log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds to wait for an answer."""

_NOTIFICATIONS = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_LOGIND = DBusAddress(
    "/org/freedesktop/login1", bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.Manager"
)
_SESSION = DBusAddress(
    "/org/freedesktop/login1/session/auto",
    bus_name="org.freedesktop.login1",
    interface="org.freedesktop.login1.Session",
)
"""The session of this process, or else the one at the screen."""
_GRAPHICAL = ("x11", "wayland", "mir")
_MICROSECONDS = 1_000_000
_NETWORK = DBusAddress(
    "/org/freedesktop/NetworkManager",
    bus_name="org.freedesktop.NetworkManager",
    interface="org.freedesktop.NetworkManager",
)
_POWER = DBusAddress("/org/freedesktop/UPower", bus_name="org.freedesktop.UPower", interface="org.freedesktop.UPower")
_METERED = (1, 3)
"""NMMetered: yes, and guessed so."""

_CRITICAL = 2
_NORMAL = 1
_UNTIL_CLOSED = 0
_AS_THE_DESKTOP_LIKES = -1


def notify(environment: Mapping[str, str], title: str, text: str, *, urgent: bool) -> bool:
    """Show a notification; return whether there was a desktop to show it. An urgent one stays until it is closed.

    It never raises, and takes at most a few seconds, whatever the desktop does.
    """
    if not environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    shown = _Question("notification", lambda: _show(title, text, urgent=urgent))
    return shown.answer(2 * _PATIENCE) is True


def _show(title: str, text: str, *, urgent: bool) -> bool:
    hints: dict[str, tuple[str, int | str]] = {
        "urgency": ("y", _CRITICAL if urgent else _NORMAL),
        "desktop-entry": ("s", APPLICATION_ID),
    }
    expires = _UNTIL_CLOSED if urgent else _AS_THE_DESKTOP_LIKES
    no_actions: list[str] = []
    with open_dbus_connection("SESSION", auth_timeout=_PATIENCE) as connection:
        said = body_for(_capabilities(connection), text)
        body = ("BorgDesk", 0, APPLICATION_ID, title, said, no_actions, hints, expires)
        _ask(connection, new_method_call(_NOTIFICATIONS, "Notify", "susssasa{sv}i", body))
    return True


def body_for(capabilities: Collection[str], text: str) -> str:
    """Return text for the body of a notification, escaped if the desktop interprets markup."""
    import html  # With a table of all entities, which nothing else needs.

    return html.escape(text, quote=False) if "body-markup" in capabilities else text


def _capabilities(connection: DBusConnection) -> list[str]:
    try:
        (found,) = _ask(connection, new_method_call(_NOTIFICATIONS, "GetCapabilities"))
    except (DBusErrorResponse, TimeoutError) as error:
        _log.info("the desktop does not say what its notifications can show: %s", error)
        return []
    return list(found)


@contextlib.contextmanager
def awake(why: str, *, wait: bool = True) -> Iterator[None]:
    """Keep the machine from sleeping or shutting down meanwhile, as far as logind allows it.

    Blocking needs a permission that the user at the screen usually has. Without it, a delay gives the run a few seconds
    to be notified and to begin with what it owes. With *wait* it waits some seconds for logind; urgent work does not.
    It never raises errors of its own.
    """
    asked = _Question("logind", lambda: _inhibit(why), unwanted=os.close)
    if wait:
        asked.wait(2 * _PATIENCE)
    try:
        yield
    finally:
        asked.abandon()


def is_metered() -> bool:
    """Return whether NetworkManager says that the connection is paid by volume; False if nobody knows."""
    asked = _Question("NetworkManager", _metered)
    return asked.answer(2 * _PATIENCE) in _METERED


def _metered() -> int:
    with open_dbus_connection("SYSTEM", auth_timeout=_PATIENCE) as connection:
        ((_signature, found),) = _ask(connection, Properties(_NETWORK).get("Metered"))
        return int(found)


def is_on_battery() -> bool | None:
    """Return whether UPower says that the computer runs on battery; None if nobody knows."""
    return _Question("UPower", _on_battery).answer(2 * _PATIENCE)


def _on_battery() -> bool:
    with open_dbus_connection("SYSTEM", auth_timeout=_PATIENCE) as connection:
        ((_signature, found),) = _ask(connection, Properties(_POWER).get("OnBattery"))
        return bool(found)


def graphical_login() -> float | None:
    """Return when the user logged in at the screen, by CLOCK_MONOTONIC; None if they did not, or nobody knows.

    Other sessions do not count: on a server, ssh may open one every minute.
    """
    return _Question("logind", _login).answer(2 * _PATIENCE)


def _login() -> float | None:
    with open_dbus_connection("SYSTEM", auth_timeout=_PATIENCE) as connection:
        (found,) = _ask(connection, Properties(_SESSION).get_all())
    (_, kind), (_, began) = found["Type"], found["TimestampMonotonic"]
    return int(began) / _MICROSECONDS if kind in _GRAPHICAL else None


T = TypeVar("T")


class _Question(Generic[T]):
    """A call to the desktop in a thread of its own, for which nobody has to wait.

    The call may hang for ever, fail, or get no thread: then there is no answer. None of that may affect a run, or the
    scripts that put things back.
    """

    def __init__(self, name: str, ask: Callable[[], T], unwanted: Callable[[T], None] = lambda _: None) -> None:
        """Start the call; *unwanted* disposes of an answer that arrives before or after the call is abandoned."""
        self._name = name
        self._ask = ask
        self._unwanted = unwanted
        self._lock = threading.Lock()
        self._come = threading.Event()
        self._found: list[T] = []
        self._abandoned = False
        try:
            # A daemon, for which Python does not wait at exit either.
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:
            _log.warning("%s is not asked: %s", name, error)
            self._come.set()

    def _run(self) -> None:
        try:
            found = self._ask()
        except Exception as error:
            # jeepney raises errors of the socket, the bus and the other side.
            _log.info("%s did not answer: %s", self._name, error)
        else:
            with self._lock:
                self._found.append(found)
                if self._abandoned:
                    self._get_rid()
        self._come.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; return whether it has arrived or never will."""
        return self._come.wait(seconds)

    def answer(self, seconds: float) -> T | None:
        """Return the answer if it arrives within *seconds*."""
        self._come.wait(seconds)
        with self._lock:
            return self._found[0] if self._found else None

    def abandon(self) -> None:
        """Discard the answer, whether it has arrived or not."""
        with self._lock:
            self._abandoned = True
            self._get_rid()

    def _get_rid(self) -> None:
        while self._found:
            self._unwanted(self._found.pop())


def _inhibit(why: str) -> int:
    """Return the descriptor that blocks sleep and shutdown until it is closed."""
    try:
        return _inhibit_by(why, "block")
    except Exception as error:
        _log.info("sleep and shutdown are not blocked: %s", error)
        return _inhibit_by(why, "delay")


def _inhibit_by(why: str, mode: str) -> int:
    body = ("sleep:shutdown", "BorgDesk", why, mode)
    with open_dbus_connection("SYSTEM", enable_fds=True, auth_timeout=_PATIENCE) as connection:
        (lock,) = _ask(connection, new_method_call(_LOGIND, "Inhibit", "ssss", body))
        return int(lock.to_raw_fd())


def _ask(connection: DBusConnection, message: Message) -> tuple[Any, ...]:
    answer: tuple[Any, ...] = unwrap_msg(connection.send_and_get_reply(message, timeout=_PATIENCE))
    return answer
