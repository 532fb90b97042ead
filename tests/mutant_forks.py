"""Runs tests in a fork of a process that has already imported everything else.

Starting Python and importing SQLAlchemy, Hypothesis and pytest takes longer than most tests.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

PRELOADED = (
    *("alembic.command", "keyring", "sqlalchemy.orm"),
    *("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtTest", "PySide6.QtWidgets"),
    *("_hypothesis_pytestplugin", "pytest_cov.plugin", "pytest_timeout", "pytestqt.plugin", "xdist.plugin"),
)
"""Modules that most tests need, including pytest's plugins, and that are never mutated."""

for _name in PRELOADED:
    import_module(_name)

TOO_LONG = 1
"""Exit code for work that exceeded its time and was killed; the same as pytest's for failed tests."""


def name_of(nodeid: str) -> str:
    """Return the name of a test without its parameters, which a mutant may rename."""
    return nodeid.partition("[")[0]


def run_pytest(words: Sequence[str], plugins: Sequence[object] = (), *, examples: int = 100) -> int:
    """Run tests with the same *examples* each time and without shrinking failing ones."""
    profile = settings(
        settings.get_profile("default"),
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=(HealthCheck.too_slow,),
    )
    settings.register_profile("mutants", profile)
    preloaded = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-W", preloaded, "--hypothesis-profile=mutants"]
    words = [*options, *words]
    return int(pytest.main(words, plugins=plugins))


def in_a_child(work: Callable[[], object], log: Path, patience: float) -> int:
    """Call *work* in a forked process group and return its exit code; kill it after *patience* seconds."""
    # The present objects are no garbage: scanning them takes a child as long as a quick test.
    gc.freeze()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            result = work()
            code = result if isinstance(result, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + patience
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TOO_LONG
        time.sleep(0.01)
