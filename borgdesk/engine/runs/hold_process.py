"""Who a process is that holds a service, so that it is recognised after its death and after a reboot.

Loaded by guardians, so it imports next to nothing.
"""

from __future__ import annotations

import os


def this_process() -> str:
    """Return who this process is, unique across reboots."""
    return who_is(os.getpid())


def who_is(pid: int) -> str:
    """Return who a process is: pid, clock ticks from boot to its start, and the boot.

    Raises:
        OSError: there is no such process.
    """
    return f"{pid}:{_stat(pid)[19].decode()}:{_boot()}"


def is_alive(who: str) -> bool:
    """Return whether exactly this process still runs; a zombie does nothing any more."""
    pid, started, boot = [*who.split(":"), "", ""][:3]
    if boot != _boot() or not pid.isdigit():
        return False
    try:
        fields = _stat(int(pid))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[19].decode() == started and fields[0] not in (b"Z", b"X")


def _stat(pid: int) -> list[bytes]:
    """Return the fields of a process from its state on."""
    descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096).rpartition(b") ")[2].split()
    finally:
        os.close(descriptor)


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", "rb") as file:  # noqa: PTH123
        return file.read().decode().strip()
