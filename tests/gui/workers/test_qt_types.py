"""Types of Qt are made in one thread."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import borgdesk
from borgdesk.gui.workers import qt_types

TWO_THREADS = """
import sys, threading
from PySide6 import QtWidgets
from borgdesk.gui.workers import qt_types

application = QtWidgets.QApplication([])
qt_types.make_types()
sys.setswitchinterval(1e-5)
both = threading.Barrier(2)

def ask():
    both.wait()
    qt_types.make_types()

thread = threading.Thread(target=ask)
thread.start()
ask()
thread.join()
print("no crash")
"""


def test_all_that_the_program_uses_are_made() -> None:
    used: set[tuple[str, str]] = set()
    for file in Path(borgdesk.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("PySide6."):
                used |= {(node.module, name.name) for name in node.names}
    made = {(module.__name__, name) for module, names in qt_types._NAMES.items() for name in names.split()}
    assert used == made


def test_types_that_were_made_may_be_asked_for_by_two_threads() -> None:
    """Without the first call, two of three of these processes end in a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_THREADS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "no crash\n"), done.stderr
