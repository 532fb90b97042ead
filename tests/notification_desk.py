"""A private session bus with a notification daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.engine.desk import wait_until

FAKE = Path(__file__).parent / "fakes" / "notification_daemon.py"


class NotificationDesk:
    """The desktop that shows notifications."""

    def __init__(self, folder: Path, capabilities: str) -> None:
        folder.mkdir()
        self._journal = folder / "shown"
        address = f"unix:path={folder}/bus"
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address"], stdout=subprocess.PIPE
        )
        assert self._bus.stdout is not None
        self._bus.stdout.readline()
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        self._fake = subprocess.Popen(
            [sys.executable, str(FAKE), str(self._journal), capabilities], env=self.environment
        )
        wait_until(self._journal.exists)

    @property
    def shown(self) -> list[list[Any]]:
        """What was shown, and ``[id]`` for what was closed by its program, in order."""
        return [json.loads(line) for line in self._journal.read_text().splitlines()]

    def press(self, number: int, key: str) -> None:
        """Press a button of a notification."""
        unfinished = self._journal.with_name("press.partial")
        unfinished.write_text(f"{number} {key}")
        unfinished.rename(self._journal.with_name("press"))

    def close(self) -> None:
        """End both programs."""
        for process in (self._fake, self._bus):
            process.terminate()
            process.communicate()
