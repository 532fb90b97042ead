"""The guardian: a small process that outlives the application and then does what its run owes.

It is started with the run, in a session of its own, and holds the reading end of a pipe whose other end only the
application has. While the application lives it sleeps in one ``read``. A byte says that the run is over; the end of the
pipe without one says that the application is dead.
"""

import os
import signal
import sys

_OVER = b"o"
_READY = b"r"


def _stay(_number: int, _frame: object) -> None:
    pass


def main() -> int:
    """Watch over one run. Arguments: the run's id, the pipe to read from, the pipe to say *ready* on."""
    run_id, life, ready = map(int, sys.argv[1:4])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Logout and Ctrl-C reach everybody; the one who puts things back must not be among the first to go. They are
        # caught, not ignored: what is ignored stays so in every program we start, and scripts could not be stopped.
        signal.signal(number, _stay)
    os.write(ready, _READY)
    os.close(ready)
    if os.read(life, 1) == _OVER:
        return 0
    # Not before it is needed: while all is well, the guardian is as small as a bare Python.
    from borgdesk.engine.recovery import recover_as_guardian

    return recover_as_guardian(run_id)


if __name__ == "__main__":
    sys.exit(main())
