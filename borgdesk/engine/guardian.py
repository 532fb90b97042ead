"""The guardian: a small process that outlives the application and then does what its run owes.

It is started with the run, in a session of its own, and holds the reading end of a pipe whose other end only the
application has. While the application lives it sleeps in one ``read``. A byte says that the run is over; the end of the
pipe without one says that the application is dead.
"""

import os
import sys

_OVER = b"o"
_READY = b"r"


def main() -> int:
    """Watch over one run. Arguments: the run's id, the pipe to read from, the pipe to say *ready* on.

    It is born with the signals blocked that reach everybody at a logout: see :mod:`borgdesk.engine.watch`.
    """
    run_id, life, ready = map(int, sys.argv[1:4])
    os.write(ready, _READY)
    os.close(ready)
    if os.read(life, 1) == _OVER:
        os._exit(0)  # the run waits for this end, and Python would tidy up first
    # Not before it is needed: while all is well, the guardian is as small as a bare Python.
    import site

    site.main()
    from borgdesk.engine.recovery import recover_as_guardian
    from borgdesk.engine.watch import lower_shield

    lower_shield()
    return recover_as_guardian(run_id)
