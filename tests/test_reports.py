"""Failures are told completely, whatever they contain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_FAILING = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_something(number):
    print("printed \\udcff")
    assert number != 3, "not in Unicode: \\udcff"
"""


def test_a_failure_that_is_not_unicode_is_told_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(_FAILING)
    plugin = Path(__file__).with_name("reports.py")
    (tmp_path / "conftest.py").write_text(plugin.read_text())
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed, 7 passed" in ran.stdout
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("FAILED ")
    assert last.endswith("test_something[3] (call): AssertionError: not in Unicode: \\udcff assert 3 != 3")
