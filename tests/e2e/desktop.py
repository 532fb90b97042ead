"""A desktop of programs that people use: dunst shows the notifications, and Xfce's panel has the tray.

They run on a display, a bus and a home of their own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from jeepney import DBusAddress, Properties, message_bus
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from tests.e2e.screen import Screen
from tests.e2e.trays import Bus, Item
from tests.engine.desk import wait_until

PROGRAMS = ("dbus-daemon", "dunst", "dunstctl", "xfce4-panel", "xdotool", "Xvfb")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

_XFCONF = "org.xfce.Xfconf.service"
_SERVICES = Path("/usr/share/dbus-1/services")
_WATCHER = "org.kde.StatusNotifierWatcher"
_DAEMON = "org.freedesktop.Notifications"
_DUNST = """[global]
monitor = 0
follow = none
notification_limit = 20
dmenu = {chooser}
[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
[urgency_critical]
timeout = 0
"""
_PANEL = """<channel name="xfce4-panel" version="1.0">
<property name="configver" type="int" value="2"/>
<property name="panels" type="array"><value type="int" value="1"/>
<property name="panel-1" type="empty">
<property name="position" type="string" value="p=8;x=0;y=0"/>
<property name="length" type="double" value="100"/>
<property name="size" type="uint" value="32"/>
<property name="plugin-ids" type="array"><value type="int" value="1"/></property>
</property></property>
<property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property>
</channel>
"""


@dataclass(frozen=True)
class Shown:
    """A notification, as dunst has received it."""

    number: int
    title: str
    text: str
    urgency: str
    buttons: frozenset[tuple[str, str]]
    """Keys and labels."""


class Desktop:
    """Ends its programs when it is closed."""

    def __init__(self, folder: Path, *, tray: bool) -> None:
        for name in ("home", "config", "services", "runtime"):
            (folder / name).mkdir(parents=True, mode=0o700)
        shutil.copy(_SERVICES / _XFCONF, folder / "services")
        self._folder, self._label, self._printed = folder, folder / "label", folder / "dunst.log"
        self._programs: list[subprocess.Popen[bytes]] = []
        self.screen = Screen()
        home = {"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_RUNTIME_DIR": "runtime"}
        self._own = {**self.screen.environment, **{name: str(folder / place) for name, place in home.items()}}
        self.bus = Bus(folder, folder / "services", self._own)
        self.environment = {**self.screen.environment, "DBUS_SESSION_BUS_ADDRESS": self.bus.address}
        self._own = {**self._own, "DBUS_SESSION_BUS_ADDRESS": self.bus.address, "NO_AT_BRIDGE": "1"}
        self._start_dunst()
        if tray:
            self._start_panel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self._programs):
            program.terminate()
            program.wait(20)
        self.bus.close()
        self.screen.__exit__()

    # notifications

    @property
    def received(self) -> list[Shown]:
        """All notifications so far."""
        blocks = re.findall(r"^\{\n(.*?)^\}$", self._printed.read_text(), re.MULTILINE | re.DOTALL)
        return [_parsed(block) for block in blocks]

    def notification(self, count: int) -> Shown:
        """Wait until that many notifications have arrived, and return the last of them."""
        wait_until(lambda: len(self.received) >= count)
        assert len(self.received) == count, self.received
        return self.received[-1]

    def visible(self) -> int:
        """Return how many notifications are on the screen."""
        return int(self._dunstctl("count", "displayed"))

    def click(self) -> None:
        """Click the notification at the top."""
        self._dunstctl("action", "0")

    def press(self, label: str) -> None:
        """Press that button, of which there is one on the screen."""
        self._label.write_text(label)
        self._dunstctl("context")

    def close_all(self) -> None:
        """Close all notifications."""
        self._dunstctl("close-all")

    def owns(self, name: str) -> bool:
        """Return whether a process has that name on the bus."""
        with open_dbus_connection(self.bus.address) as bus:
            return bool(unwrap_msg(bus.send_and_get_reply(message_bus.NameHasOwner(name)))[0])

    # tray

    def icons(self) -> list[Item]:
        """Return the icons of the tray."""
        watcher = DBusAddress("/StatusNotifierWatcher", bus_name=_WATCHER, interface=_WATCHER)
        with open_dbus_connection(self.bus.address) as bus:
            asked = Properties(watcher).get("RegisteredStatusNotifierItems")
            ((_, names),) = unwrap_msg(bus.send_and_get_reply(asked))
        return [Item(self.bus.address, name.partition("/")[0]) for name in names]

    def icon(self) -> Item:
        """Wait for the one icon."""
        wait_until(self.icons)
        (icon,) = self.icons()
        return icon

    def colours_in_tray(self) -> set[str]:
        """Return the colours that the panel shows where the icons are."""
        return {*self.screen.colours(*self._tray_place())}

    def click_icon(self, button: int = 1) -> None:
        """Click the icon with a mouse button; with the third, return when the menu is open."""
        left, top, width, height = self._tray_place()
        # From somewhere else, so that the panel sees the pointer come.
        place = left + width // 2, top + height // 2
        self.screen.xdotool("mousemove", 600, 400, "mousemove", *place, "click", button)
        if button == 3:
            wait_until(lambda: len(self._windows_of_tray()) > 1)

    def _tray_place(self) -> tuple[int, int, int, int]:
        window = min(self._windows_of_tray(), key=int)
        told = self.screen.xdotool("getwindowgeometry", "--shell", window)
        found = dict(line.split("=") for line in told.splitlines())
        return int(found["X"]), int(found["Y"]), int(found["WIDTH"]), int(found["HEIGHT"])

    def _windows_of_tray(self) -> list[str]:
        return self.screen.xdotool("search", "--sync", "--onlyvisible", "--class", "^Wrapper-2.0$").split()

    # programs

    def _start_dunst(self) -> None:
        chooser = self._folder / "chooser"
        chooser.write_text(f'#!/bin/sh\nexec grep -m 1 -F -e "#$(cat "{self._label}") ("\n')
        chooser.chmod(0o700)
        configuration = self._folder / "dunstrc"
        configuration.write_text(_DUNST.format(chooser=chooser))
        self._start(_DAEMON, "dunst", "-conf", str(configuration), "-print", output=self._printed)

    def _start_panel(self) -> None:
        place = self._folder / "config" / "xfce4" / "xfconf" / "xfce-perchannel-xml"
        place.mkdir(parents=True)
        (place / "xfce4-panel.xml").write_text(_PANEL)
        self._start(_WATCHER, "xfce4-panel", "--disable-wm-check", output=self._folder / "panel.log")

    def _start(self, name: str, *words: str, output: Path) -> None:
        with output.open("wb") as file:
            self._programs.append(subprocess.Popen(words, env=self._own, stdout=file, stderr=subprocess.STDOUT))
        wait_until(lambda: self.owns(name))

    def _dunstctl(self, *words: str) -> str:
        done = subprocess.run(
            ["dunstctl", *words], env=self._own, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()


def _parsed(block: str) -> Shown:
    def value(name: str) -> str:
        found = re.search(rf"^\t{name}: (.*)$", block, re.MULTILINE)
        assert found is not None, block
        return found[1]

    text = re.search(r"^\tbody: '(.*?)'\n\ticon: ", block, re.MULTILINE | re.DOTALL)
    assert text is not None, block
    buttons = frozenset(re.findall(r'^\t\t"(.*)": "(.*)"$', block, re.MULTILINE))
    return Shown(int(value("id")), value("summary")[1:-1], text[1], value("urgency"), buttons)
