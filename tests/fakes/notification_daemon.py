"""Notification daemon on a private bus: a separate program that records notifications and presses buttons.

Arguments: the file to write to, and its capabilities separated by commas. It writes one line of JSON for each
notification: ``[id, replaces, title, text, [actions], urgency]``, and ``[id]`` for one that is closed by its program. A
file ``press`` beside the output file, ``ID KEY``, presses a button.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.Notifications"
OURS = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


def main() -> None:
    journal, capabilities = Path(sys.argv[1]), sys.argv[2].split(",")
    connection = open_dbus_connection("SESSION")
    connection.send_and_get_reply(message_bus.RequestName(NAME))
    journal.touch()
    shown, button = 0, journal.with_name("press")

    def write(*values: object) -> None:
        with journal.open("a") as file:
            file.write(json.dumps(values) + "\n")

    def close(number: int, reason: int) -> None:
        connection.send(new_signal(OURS, "NotificationClosed", "uu", (number, reason)))

    while True:
        if button.exists():
            number, key = button.read_text().split()
            button.unlink()
            connection.send(new_signal(OURS, "ActivationToken", "us", (int(number), "a token")))
            connection.send(new_signal(OURS, "ActionInvoked", "us", (int(number), key)))
            close(int(number), 2)
        with contextlib.suppress(TimeoutError):
            message = connection.receive(timeout=0.02)
            if message.header.message_type is not MessageType.method_call:
                continue
            match message.header.fields.get(HeaderFields.member):
                case "GetCapabilities":
                    connection.send(new_method_return(message, "as", (capabilities,)))
                case "CloseNotification":
                    write(*message.body)
                    connection.send(new_method_return(message))
                    close(message.body[0], 3)
                case "Notify":
                    _, replaces, _, title, text, actions, hints, _ = message.body
                    shown += 1
                    given = replaces or shown
                    write(given, replaces, title, text, actions, hints["urgency"][1])
                    connection.send(new_method_return(message, "u", (given,)))


main()
