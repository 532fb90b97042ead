"""One connection to the session bus, over which notifications are shown, and clicks on them heard.

Some desktops (GNOME) remove the notifications of a program as soon as it leaves the bus. So one process stays for all
that are visible: the window, or else :mod:`~borgdesk.engine.desktop.notification_program`. It owns a name on the bus,
under which it takes the notifications of processes that end.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any, Self

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

from borgdesk.domain.digests import sha256
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.domain.window_request import WindowRequest
from borgdesk.engine.desktop.notification import Notification
from borgdesk.engine.desktop.session import body_for
from borgdesk.paths import Paths

_log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds to wait for an answer."""

_NAME = "org.freedesktop.Notifications"
_DAEMON = DBusAddress("/org/freedesktop/Notifications", bus_name=_NAME, interface=_NAME)
_CRITICAL, _NORMAL = 2, 1
_UNTIL_CLOSED, _AS_THE_DESKTOP_LIKES = 0, -1

_OURS = "org.borgdesk.Notifications"
_PATH = "/org/borgdesk/Notifications"
_ALLOW_REPLACEMENT, _REPLACE, _DO_NOT_QUEUE = 1, 2, 4
_IS_OWNER = (1, 4)
"""Replies to ``RequestName``: it is ours now, or was before."""


def name_on_bus(paths: Paths) -> str:
    """Return the name of the process that shows the notifications of all that use these files."""
    data = os.path.realpath(paths.data)
    return f"{_OURS}.h{sha256(os.fsencode(data)).hexdigest()[:16]}"


_SIGNATURES = {
    "ActionInvoked": "us",
    "ActivationToken": "us",
    "NotificationClosed": "uu",
    "NameOwnerChanged": "sss",
    "Show": "s",
    "Shown": "ss",
}
"""What the messages contain that are heard; anybody on the bus can send others."""


