"""Measurements of BorgDesk and of bare Borg, taken alternately, so that other load of the machine affects both."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def small_files(folder: Path, many: int) -> None:
    """Create small files with different contents, a hundred per subfolder."""
    for number in range(many):
        path = folder / f"{number // 100:03}" / f"{number % 100:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number}\n".encode() * (number % 200 + 1))


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


@dataclass
class Measured:
    """Measurements in seconds, one value per run."""

    wall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    """CPU time of our own process."""
    children: list[float] = field(default_factory=list)
    """CPU time of Borg and, with BorgDesk, the guardian; it hardly depends on the machine's load."""

    def take(self, act: Callable[[], object]) -> None:
        own, children = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
        self.wall.append(timed(act))
        self.own.append(cpu(resource.RUSAGE_SELF) - own)
        self.children.append(cpu(resource.RUSAGE_CHILDREN) - children)


def report(what: str, command: str, ours: Measured, bare: Measured) -> None:
    medians = statistics.median(ours.wall), statistics.median(bare.wall)
    children = statistics.median(ours.children), statistics.median(bare.children)
    print(
        f"\n{what}: BorgDesk {medians[0]:.3f} s, bare {command} {medians[1]:.3f} s (medians of {len(ours.wall)}), "
        f"ratio {medians[0] / medians[1]:.3f}, of the quickest {min(ours.wall) / min(bare.wall):.3f}; "
        f"CPU of our own process {statistics.median(ours.own):.3f} s, of all children {children[0]:.3f} s, "
        f"bare {children[1]:.3f} s"
    )
