"""Login manager and notification daemon on a private bus: a separate program that records requests.

Arguments: the bus's address, the file to write to, and how logind answers: ``grants``, ``refuses-block``, ``silent``,
or ``late``, which grants once there is a file ``go`` beside the output file. It writes one line of JSON each:
``["ready"]``, ``["inhibit", what, who, why, mode]``, ``["refused"]``, ``["released"]``, ``["notify", title, text,
urgency]``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from pathlib import Path
from typing import Any

from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAMES = ("org.freedesktop.login1", "org.freedesktop.Notifications")


class Desktop:
    def __init__(self, connection: DBusConnection, journal: Path, manner: str) -> None:
        self._connection = connection
        self._journal = journal
        self._manner = manner
        self._held: list[int] = []
        self._late: list[Message] = []

    def write(self, *words: str) -> None:
        with self._journal.open("a") as file:
            file.write(json.dumps(words) + "\n")

    def look(self) -> None:
        """Answer one message, and check which locks were released."""
        with contextlib.suppress(TimeoutError):
            message = self._connection.receive(timeout=0.02)
            if message.header.message_type is MessageType.method_call:
                self._answer(message)
        if self._late and self._journal.with_name("go").exists():
            self._grant(self._late.pop())
        for lock in select.select(self._held, [], [], 0)[0]:
            self._held.remove(lock)
            os.close(lock)
            self.write("released")

    def _answer(self, message: Message) -> None:
        match message.header.fields.get(HeaderFields.member):
            case "Inhibit":
                self._inhibit(message)
            case "GetCapabilities":
                self._send(new_method_return(message, "as", (["body"],)))
            case "Notify":
                _, _, _, title, text, _, hints, _ = message.body
                self.write("notify", title, text, str(hints["urgency"][1]))
                self._send(new_method_return(message, "u", (1,)))

    def _inhibit(self, message: Message) -> None:
        self.write("inhibit", *message.body)
        if self._manner == "silent":
            return
        if self._manner == "refuses-block" and message.body[3] == "block":
            self.write("refused")
            self._send(new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "s", ("Permission denied",)))
            return
        if self._manner == "late":
            self._late.append(message)
        else:
            self._grant(message)

    def _grant(self, message: Message) -> None:
        ours, theirs = os.pipe()
        self._held.append(ours)
        self._send(new_method_return(message, "h", (theirs,)))
        os.close(theirs)

    def _send(self, message: Any) -> None:
        self._connection.send(message)


def main() -> None:
    address, journal, manner = sys.argv[1:4]
    connection = open_dbus_connection(address, enable_fds=True)
    for name in NAMES:
        connection.send_and_get_reply(message_bus.RequestName(name))
    desktop = Desktop(connection, Path(journal), manner)
    desktop.write("ready")
    while True:
        desktop.look()


if __name__ == "__main__":
    main()
