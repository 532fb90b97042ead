"""A clock that a test sets, for all programs that get its environment; needs a C compiler."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

COMPILER = shutil.which("cc")


class JumpingClock:
    """The clock of the programs that have its :attr:`environment`."""

    def __init__(self, folder: Path) -> None:
        if COMPILER is None:
            pytest.skip("making the clock of a program jump needs a C compiler")
        library, self.offset = folder / "jump.so", folder / "offset"
        source = Path(__file__).with_name("jump.c")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self.offset)}
        self.offset.write_text("+0")

    def set(self, moment: datetime) -> None:
        """Set it; it goes on from there."""
        self.offset.write_text(f"{moment.timestamp() - time.time():+.0f}")
