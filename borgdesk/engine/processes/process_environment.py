"""Reads the environment of a process; the guardian loads this early, so it imports next to nothing."""

from __future__ import annotations

import os
import time

_LOADING, _PAUSE = 1.0, 0.001
"""Seconds for which a process that is loading its program is read again, and between two readings."""

_EXITING, _KERNEL_THREAD = 0x0000_0004, 0x0020_0000
"""``PF_EXITING`` and ``PF_KTHREAD`` in the flags of ``/proc/PID/stat``: no program, and none will be loaded."""


def read_environment(pid: int) -> bytes:
    r"""Return the environment a process was started with, ``NAME=value`` strings that each end with ``\0``.

    Linux shows an empty one while it loads a program (``exec``): between the old and the new one, a process carries no
    mark. Whoever takes that for an answer overlooks a process of a dead run that is just starting the next command.

    Raises:
        OSError: the process is gone, or belongs to another user.
    """
    end = time.monotonic() + _LOADING
    while not (environment := _read(pid)):
        if not _is_loading(pid) or time.monotonic() >= end:
            return _read(pid)  # it may have been loaded since
        time.sleep(_PAUSE)
    return environment


def _read(pid: int) -> bytes:
    with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - pathlib takes time to import
        return file.read()


def _is_loading(pid: int) -> bool:
    """Return whether a process has no environment yet: the field *env_end* of ``proc_pid_stat(5)`` is 0 until then.

    Raises:
        PermissionError: it belongs to another user. The field is 0 then as well, although a user with the capability
            ``CAP_PERFMON`` may read the environment: an empty one would be waited for in vain.
    """
    os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - needs the same permission as the field
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        stat = os.fsdecode(file.read())
    # The name in parentheses may contain spaces and parentheses: the fields begin after the last one.
    fields = stat[stat.rindex(")") + 2 :].split()
    return fields[48] == "0" and fields[0] not in ("Z", "X") and not int(fields[6]) & (_EXITING | _KERNEL_THREAD)
