"""Virtual X display with simulated mouse and keyboard."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Self


class Screen:
    """An X server of our own, which chooses a free display number."""

    def __init__(self, size: str = "1280x900x24") -> None:
        self._pictures = tempfile.TemporaryDirectory(prefix="borgdesk-screen-")
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                size,
                "-nolisten",
                "tcp",
                "-fbdir",
                self._pictures.name,
            ],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            self.display = f":{told.readline().strip()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(20)
        self._pictures.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which programs use this display."""
        others = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "XAUTHORITY")}
        return {**others, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def colours(self, left: int, top: int, width: int, height: int) -> Counter[str]:
        """Return how many pixels of a rectangle have which colour, such as ``#c01c28``."""
        with (Path(self._pictures.name) / "Xvfb_screen0").open("rb") as file:
            dump = file.read()
        header = struct.unpack(">25I", dump[:100])
        begin, order, line = header[0] + 12 * header[19], "<" if header[7] == 0 else ">", header[12]
        found = Counter[str]()
        for row in range(top, top + height):
            place = begin + row * line + 4 * left
            for value in struct.unpack(f"{order}{width}I", dump[place : place + 4 * width]):
                found[f"#{value & 0xFFFFFF:06x}"] += 1
        return found

    def xdotool(self, *arguments: object) -> str:
        """Run xdotool and return its output."""
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout.strip()

    def click(self, x: int, y: int) -> None:
        """Click with the left button at a position on the screen."""
        self.xdotool("mousemove", "--sync", x, y, "click", 1)

    def type_keys(self, *keys: str) -> None:
        """Press keys by their X names, such as ctrl+4."""
        self.xdotool("key", *keys)

    def focus(self, title: str) -> None:
        """Focus a window, as a window manager would."""
        self.xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}", "windowfocus", "--sync")
