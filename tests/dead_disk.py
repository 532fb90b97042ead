"""A disk that never answers: a real FUSE file system whose server receives every request and replies to none.

A process that accesses it hangs in the kernel and cannot be killed, as with a network disk that is gone. The server is
a separate process that ends by itself after some time, because a test that hangs in the kernel could never remove it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_DEVICE = "/dev/fuse"
_MS_NOSUID_NODEV = 2 | 4
_MNT_DETACH = 2
_IN_HEADER = struct.Struct("<IIQQIIII")
_FUSE_INIT = 26
_FUSE_7_31 = struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, 0)
_LIFETIME = 120.0
"""In seconds."""


@contextlib.contextmanager
def dead_disk(place: Path) -> Iterator[Path]:
    """Mount a dead disk at *place*; when it is unmounted, all hanging requests fail."""
    if os.geteuid() != 0 or not os.access(_DEVICE, os.R_OK | os.W_OK):
        pytest.skip("a file system can be mounted by root only, and needs /dev/fuse")
    place.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, __file__, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        if server.stdout.readline() != "mounted\n":
            pytest.skip("no file system can be mounted here")
        try:
            yield place
            assert server.poll() is None, "somebody waited for the dead disk until it ended by itself"
        finally:
            server.stdin.close()
            server.wait()


def has_asked(place: Path, pid: int) -> bool:
    """Return whether a dead disk has received a request of a process, which no signal ends from then on."""
    return str(pid) in _received(place).read_text().split()


class HurriedClock:
    """Takes the place of the module ``time`` where processes are waited for: who hangs at the disk is late at once.

    Others, on a machine that is busy, have all of their time, and so has who waits for the same file as another.
    """

    def __init__(self, place: Path) -> None:
        self._received = _received(place)

    def monotonic(self) -> float:
        # What the kernel asks by itself comes from no process.
        hanging = {*self._received.read_text().split()} - {"0"}
        return time.monotonic() + 3600.0 * len(hanging)


def _received(place: Path) -> Path:
    return place.with_name(f"{place.name}.received")


def _serve(place: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"dead", os.fsencode(place), b"fuse", _MS_NOSUID_NODEV, options) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    received = _received(Path(place)).open("w", buffering=1)
    poll = select.poll()
    poll.register(device, select.POLLIN)
    poll.register(sys.stdin, select.POLLIN | select.POLLHUP)
    end = time.monotonic() + _LIFETIME
    try:
        while (left := end - time.monotonic()) > 0:
            ready = dict(poll.poll(1000 * left))
            if sys.stdin.fileno() in ready:
                break
            if device in ready:
                received.write(f"{_take(device)}\n")
    finally:
        libc.umount2(os.fsencode(place), _MNT_DETACH)


def _take(device: int) -> int:
    """Receive a request, and return the pid of the process that waits for its answer."""
    request = os.read(device, 200_000)
    _, operation, number, _, _, _, pid, _ = _IN_HEADER.unpack_from(request)
    if operation == _FUSE_INIT:
        os.write(device, struct.pack("<IiQ", 16 + len(_FUSE_7_31), 0, number) + _FUSE_7_31)
        sys.stdout.write("mounted\n")
        sys.stdout.flush()
    return int(pid)


if __name__ == "__main__":
    _serve(sys.argv[1])
