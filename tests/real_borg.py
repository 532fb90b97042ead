"""The Borg program of this machine, and the mark of tests that need one."""

from __future__ import annotations

import os
import shutil

import pytest

PROGRAM = shutil.which(os.environ.get("BORGDESK_BORG") or "borg")
needs_borg = pytest.mark.skipif(PROGRAM is None, reason="there is no Borg on this machine")


def borg_program() -> str:
    """Return the path of the program; skip the test if there is none."""
    if PROGRAM is None:
        pytest.skip("there is no Borg on this machine")
    return PROGRAM
