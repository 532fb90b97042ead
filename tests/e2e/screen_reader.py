"""What a screen reader receives: the accessibility bus of the desktop, with nothing of Qt in between."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

ACCESSIBLE, ACTION, COMPONENT, VALUE = (
    f"org.a11y.atspi.{name}" for name in ("Accessible", "Action", "Component", "Value")
)
_REGISTRY = "org.a11y.atspi.Registry"
_EVENTS = "org.a11y.atspi.Event.Object"
_PATIENCE = 60.0
_FOCUSED, _ENABLED, _SHOWING = 12, 8, 25
"""Bits of states."""


@dataclass(frozen=True)
class Node:
    """One object, as the bus describes it."""

    bus_name: str
    path: str
    role: str
    name: str
    states: int

    @property
    def is_enabled(self) -> bool:
        return bool(self.states >> _ENABLED & 1)

    @property
    def is_showing(self) -> bool:
        return bool(self.states >> _SHOWING & 1)


@dataclass(frozen=True)
class Event:
    """Something that happened to an object."""

    kind: str
    detail: str
    value: int
    text: Any
    bus_name: str
    path: str


class SessionBus:
    """A bus of our own, which starts the accessibility bus on demand."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._daemon = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        assert self._daemon.stdout is not None
        self.address = self._daemon.stdout.readline().strip()

    def close(self) -> None:
        self._daemon.terminate()
        self._daemon.communicate(timeout=20)


class ScreenReader:
    """Listens to events, and asks for objects."""

    def __init__(self, session_bus: str) -> None:
        with open_dbus_connection(session_bus) as session:
            address = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
            (found,) = _body(session.send_and_get_reply(new_method_call(address, "GetAddress"), timeout=_PATIENCE))
        self._bus: DBusConnection = open_dbus_connection(found)
        self._heard: deque[Message] = deque()
        rule = MatchRule(type="signal", interface=_EVENTS)
        self._bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=_PATIENCE)
        self._filter = self._bus.filter(rule, queue=self._heard)
        self._call(_REGISTRY, "/org/a11y/atspi/registry", _REGISTRY, "RegisterEvent", "s", "object")

    def close(self) -> None:
        self._filter.close()
        self._bus.close()

    def wait_for(self, role: str, name: str, *, enabled: bool = True) -> Node:
        """Return the object with that role and name as soon as it can be seen."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            for node in self.nodes():
                if (node.role, node.name) == (role, name) and node.is_showing and node.is_enabled >= enabled:
                    return node
            self._listen()
        raise AssertionError(f"no {role} “{name}”: {sorted({(node.role, node.name) for node in self.nodes()})}")

    def nodes(self) -> list[Node]:
        """Return every object of all programs; those that go away meanwhile are left out."""
        found: list[Node] = []
        waiting = list(self._children(_REGISTRY, "/org/a11y/atspi/accessible/root"))
        while waiting:
            bus_name, path = waiting.pop()
            try:
                low, high = self._call(bus_name, path, ACCESSIBLE, "GetState")[0]
                role = self._call(bus_name, path, ACCESSIBLE, "GetRoleName")[0]
                found.append(
                    Node(bus_name, path, role, self._get(bus_name, path, ACCESSIBLE, "Name"), low | high << 32)
                )
                waiting += self._children(bus_name, path)
            except LookupError:
                continue
        return found

    def actions(self, node: Node) -> list[str]:
        """Return the names of what can be done with an object."""
        count = self._get(node.bus_name, node.path, ACTION, "NActions")
        return [self._call(node.bus_name, node.path, ACTION, "GetName", "i", n)[0] for n in range(count)]

    def act(self, node: Node, action: str) -> None:
        """Do something with an object."""
        self._call(node.bus_name, node.path, ACTION, "DoAction", "i", self.actions(node).index(action))

    def focus(self, node: Node) -> None:
        """Move the keyboard to an object."""
        self._call(node.bus_name, node.path, COMPONENT, "GrabFocus")

    def value(self, node: Node) -> float:
        """Return the value of a progress bar."""
        return float(self._get(node.bus_name, node.path, VALUE, "CurrentValue"))

    def describe(self, node: Node) -> str:
        """Return what is said of an object in addition to its name."""
        return str(self._get(node.bus_name, node.path, ACCESSIBLE, "Description"))

    def hear(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the first event that *wanted* accepts, of those that were not looked at yet."""
        end = time.monotonic() + _PATIENCE
        passed: list[str] = []
        while time.monotonic() < end:
            while self._heard:
                event = _event(self._heard.popleft())
                if wanted(event):
                    return event
                passed.append(f"{event.kind} {event.detail} {event.text}")
            self._listen()
        raise AssertionError(f"nobody said so, but: {passed[-30:]}")

    def _listen(self) -> None:
        """Wait until something happens, though not for long: not every change is an event."""
        with contextlib.suppress(TimeoutError):
            self._bus.recv_messages(timeout=0.5)

    def name_of(self, event: Event) -> tuple[str, str]:
        """Return role and name of the object of an event; empty if it is gone."""
        try:
            role = self._call(event.bus_name, event.path, ACCESSIBLE, "GetRoleName")[0]
            return role, self._get(event.bus_name, event.path, ACCESSIBLE, "Name")
        except LookupError:
            return "", ""

    def _children(self, bus_name: str, path: str) -> Iterator[tuple[str, str]]:
        yield from self._call(bus_name, path, ACCESSIBLE, "GetChildren")[0]

    def _get(self, bus_name: str, path: str, interface: str, name: str) -> Any:
        return self._call(bus_name, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)[0][1]

    def _call(self, bus_name: str, path: str, interface: str, method: str, types: str = "", *values: Any) -> Any:
        address = DBusAddress(path, bus_name=bus_name, interface=interface)
        return _body(self._bus.send_and_get_reply(new_method_call(address, method, types, values), timeout=_PATIENCE))


def _body(reply: Message) -> Any:
    """Return what was answered.

    Raises:
        LookupError: there is no such object any more.
    """
    if reply.header.message_type is MessageType.error:
        raise LookupError(reply.body)
    return reply.body


def _event(message: Message) -> Event:
    fields = message.header.fields
    detail, value, _second, (_type, text), *_ = message.body
    sender, path = fields[HeaderFields.sender], fields[HeaderFields.path]
    return Event(fields[HeaderFields.member], detail, value, text, sender, path)
