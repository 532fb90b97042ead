"""How this computer is asked what runs on it: by small programs and files, with limits, and without any question."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel

_PATIENCE = 5.0
"""Seconds that a program has for each line of its answer."""

MOST = 5000
"""Lines that are read of an answer."""

_AT_ONCE = 500

_QUIET = {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "3", "SSH_ASKPASS_REQUIRE": "never", "SYSTEMD_COLORS": "0"}
"""Nothing may open a window or wait for somebody."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This computer, as the user of the program sees it."""

    environment: Mapping[str, str]
    home: Path
    root: Path = Path("/")
    """Below it are the files of the system."""
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    cancel: Cancel = field(default_factory=Cancel)
    too_long: list[str] = field(default_factory=list)
    """The programs of whose answers only the first lines were read."""

    def has(self, program: str) -> bool:
        """Return whether a program is on the search path."""
        return shutil.which(program, path=self.environment.get("PATH", os.defpath)) is not None

    def ask(self, *argv: str) -> list[str]:
        """Return the lines that a program prints; none if it is missing, fails at once, or does not answer.

        Lines with a NUL are left out: no program could be asked about such a name.
        """
        if self.cancel.asked or not self.has(argv[0]):
            return []
        environment = {**self.environment, **_QUIET}
        try:
            answers = process.answers(argv, environment, _PATIENCE, lambda: self.cancel.asked)
            lines = list(islice(answers, MOST + 1))
            if len(lines) > MOST:
                self.too_long.append(argv[0])
            return [line.decode(errors="replace").rstrip("\r") for line in lines[:MOST] if b"\0" not in line]
        except process.StartFailed:
            return []

    def file(self, path: str) -> Path:
        """Return where a file of the system is."""
        return self.root / path.lstrip("/")

    def dumps(self, name: str) -> str:
        """Return the folder for the dumps of a database server."""
        return str(self.home / "database-dumps" / name)


def batched(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return as many names at a time as one program is asked about, so that its answer has an end."""
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def without_spaces(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that the value of a parameter can hold beside others."""
    return tuple(name for name in names if name and not any(character.isspace() for character in name))
