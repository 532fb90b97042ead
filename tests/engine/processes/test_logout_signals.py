"""Signals at logout: recovering processes ignore them, and their children do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from borgdesk.engine.processes.logout_signals import blocked
from borgdesk.engine.processes.self_start import own_folders

LOGOUT = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

DEAF = f"""
import os, signal, subprocess, sys
sys.path += {own_folders()!r}
from borgdesk.engine.processes import logout_signals
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) >= {{1, 2, 15}}
logout_signals.catch()
assert not signal.pthread_sigmask(signal.SIG_BLOCK, []) & {{1, 2, 15}}
for number in (1, 2, 15):
    os.kill(os.getpid(), number)
child = subprocess.run([sys.executable, "-I", "-S", "-c", "import os; os.kill(os.getpid(), " + sys.argv[1] + ")"])
print(child.returncode)
"""


def mask() -> set[int]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_they_are_blocked_for_as_long_as_it_lasts() -> None:
    before = mask()
    assert not before & LOGOUT
    with blocked():
        assert mask() == before | LOGOUT
    assert mask() == before


def test_what_was_blocked_before_stays_so() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        with pytest.raises(ZeroDivisionError), blocked():
            raise ZeroDivisionError
        assert mask() & LOGOUT == {signal.SIGHUP}
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])


@pytest.mark.parametrize("number", [1, 15])
def test_who_catches_them_goes_on_and_what_it_starts_dies_of_them(number: int) -> None:
    with blocked():
        deaf = subprocess.Popen([sys.executable, "-c", DEAF, str(number)], stdout=subprocess.PIPE, env=os.environ)
    said, _ = deaf.communicate(timeout=60)
    assert (deaf.returncode, said) == (0, f"-{number}\n".encode())
