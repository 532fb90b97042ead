"""Our end of the guardian: starting it, knowing that it watches, and telling it that the run is over."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Self

from borgdesk.domain.errors import RunRefused
from borgdesk.engine.process import Detached, StartFailed
from borgdesk.engine.queue import Turn
from borgdesk.engine.workspace import Workspace

_PATIENCE = 20.0
"""Seconds the guardian may take to say that it watches; on an idle machine it takes some hundredths."""

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from borgdesk.engine.guardian import main; sys.exit(main())"
"""Works in a checkout and when installed, whatever the current directory, and puts nothing into the environment."""

_SHIELDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that reach everybody at a logout. Who puts things back must not be among the first to go, so the guardian is
born with them blocked: there is no moment in which it could die of one."""


class Watch:
    """A guardian for one run."""

    def __init__(self, workspace: Workspace, run_id: int, turn: Turn) -> None:
        """Start it. It inherits *turn*, so that the location stays taken until it has done its work.

        Raises:
            RunRefused: it could not be started; without it nothing may be stopped.
        """
        life, self._life = os.pipe()
        self._ready, ready = os.pipe()
        root = str(Path(__file__).parent.parent.parent)
        # Without the site's packages, which it has no use for while all is well, it is there in two thirds of the time.
        argv = [sys.executable, "-S", "-P", "-c", _START, root, str(run_id), str(life), str(ready)]
        log = workspace.paths.state / "guardian.log"
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SHIELDED)
        try:
            self._guardian = Detached(argv, workspace.environment, (life, ready, turn.descriptor), log)
        except (StartFailed, OSError) as error:
            os.close(self._life)
            os.close(self._ready)
            raise RunRefused(f"The guardian of the run could not be started: {error}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(life)
            os.close(ready)

    def __enter__(self) -> Self:
        return self

    def confirm(self) -> None:
        """Wait until it watches. It comes up while the run is armed; nothing may be stopped before.

        Raises:
            RunRefused: it died, or is not there in time.
        """
        readable, _, _ = select.select([self._ready], [], [], _PATIENCE)
        if not readable or not os.read(self._ready, 1):
            raise RunRefused("The guardian of the run did not start, so nothing was stopped. See guardian.log.")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let it go. After an exception it sees the pipe close instead, and does what is owed."""
        if kind is None:
            with contextlib.suppress(BrokenPipeError):  # it was killed
                os.write(self._life, b"o")
        self._leave()
        if kind is None:
            self._guardian.wait(_PATIENCE)

    def _leave(self) -> None:
        os.close(self._life)
        os.close(self._ready)

    @property
    def pid(self) -> int:
        """The guardian's process id."""
        return self._guardian.pid


def lower_shield() -> None:
    """In the guardian, before it starts anything: what is blocked stays so in programs that it starts.

    What was blocked is caught from now on, which ends with the start of a program, so that scripts can be stopped.
    """

    def stay(_number: int, _frame: FrameType | None) -> None:
        pass

    for number in _SHIELDED:
        signal.signal(number, stay)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SHIELDED)
