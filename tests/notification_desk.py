"""A private session bus with a notification daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.engine.desk import wait_until

BUS = (
    "<busconfig><type>session</type><listen>{address}</listen><policy context='default'>"
    "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy></busconfig>"
)
"""It starts no services: the daemon of this machine has no display here."""
FAKE = Path(__file__).parent / "fakes" / "notification_daemon.py"


class NotificationDesk:
    """The desktop that shows notifications."""

    def __init__(self, folder: Path, capabilities: str) -> None:
        folder.mkdir()
        self._journal = folder / "shown"
        address = f"unix:path={folder}/bus"
        configuration = folder / "bus.conf"
        configuration.write_text(BUS.format(address=address))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address"], stdout=subprocess.PIPE
        )
        assert self._bus.stdout is not None
        self._bus.stdout.readline()
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        self._capabilities = capabilities
        self.start_service()

    @property
    def shown(self) -> list[list[Any]]:
        """What was shown, and ``[id]`` for what was closed by its program, in order."""
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        return [json.loads(line) for line in lines]

    def press(self, number: int, key: str) -> None:
        """Press a button of a notification."""
        unfinished = self._journal.with_name("press.partial")
        unfinished.write_text(f"{number} {key}")
        unfinished.rename(self._journal.with_name("press"))

    def start_service(self) -> None:
        """Start the daemon, as in the beginning."""
        words = [sys.executable, str(FAKE), str(self._journal), self._capabilities]
        self._fake = subprocess.Popen(words, env=self.environment)
        # It makes the file when it has its name on the bus.
        wait_until(self._journal.exists)

    def end_service(self) -> None:
        """End the daemon, and forget what it has shown; the bus stays."""
        self._fake.terminate()
        self._fake.communicate()
        self._journal.unlink()

    def close(self) -> None:
        """End both programs."""
        for process in (self._fake, self._bus):
            process.terminate()
            process.communicate()
