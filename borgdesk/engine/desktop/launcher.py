"""Progress in the task bar or dock, over the launcher API that those of several desktops understand."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from jeepney import DBusAddress, new_signal
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from borgdesk.domain.version import APPLICATION_ID

_log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds to wait for the bus."""
_PAUSE = 0.5
"""Seconds between two messages: what comes meanwhile is replaced by what comes last."""
_FAREWELL = 1.0
"""Seconds that the end of the program waits for the last message."""
_ENTRY = f"application://{APPLICATION_ID}.desktop"
_INTERFACE = "com.canonical.Unity.LauncherEntry"
_STEPS = 200
"""Differences between two fractions that are told apart."""


@dataclass(frozen=True, slots=True)
class LauncherState:
    """What the entry of BorgDesk shows."""

    fraction: float | None = None
    """From 0 to 1; None shows no progress."""
    urgent: bool = False
    """Whether something needs the user's attention."""

    def rounded(self) -> LauncherState:
        """Return the state without differences that nobody would see."""
        if self.fraction is None:
            return self
        return LauncherState(round(min(max(self.fraction, 0.0), 1.0) * _STEPS) / _STEPS, self.urgent)


_NOTHING = LauncherState()


class Launcher:
    """Sends states in a thread of its own, so that nobody waits for the bus. Without one it does nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._has_bus = bool(environment.get("DBUS_SESSION_BUS_ADDRESS"))
        self._changed = threading.Condition()
        self._wanted = self._told = _NOTHING
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> LauncherState:
        """What is shown, or will be as soon as possible."""
        return self._wanted

    def show(self, state: LauncherState) -> None:
        """Show a state soon, unless another one follows."""
        state = state.rounded()
        with self._changed:
            if self._closed or state == self._wanted:
                return
            self._wanted = state
            if self._has_bus and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="launcher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Clear the entry at the end of the program."""
        with self._changed:
            self._closed, self._wanted = True, _NOTHING
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_FAREWELL)

    # in its thread

    def _work(self) -> None:
        try:
            # The entry is cleared when this connection ends, even if the program is killed.
            with open_dbus_connection("SESSION", auth_timeout=_PATIENCE) as connection:
                self._serve(connection)
        except Exception as error:
            # jeepney raises errors of the socket, the bus and the other side.
            _log.info("the task bar shows no progress: %s", error)
            self._has_bus = False

    def _serve(self, connection: DBusConnection) -> None:
        entry = DBusAddress(f"/com/canonical/unity/launcherentry/{os.getpid()}", interface=_INTERFACE)
        while (state := self._next()) is not None:
            values = {
                "progress": ("d", state.fraction or 0.0),
                "progress-visible": ("b", state.fraction is not None),
                "urgent": ("b", state.urgent),
            }
            connection.send(new_signal(entry, "Update", "sa{sv}", (_ENTRY, values)))
            with contextlib.suppress(TimeoutError):
                # What the bus says is of no interest, but it must not pile up.
                while True:
                    connection.recv_messages(timeout=0)
            self._told = state
            self._rest()

    def _next(self) -> LauncherState | None:
        """Return the next state to show; None once the last one was shown."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted != self._told)
            return self._wanted if self._wanted != self._told else None

    def _rest(self) -> None:
        end = time.monotonic() + _PAUSE
        with self._changed:
            self._changed.wait_for(lambda: self._closed, timeout=max(0.0, end - time.monotonic()))
