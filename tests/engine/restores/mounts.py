"""Small disks for tests, where this machine lets us mount any."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory."""

    path: Path

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def fill(self) -> None:
        """Leave no room."""
        with contextlib.suppress(OSError), (self.path / ".filling").open("wb") as file:
            while True:
                file.write(bytes(65536))
                file.flush()


MountSmall = Callable[[Path, str], SmallDisk]


@pytest.fixture
def small_disk() -> Iterator[MountSmall]:
    mounted: list[Path] = []

    def mount(path: Path, size: str) -> SmallDisk:
        path.mkdir(parents=True, exist_ok=True)
        try:
            command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(path)]
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("nothing can be mounted here")
        mounted.append(path)
        return SmallDisk(path)

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", "-l", str(path)], check=True)
