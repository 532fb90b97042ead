"""Virtual X display with simulated mouse and keyboard."""

from __future__ import annotations

import os
import subprocess
from typing import Self


class Screen:
    """An X server of our own, which chooses a free display number."""

    def __init__(self, size: str = "1280x900x24") -> None:
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
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

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which programs use this display."""
        others = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "XAUTHORITY")}
        return {**others, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

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
