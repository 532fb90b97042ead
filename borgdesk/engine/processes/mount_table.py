"""The kernel's table of mounted file systems: to read it asks nothing of their disks, which may not respond."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class MountEntry:
    """A file system, and where it is mounted."""

    point: str
    number: str
    """Of its device, as the kernel writes it: "8:1"."""
    kind: str
    """Such as ``ext4``."""
    source: str
    """What is mounted, such as ``/dev/sda1``."""
    is_writable: bool
    root: str = "/"
    """The folder of the file system that is mounted."""


def read_mounts() -> list[MountEntry]:
    """Return all entries in the order of the table: of several at the same place, the last one hides the others.

    Raises:
        OSError: the table cannot be read.
    """
    # A name may have characters at which splitlines() splits; line breaks and blanks are escaped.
    lines = os.fsdecode(TABLE.read_bytes()).split("\n")
    return [found for line in lines if (found := _entry(line.split(" "))) is not None]


def _entry(words: list[str]) -> MountEntry | None:
    try:
        end = words.index("-", 6)
        point, source = _unescaped(words[4]), _unescaped(words[end + 2])
        is_writable = "ro" not in words[5].split(",")
        return MountEntry(point, words[2], words[end + 1], source, is_writable, _unescaped(words[3]))
    except (IndexError, ValueError):
        return None


def _unescaped(text: str) -> str:
    """Reverse the kernel's spelling of blanks, line breaks and backslashes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
