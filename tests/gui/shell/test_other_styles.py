"""The window under the styles and the larger fonts of other desktops."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gui.shell.other_style import STYLES


@pytest.mark.parametrize("style", STYLES)
def test_everything_fits_a_small_screen(style: str) -> None:
    """In a process of its own: the style is that of all its windows."""
    tour = Path(__file__).with_name("other_style.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tour)],
        env={**os.environ, "BORGDESK_TEST_STYLE": style},
        capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
