"""Tray hosts as desktops have them: a StatusNotifier host on a private bus, and an XEmbed host on a display."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Properties,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

from tests.e2e.screen import Screen

_WATCHER = "org.kde.StatusNotifierWatcher"
_INTROSPECTION = f"""<node><interface name="{_WATCHER}">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="RegisteredStatusNotifierItems" type="as" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/>
</interface></node>"""
_PATIENCE = 60.0


class Bus:
    """A private session bus."""

    def __init__(
        self, folder: Path, services: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """When a service of *services* is needed, a folder of service files, it is started with that environment."""
        configuration = folder / "bus.conf"
        places = "" if services is None else f"<servicedir>{services}</servicedir>"
        configuration.write_text(
            f"<busconfig><type>session</type><listen>unix:path={folder}/bus</listen>{places}<policy context='default'>"
            "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy>"
            "</busconfig>"
        )
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._daemon.stdout is not None
        self.address = self._daemon.stdout.readline().strip()

    def close(self) -> None:
        self._daemon.terminate()
        self._daemon.communicate(timeout=20)


class StatusNotifierHost:
    """Watcher, host and notification daemon in one, like the panel of a desktop."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._watching = open_dbus_connection(address)
        self._items: Queue[str] = Queue()
        """Bus names of items, in order of arrival."""
        self.notified: Queue[tuple[str, str]] = Queue()
        """Title and text of each notification."""
        for name in (_WATCHER, "org.freedesktop.Notifications"):
            reply = self._watching.send_and_get_reply(message_bus.RequestName(name))
            assert reply.body == (1,)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Remove the tray and stop."""
        with open_dbus_connection(self._address) as bus:
            ourselves = DBusAddress("/", bus_name=self._watching.unique_name, interface=_WATCHER)
            bus.send_and_get_reply(new_method_call(ourselves, "Close"))
        self._thread.join()
        self._watching.close()

    def item(self) -> Item:
        """Return the next icon that is added to the tray."""
        return Item(self._address, self._items.get(timeout=_PATIENCE))

    def _serve(self) -> None:
        while True:
            message = self._watching.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            member = message.header.fields[HeaderFields.member]
            self._watching.send(self._answer(message, member))
            if member == "Close":
                return

    def _answer(self, message: Message, member: str) -> Message:
        answers: dict[str, tuple[str, tuple[Any, ...]]] = {
            "Introspect": ("s", (_INTROSPECTION,)),
            "Close": ("", ()),
            "RegisterStatusNotifierHost": ("", ()),
            "GetCapabilities": ("as", (["body"],)),
            "GetServerInformation": ("ssss", ("tests", "BorgDesk", "1", "1.2")),
            "Notify": ("u", (1,)),
        }
        if member == "Notify":
            self.notified.put((message.body[3], message.body[4]))
        if member == "RegisterStatusNotifierItem":
            self._items.put(message.header.fields[HeaderFields.sender])
            return new_method_return(message)
        properties: dict[str, tuple[str, Any]] = {
            "IsStatusNotifierHostRegistered": ("b", True),
            "RegisteredStatusNotifierItems": ("as", []),
            "ProtocolVersion": ("i", 0),
        }
        if member == "Get":
            return new_method_return(message, "v", (properties[message.body[1]],))
        if member == "GetAll":
            return new_method_return(message, "a{sv}", (properties,))
        if member not in answers:
            return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")
        signature, body = answers[member]
        return new_method_return(message, signature, body)


class Item:
    """An icon in a StatusNotifier tray."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._object = DBusAddress("/StatusNotifierItem", bus_name=name, interface="org.kde.StatusNotifierItem")

    def activate(self) -> None:
        """Click the icon."""
        with open_dbus_connection(self._address) as bus:
            _ask(bus, new_method_call(self._object, "Activate", "ii", (0, 0)))

    def menu(self) -> dict[str, bool]:
        """Return the texts of the menu's entries, without their mnemonic marks, and whether they can be chosen."""
        with open_dbus_connection(self._address) as bus:
            return {entry.text: entry.enabled for entry in self._layout(bus)[1]}

    def choose(self, text: str) -> None:
        """Choose the menu entry with that text."""
        with open_dbus_connection(self._address) as bus:
            menu, entries = self._layout(bus)
            (number,) = (entry.number for entry in entries if entry.text == text)
            _ask(bus, new_method_call(menu, "Event", "isvu", (number, "clicked", ("s", ""), 0)))

    def _layout(self, bus: DBusConnection) -> tuple[DBusAddress, list[_Entry]]:
        ((_, path),) = _ask(bus, Properties(self._object).get("Menu"))
        menu = DBusAddress(path, bus_name=self._object.bus_name, interface="com.canonical.dbusmenu")
        _, layout = _ask(bus, new_method_call(menu, "GetLayout", "iias", (0, -1, [])))
        return menu, [*_entries(layout)]


class _Entry(NamedTuple):
    number: int
    text: str
    enabled: bool


def _entries(layout: tuple[int, dict[str, tuple[str, Any]], list[tuple[str, Any]]]) -> Iterator[_Entry]:
    number, properties, children = layout
    values = {name: value for name, (_, value) in properties.items()}
    if "label" in values and values.get("visible", True):
        yield _Entry(number, values["label"].replace("_", ""), values.get("enabled", True))
    for _, child in children:
        yield from _entries(child)


def _ask(bus: DBusConnection, message: Message) -> tuple[Any, ...]:
    answer: tuple[Any, ...] = unwrap_msg(bus.send_and_get_reply(message, timeout=_PATIENCE))
    return answer


class XEmbedHost:
    """A tray of the older kind, in a separate process."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("xembed_host.py"))],
            env=screen.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def close(self) -> None:
        """Remove the tray and stop."""
        self._process.terminate()
        self._process.communicate(timeout=20)

    def icon(self) -> str:
        """Return the window id of the next icon."""
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
