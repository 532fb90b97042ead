"""The application's side of the guardian: starts it, checks that it watches, and tells it that the run is over."""

from __future__ import annotations

import os
import select
import time
from typing import Self

from borgdesk.domain.errors import RunRefused
from borgdesk.domain.ids import RunId
from borgdesk.engine.processes import logout_signals
from borgdesk.engine.processes.process import Detached, StartFailed
from borgdesk.engine.processes.self_start import GUARDIAN, python_command
from borgdesk.engine.processes.supervisor import framed
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.runs.guardian import HOLDS, OVER, OWED
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_PATIENCE = 20.0
"""Seconds for the guardian to become ready; on an idle machine it takes some hundredths."""


class GuardianClient:
    """The guardian of one run."""

    def __init__(self, workspace: Workspace, run_id: RunId, turn: Turn) -> None:
        """Start it. It inherits *turn*, so that the location stays taken until it has finished.

        Raises:
            RunRefused: it could not be started; without it nothing may be stopped.
        """
        life, self._life = os.pipe()
        os.set_blocking(self._life, False)
        self._ready, ready = os.pipe()
        # Without site-packages it starts in two thirds of the time.
        argv = [
            *python_command(GUARDIAN, "-S"),
            *map(str, (run_id, life, ready, turn.descriptor)),
            *python_command("borgdesk.__main__"),
            "recover",
        ]
        log = workspace.paths.state / "guardian.log"
        try:
            with logout_signals.blocked():
                self._guardian = Detached(argv, workspace.environment, (life, ready, turn.descriptor), log)
        except (StartFailed, OSError) as error:
            os.close(self._life)
            os.close(self._ready)
            raise RunRefused(_("The guardian of the run could not be started: {error}").format(error=error)) from error
        finally:
            os.close(life)
            os.close(ready)

    def __enter__(self) -> Self:
        return self

    def confirm(self) -> None:
        """Wait until it is ready. It starts while the run is armed; nothing may be stopped before.

        Raises:
            RunRefused: it died, or was not ready in time.
        """
        readable = select.select([self._ready], [], [], _PATIENCE)[0]
        if not readable or not os.read(self._ready, 1):
            raise RunRefused(_("The guardian of the run did not start, so nothing was stopped. See guardian.log."))

    def hand_over(self, owed: bytes) -> bool:
        """Give it what the run owes now, replacing earlier data; return whether it has received it."""
        return self._say(OWED + b"\0" + owed)

    def announce_holds(self) -> None:
        """Let it load what decides about services that several runs keep stopped, before anything is stopped."""
        self._say(HOLDS)

    def _say(self, text: bytes) -> bool:
        """Send a message, without waiting long for a guardian that was stopped or killed."""
        rest = memoryview(framed(text))
        end = time.monotonic() + _PATIENCE
        try:
            while rest:
                writable = select.select([], [self._life], [], max(0.0, end - time.monotonic()))[1]
                if not writable:
                    return False
                rest = rest[os.write(self._life, rest) :]
        except BrokenPipeError:
            return False
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Release it. After an exception it sees the pipe close instead, and executes what is owed."""
        if kind is None:
            self._say(OVER)
        self._leave()
        # If it was stopped (SIGSTOP), it would keep the location taken, or not execute what is owed.
        self._guardian.resume()
        if kind is None and not self._guardian.wait(_PATIENCE):
            self._guardian.kill()

    def _leave(self) -> None:
        os.close(self._life)
        os.close(self._ready)

    @property
    def pid(self) -> int:
        """The guardian's pid."""
        return self._guardian.pid