class NotificationSession:
    """Not for several threads at once. Its methods raise errors of the socket, the bus and the other side."""

    def __init__(
        self,
        name: str,
        shown: dict[int, Notification],
        pressed: Callable[[WindowRequest, str], None],
        given: Callable[[Notification], None],
    ) -> None:
        """*shown* gets what is visible, by the desktop's id; *given* gets what other processes want to be shown.

        *pressed* gets what a click opens, and the token with which a window may take the focus, or "".
        """
        self._name, self._shown, self._pressed, self._given = name, shown, pressed, given
        self._connection: DBusConnection = open_dbus_connection("SESSION", auth_timeout=PATIENCE)
        self._heard: deque[Message] = deque()
        self._tokens: dict[int, str] = {}
        self._capabilities: frozenset[str] | None = None
        self._filters = contextlib.ExitStack()
        for rule in self._rules():
            self._ask(message_bus.AddMatch(rule))
            self._filters.enter_context(self._connection.filter(rule, queue=self._heard))
        calls = MatchRule(type="method_call", interface=_OURS)
        self._filters.enter_context(self._connection.filter(calls, queue=self._heard))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._filters.close()
        self._connection.close()

    def fileno(self) -> int:
        """Return the socket on which to wait for :meth:`hear`."""
        number: int = self._connection.sock.fileno()
        return number

    @property
    def reports_clicks(self) -> bool:
        """Whether the desktop shows buttons."""
        return "actions" in self._abilities()

    def own_name(self, *, for_good: bool) -> bool:
        """Become the process that is given notifications; return whether that worked.

        *for_good* takes over from one that is not.
        """
        flags = _DO_NOT_QUEUE | (_REPLACE if for_good else _ALLOW_REPLACEMENT)
        return self._ask(message_bus.RequestName(self._name, flags))[0] in _IS_OWNER

    def release_name(self) -> None:
        """Be given no more notifications; those that were sent before can still be heard."""
        self._ask(message_bus.ReleaseName(self._name))

    def give(self, notification: Notification) -> None:
        """Give a notification to the process that owns the name."""
        owner = DBusAddress(_PATH, bus_name=self._name, interface=_OURS)
        self._ask(new_method_call(owner, "Show", "s", (notification.to_json(),)))

    def show(self, notification: Notification) -> None:
        """Show a notification, in place of an earlier one about the same, whichever process has shown that."""
        actions = [word for button in notification.buttons for word in (button.key, button.label)]
        replaced = self._visible(notification.tag)
        hints = {
            "urgency": ("y", _CRITICAL if notification.urgent else _NORMAL),
            "desktop-entry": ("s", APPLICATION_ID),
        }
        text = body_for(self._abilities(), notification.text)
        expires = _UNTIL_CLOSED if notification.urgent else _AS_THE_DESKTOP_LIKES
        body = (
            "BorgDesk", replaced or 0, APPLICATION_ID, notification.title, text,
            actions if self.reports_clicks else [], hints, expires,
        )  # fmt: skip
        (number,) = self._ask(new_method_call(_DAEMON, "Notify", "susssasa{sv}i", body))
        if replaced is not None:
            del self._shown[replaced]
        self._shown[number] = notification
        news = (self._name, notification.tag)
        self._connection.send(new_signal(DBusAddress(_PATH, interface=_OURS), "Shown", "ss", news))

    def hear(self) -> None:
        """Handle what has arrived, without waiting."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._connection.recv_messages(timeout=0)
        while self._heard:
            message = self._heard.popleft()
            fields = message.header.fields
            member = fields.get(HeaderFields.member)
            if fields.get(HeaderFields.signature, "") != _SIGNATURES.get(member, ""):
                _log.warning("a message about notifications is not understood: %s", member)
                continue
            match fields.get(HeaderFields.interface), fields.get(HeaderFields.member):
                case (name, member) if name == _NAME:
                    self._hear_desktop(str(member), message.body)
                case (name, "Show") if name == _OURS:
                    self._take(message)
                case (name, "Shown") if name == _OURS:
                    if fields.get(HeaderFields.sender) != self._connection.unique_name:
                        self._withdraw(*message.body)
                case (_, "NameOwnerChanged") if message.body[1]:
                    # The desktop's service has ended. Another one may use the same numbers again.
                    self._shown.clear()

    def _hear_desktop(self, member: str, body: tuple[Any, ...]) -> None:
        number = body[0]
        match member:
            case "ActivationToken":
                self._tokens[number] = body[1]
            case "ActionInvoked" if number in self._shown:
                opens = self._shown.pop(number).opened_by(body[1])
                # A click closes it, says the specification; dunst leaves it where it is.
                self._connection.send(new_method_call(_DAEMON, "CloseNotification", "u", (number,)))
                if opens is not None:
                    self._pressed(opens, self._tokens.pop(number, ""))
            case "NotificationClosed":
                self._shown.pop(number, None)
                self._tokens.pop(number, None)

    def _take(self, call: Message) -> None:
        try:
            self._given(Notification.from_json(call.body[0]))
        except (InvalidInput, ValueError, TypeError, KeyError, IndexError) as error:
            _log.warning("a notification of another process is not understood: %s", error)
        self._connection.send(new_method_return(call))

    def _withdraw(self, name: str, tag: str) -> None:
        """Close ours when another process has shown a newer one about the same."""
        number = self._visible(tag) if name == self._name else None
        if number is not None:
            del self._shown[number]
            self._ask(new_method_call(_DAEMON, "CloseNotification", "u", (number,)))

    def _visible(self, tag: str) -> int | None:
        return next((number for number, one in self._shown.items() if one.tag == tag), None)

    def _abilities(self) -> frozenset[str]:
        if self._capabilities is None:
            (capabilities,) = self._ask(new_method_call(_DAEMON, "GetCapabilities"))
            self._capabilities = frozenset(capabilities)
        return self._capabilities

    def _ask(self, message: Message) -> tuple[Any, ...]:
        answer: tuple[Any, ...] = unwrap_msg(self._connection.send_and_get_reply(message, timeout=PATIENCE))
        return answer

    @staticmethod
    def _rules() -> list[MatchRule]:
        """Return what is to be heard of signals."""
        gone = MatchRule(type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged")
        gone.add_arg_condition(0, _NAME)
        return [
            MatchRule(type="signal", interface=_NAME, path=_DAEMON.object_path),
            MatchRule(type="signal", interface=_OURS, path=_PATH, member="Shown"),
            gone,
        ]
