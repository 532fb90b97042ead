"""Errors of starting a program and of determining its exit status, and checks of what the system must provide."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
from collections.abc import Iterator, Mapping

from borgdesk.engine.processes import procfs
from borgdesk.translation import _


class StartFailed(Exception):
    """A program could not be started; the message is a sentence."""


class Shortage(StartFailed):
    """The system lacks processes, descriptors or memory to start the program; a retry may succeed."""


class EndUnknown(Exception):
    """The program ended, but its exit status is lost."""


def is_shortage(error: BaseException | None) -> bool:
    """Return whether an error, or its cause, is a temporary lack of system resources."""
    while error is not None:
        if isinstance(error, Shortage | MemoryError) or (isinstance(error, OSError) and error.errno in _SHORTAGES):
            return True
        error = error.__cause__
    return False


_SHORTAGES = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS})


@contextlib.contextmanager
def shortage_told_apart(program: str) -> Iterator[None]:
    """Convert errors that may be temporary to :class:`Shortage`; let all others pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _SHORTAGES:
            raise start_failed(program, error) from error
        raise


def check_platform() -> None:
    """Check that programs can be watched and stopped on this system.

    Raises:
        StartFailed: they cannot; the message is a sentence.
    """
    try:
        own = os.pidfd_open(os.getpid())
        try:
            signal.pidfd_send_signal(own, 0)
        finally:
            os.close(own)
        procfs.identity()
    except OSError as error:
        raise StartFailed(
            _(
                "BorgDesk cannot monitor programs on this machine ({error}), so nothing was stopped. It "
                "needs Linux 5.3 or later, a mounted /proc, and no sandbox that blocks pidfd_open and "
                "pidfd_send_signal."
            ).format(error=error.strerror)
        ) from error


def located(program: str, environment: Mapping[str, str]) -> str:
    """Return the path of a program, searched in the PATH of the environment it will have.

    Raises:
        StartFailed: it was not found.
    """
    path = program if "/" in program else shutil.which(program, path=environment.get("PATH"))
    if path is None:
        raise start_failed(program, FileNotFoundError())
    return path


def start_failed(program: str, error: Exception) -> StartFailed:
    """Return the exception to raise for *error* at the start of a program."""
    if isinstance(error, FileNotFoundError):
        return StartFailed(_("{program} is not installed.").format(program=program))
    if isinstance(error, PermissionError):
        return StartFailed(_("{program} could not be started: permission denied.").format(program=program))
    if not isinstance(error, OSError):
        return StartFailed(_("{program} could not be started: {error}.").format(program=program, error=error))
    kind = Shortage if error.errno in _SHORTAGES else StartFailed
    return kind(_("{program} could not be started: {error}.").format(program=program, error=error.strerror))
