"""Notification daemon on a private bus: a separate program that records notifications and presses buttons.

Arguments: the file to write to, and its capabilities separated by commas. It writes one line of JSON for each
notification: ``[id, replaces, title, text, [actions], urgency]``, and ``[id]`` for one that is closed by its program. A
file ``press`` beside the output file, ``ID KEY``, presses a button. That closes it, as the specification says, unless
the key is ``stays``.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.Notifications"
OURS = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


class Daemon:
    def __init__(self, journal: Path, capabilities: list[str]) -> None:
        self._connection = open_dbus_connection("SESSION")
        self._connection.send_and_get_reply(message_bus.RequestName(NAME))
        self._journal, self._button = journal, journal.with_name("press")
        self._capabilities = capabilities
        self._shown, self._visible = 0, set[int]()
        journal.touch()

    def look(self) -> None:
        """Press the button that is to be pressed, and answer one message."""
        if self._button.exists():
            number, key = self._button.read_text().split()
            self._button.unlink()
            self._press(int(number), key)
        with contextlib.suppress(TimeoutError):
            message = self._connection.receive(timeout=0.02)
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _press(self, number: int, key: str) -> None:
        self._connection.send(new_signal(OURS, "ActivationToken", "us", (number, "a token")))
        self._connection.send(new_signal(OURS, "ActionInvoked", "us", (number, key)))
        if key != "stays":
            self._close(number, 2)

    def _answer(self, message: Message) -> None:
        match message.header.fields.get(HeaderFields.member):
            case "GetCapabilities":
                self._connection.send(new_method_return(message, "as", (self._capabilities,)))
            case "CloseNotification":
                self._connection.send(new_method_return(message))
                if message.body[0] in self._visible:
                    self._write(*message.body)
                    self._close(message.body[0], 3)
            case "Notify":
                _, replaces, _, title, text, actions, hints, _ = message.body
                self._shown += 1
                given = replaces or self._shown
                self._visible.add(given)
                self._write(given, replaces, title, text, actions, hints["urgency"][1])
                self._connection.send(new_method_return(message, "u", (given,)))

    def _close(self, number: int, reason: int) -> None:
        self._visible.discard(number)
        self._connection.send(new_signal(OURS, "NotificationClosed", "uu", (number, reason)))

    def _write(self, *values: object) -> None:
        with self._journal.open("a") as file:
            file.write(json.dumps(values) + "\n")


daemon = Daemon(Path(sys.argv[1]), sys.argv[2].split(","))
while True:
    daemon.look()
