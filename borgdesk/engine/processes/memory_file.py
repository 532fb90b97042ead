"""Files in memory, through which programs get what should be in no argument, environment or folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def memory_file(name: str, content: bytes) -> Iterator[int]:
    """Provide a descriptor of a file in memory with *content*; *name* is only for debugging.

    Not a pipe: an unread one holds only 64 KiB, and writing more would block for ever.
    """
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as memory:
            memory.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def patterns_file(rules: str) -> Iterator[int | None]:
    """Provide a descriptor of a file with *rules* for ``--patterns-from``; None without any."""
    if not rules.strip():
        yield None
        return
    with memory_file("patterns", rules.encode("utf-8", "surrogateescape")) as descriptor:
        yield descriptor
