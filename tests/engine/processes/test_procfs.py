"""Process table: identities of processes, and who holds a pipe open."""

from __future__ import annotations

import os
import subprocess

import pytest

from borgdesk.engine.processes import procfs
from tests.engine.desk import wait_until


def test_a_process_is_known_by_more_than_its_pid() -> None:
    me = procfs.identity()
    assert procfs.is_alive(me)
    assert me == procfs.identity(os.getpid())
    assert not procfs.is_alive(type(me)(me.pid, me.started + 1, me.boot_id))
    assert not procfs.is_alive(type(me)(me.pid, me.started, "another boot"))
    with subprocess.Popen(["sleep", "600"]) as child:
        identity = procfs.identity(child.pid)
        assert procfs.is_alive(identity)
        child.kill()
        wait_until(lambda: not procfs.is_alive(identity))
        assert child.returncode is None, "a zombie is dead although it has not been waited for"
    with pytest.raises(ProcessLookupError):
        procfs.identity(child.pid)


def test_what_was_started_first_is_signalled_first() -> None:
    """Pids wrap around, and many processes start within one clock tick."""
    shell, child, grandchild = (
        procfs.Process(pid, parent, 900, started)
        for pid, parent, started in ((900, 1, 50), (20, 900, 51), (21, 20, 51))
    )
    assert procfs.parents_first([grandchild, child, shell]) == [shell, child, grandchild]


def test_who_only_reads_a_pipe_does_not_hold_it() -> None:
    """A program that another thread is starting has all our descriptors for a moment."""
    reading, writing = os.pipe()
    try:
        inodes = frozenset({os.fstat(reading).st_ino})
        with subprocess.Popen(["sleep", "600"], pass_fds=(reading,)) as reader:
            assert not procfs.holds_pipe(reader.pid, inodes)
            reader.kill()
        with subprocess.Popen(["sleep", "600"], pass_fds=(writing,)) as writer:
            assert procfs.holds_pipe(writer.pid, inodes)
            writer.kill()
    finally:
        os.close(reading)
        os.close(writing)
