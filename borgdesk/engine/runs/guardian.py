"""The guardian: a small process that outlives the application and then runs the scripts that its run owes.

It is started with the run, in a session of its own, and holds the read end of a pipe whose write end only the
application has. While the application lives, the guardian blocks in ``read``. Through the pipe it receives what the run
owes, and the message that the run is over; end of file without that message means that the application has died.

It first uses the installed program. If that fails, because it was replaced or removed meanwhile, it uses what it holds
in memory.
"""

import os
import sys
import time

from borgdesk.engine.processes.supervisor import receive
from borgdesk.engine.runs import last_resort
from borgdesk.translation import _, language

OVER = b"over"
OWED = b"owed"
HOLDS = b"holds"
"""The types of messages."""

_READY = b"r"

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 60.0
"""Seconds between two attempts; each pause is twice as long as the one before it."""

_PATIENCE = 24 * 3600.0
"""Seconds for which it keeps trying; the next start of BorgDesk tries, too."""


def main() -> int:
    """Watch one run.

    Arguments: the run's id; descriptors of the pipe to read from, of the pipe to report *ready* on, and of the turn at
    the run's location; the command that recovers dead runs. The process starts with the signals sent at logout blocked:
    see :mod:`borgdesk.engine.processes.logout_signals`.
    """
    run_id, life, ready, turn = map(int, sys.argv[1:5])
    os.write(ready, _READY)
    os.close(ready)
    # Loaded now: when a message is needed, the catalogue may have been removed with BorgDesk.
    language()
    owed = None
    while (message := receive(life)) is not None:
        if message[0] == OVER:
            os._exit(0)  # the run waits for this exit, which Python's cleanup would delay
        if message[0] == HOLDS:
            last_resort.load_holds()
            continue
        owed = b"\0".join(message[1:])
    why = _recover(run_id, owed)
    if why is None:
        return 0
    last_resort.say(f"run {run_id} could not be recovered: {why}")
    if owed is not None:
        _put_back(owed, why)
    # Another process may take over the turn: this one does nothing more.
    os.close(turn)
    return _go_on(sys.argv[5:])


def _recover(run_id: int, owed: bytes | None) -> str | None:
    """Let the installed program recover the run; return why that failed, or None."""
    try:
        # Imported only when needed: until then, the guardian is as small as a bare Python.
        from borgdesk.domain.ids import RunId
        from borgdesk.engine.processes import logout_signals
        from borgdesk.engine.runs.recovery import recover_as_guardian

        logout_signals.catch()
        return recover_as_guardian(RunId(run_id), () if owed is None else last_resort.texts_in(owed))
    except BaseException as error:
        # Importing a program that is being replaced may raise anything, and must not end this process.
        return _("BorgDesk can no longer be started ({kind}: {error}).").format(kind=type(error).__name__, error=error)


def _put_back(owed: bytes, why: str) -> None:
    text = _("The scripts still owed could not be run. Check that all services are running.")
    try:
        done, not_done = last_resort.put_back(owed)
    except Exception as error:
        last_resort.say(repr(error))
    else:
        text = last_resort.in_words(done, not_done)
    _tell(_("BorgDesk was interrupted during a backup"), f"{text} {why}")


def _tell(title: str, text: str) -> None:
    try:
        from borgdesk.engine.desktop.notification import Notification
        from borgdesk.engine.desktop.notification_sending import send

        send(os.environ, Notification("", title, text, urgent=True))
    except BaseException:
        last_resort.tell(title, text)


def _go_on(recover: list[str]) -> int:
    """Retry, in new processes that run the program as installed now, until the run is recorded in history."""
    end = time.monotonic() + _PATIENCE
    pause = _FIRST_PAUSE
    while time.monotonic() + pause < end:
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
        try:
            pid = os.posix_spawn(recover[0], recover, os.environ, setsigmask=())
        except OSError as error:
            last_resort.say(f"{recover[0]} cannot be started: {error.strerror}")
            continue
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
            return 0
    return 1
