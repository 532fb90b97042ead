"""Environments of real processes, also of those that are just loading a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.engine.processes.process_environment import read_environment

MARK = "BORGDESK_RUN_TOKEN=loading"
STARTS = 30


def variables() -> dict[str, str]:
    name, _, value = MARK.partition("=")
    return {"PATH": os.environ["PATH"], name: value}


def test_a_process_has_its_environment_while_it_loads_the_next_program() -> None:
    for _ in range(STARTS):
        with subprocess.Popen(["sh", "-c", "exec sleep 600"], env=variables()) as process:
            loaded = False
            while not loaded:
                loaded = Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(b"sleep")
                assert MARK.encode() in read_environment(process.pid).split(b"\0")
            process.kill()


def test_an_empty_environment_is_one() -> None:
    with subprocess.Popen(["/bin/sleep", "600"], env={}) as process:
        assert read_environment(process.pid) == b""
        process.kill()


def test_a_process_that_has_ended_has_none() -> None:
    with subprocess.Popen(["true"], env=variables()) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ProcessLookupError):
            read_environment(process.pid)  # a zombie
    with pytest.raises(FileNotFoundError):
        read_environment(process.pid)


WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set", "-kill,-sys_ptrace", "--inh-caps", "-kill,-sys_ptrace")
READS = """
import sys, time
from borgdesk.engine.processes.process_environment import read_environment
def wait(seconds): raise SystemExit("it was waited for")
time.sleep = wait
try: print(read_environment(int(sys.argv[1])))
except PermissionError: print("not ours")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have more capabilities than a process that it starts")
def test_an_empty_environment_that_is_not_ours_is_not_waited_for() -> None:
    with subprocess.Popen(["/bin/sleep", "600"], env={}) as process:
        command = [*WITHOUT_CAPABILITIES, sys.executable, "-c", READS, str(process.pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        process.kill()
    assert (answer.stdout, answer.stderr) == ("not ours\n", "")
