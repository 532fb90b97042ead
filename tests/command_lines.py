"""Reads the command lines of processes that may end at any moment."""

from __future__ import annotations

from pathlib import Path


def command_line(pid: int) -> bytes:
    """Return the arguments of a process, each followed by NUL; empty if it has ended since it was found."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
