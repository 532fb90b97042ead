"""Runs whose output nobody reads: they complete all scripts and end with the right exit code."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.cli import parser
from borgdesk.cli.main import _runs_scripts
from borgdesk.cli.stopping import STAYS, TEST, stopping
from borgdesk.domain.run import Hook, OnFailure
from borgdesk.engine.processes.cancel import Cancel
from tests.cli.lab import PATIENCE, BorgDesk, created, end_with_guardian, wait_until
from tests.cli.screen import Terminal

FLOOD = "yes 'a line that fills every pipe and every terminal' | head -n 200000"
XOFF = "\x13"


def owing(desk: BorgDesk) -> dict[str, str]:
    """Return a run that prints more than any pipe holds, whose third script must time out, with one pending script."""
    desk.add_pretended_repository("A")
    desk.add_held_script("first")
    desk.add_script("flood", FLOOD)
    desk.add_script("hangs", "sleep 600", timeout=1)
    desk.add_script("start", FLOOD)
    for name in ("first", "flood", "hangs"):
        desk.assign("A", name, Hook.PRE_BACKUP, on_failure=OnFailure.CONTINUE)
    desk.assign("A", "start", Hook.POST_BACKUP)
    return desk.play({"steps": [created()]})


def wait_for_the_end(pid: int) -> int:
    """Return the exit code of a process while nobody reads its output."""
    ended: list[int] = []

    def has_ended() -> bool:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            ended.append(os.waitstatus_to_exitcode(status))
        return bool(ended)

    wait_until(has_ended, "the process has ended")
    return ended[0]


def check(desk: BorgDesk, code: int) -> None:
    assert [name for name in desk.journal if name != "hangs"] == ["first", "flood", "start"]
    (run,) = desk.workspace.store.runs.list()
    assert [run.status.value, code] == ["warning", 1]
    ends = {one.planned.name: one.status.value for one in desk.workspace.store.executions.of_run(run.id)}
    assert ends == {"first": "success", "flood": "success", "hangs": "timed_out", "start": "success"}


@pytest.mark.parametrize("verbose", [(), ("-v",)], ids=["", "-v"])
def test_a_terminal_that_was_stopped(desk: BorgDesk, verbose: tuple[str, ...]) -> None:
    with Terminal(desk, "run", "A", *verbose, environment=owing(desk)) as terminal:
        terminal.wait_for("▸ first")
        terminal.press(XOFF)
        (desk.folder / "first.go").touch()
        check(desk, wait_for_the_end(terminal.pid))
        terminal._code = 1


@pytest.mark.parametrize("arguments", [("-v",), ("-v", "--json")])
def test_a_pager_that_does_not_read(desk: BorgDesk, arguments: tuple[str, ...]) -> None:
    variables = owing(desk)
    (desk.folder / "first.go").touch()
    with pipe() as (_, end):
        process = subprocess.Popen(
            desk.argv("run", "A", *arguments), env=desk.environment | variables, stdin=subprocess.DEVNULL,
            stdout=end, stderr=end,
        )  # fmt: skip
        check(desk, wait_for_the_end(process.pid))
        process.returncode = 1


@pytest.mark.parametrize("command", ["recover", "test"])
def test_other_commands_that_run_scripts(desk: BorgDesk, command: str) -> None:
    variables = owing(desk)
    if command == "recover":
        run = desk.start("run", "A", **variables)
        desk.wait_for("first.began")
        end_with_guardian(run)
        arguments: tuple[str, ...] = ("recover", "-v")
    else:
        arguments = ("script", "test", "flood")
    with pipe() as (_, end):
        process = subprocess.Popen(
            desk.argv(*arguments), env=desk.environment | variables, stdin=subprocess.DEVNULL, stdout=end, stderr=end
        )
        assert wait_for_the_end(process.pid) == 0
        process.returncode = 0
    assert desk.journal[-1] == ("start" if command == "recover" else "flood")


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def test_who_reads_slowly_gets_the_answer(desk: BorgDesk) -> None:
    """The answer is larger than a pipe, and reading begins when everything else is done."""
    variables = owing(desk)
    (desk.folder / "first.go").touch()
    process = desk.start("run", "A", "--json", "--quiet", **variables)
    wait_until(lambda: desk.workspace.store.runs.list() and not desk.workspace.store.runs.unfinished(), "it is over")
    assert process.stdout is not None
    text = ""
    while piece := process.stdout.read(20_000):
        text += piece
    assert process.wait(PATIENCE) == 1
    assert len(text) > 300_000
    assert text.endswith("]\n")
    process.communicate()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize(
    "command", ["run A", "restore A latest --in-place", "prune A", "compact A", "check A", "recover"]
)
def test_no_kind_of_run_waits_for_a_reader(command: str) -> None:
    """Scripts may be owed after a restore, too, and everything else of the repository waits for its turn."""
    assert _runs_scripts(parser.build().parse_args(command.split()))


def test_a_run_is_not_suspended(desk: BorgDesk) -> None:
    """In a process group with a parent that could continue it: elsewhere the kernel discards these signals."""
    variables = owing(desk)
    process = subprocess.Popen(
        desk.argv("run", "A"), env=desk.environment | variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, process_group=0,
    )  # fmt: skip
    desk.wait_for("first.began")
    for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        os.kill(process.pid, number)
        assert process.stderr is not None
        assert process.stderr.readline() == f"{STAYS}\n"
        assert state(process.pid) != "T"
    (desk.folder / "first.go").touch()
    process.communicate(timeout=PATIENCE)
    check(desk, process.returncode)


def test_ctrl_z_on_a_terminal_is_told(desk: BorgDesk) -> None:
    with Terminal(desk, "run", "A", columns=200, environment=owing(desk)) as terminal:
        terminal.wait_for("▸ first")
        terminal.press("\x1a")
        terminal.wait_for(STAYS)
        terminal.wait_for("▸ first")
        (desk.folder / "first.go").touch()
        code, _ = terminal.end()
    check(desk, code)


def test_in_the_background_of_a_shell_that_stops_who_writes(desk: BorgDesk, tmp_path: Path) -> None:
    """With ``stty tostop``, a run in the background would be stopped at its first output."""
    variables = owing(desk)
    (desk.folder / "first.go").touch()
    pid, master = pty.fork()
    if pid == 0:
        try:
            argv = desk.argv("run", "A")
            line = f"set -m; stty tostop; {' '.join(argv)} & wait $!; echo $? > {tmp_path}/code; sleep 600"
            os.execve("/bin/bash", ["bash", "-c", line], desk.environment | variables | {"TERM": "xterm"})
        finally:
            os._exit(255)
    try:
        wait_until(lambda: (tmp_path / "code").exists() and (tmp_path / "code").read_text(), "the run has ended")
        check(desk, int((tmp_path / "code").read_text()))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(master)
        os.waitpid(pid, 0)


def test_before_and_after_a_run_suspending_is_as_always() -> None:
    numbers = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
    said: list[str] = []
    assert [signal.getsignal(number) for number in numbers] == [signal.SIG_DFL] * 3
    with stopping(Cancel(), said.append, TEST):
        assert [signal.getsignal(number) for number in numbers] == [signal.SIG_DFL] * 3, "a test owes nothing"
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with stopping(Cancel(), said.append):
            assert signal.getsignal(signal.SIGTTOU) is signal.SIG_IGN
            assert callable(signal.getsignal(signal.SIGTSTP))
    finally:
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    assert [signal.getsignal(number) for number in numbers] == [signal.SIG_DFL] * 3
    assert said == []


def test_a_stop_that_cannot_be_told_does_not_keep_anybody() -> None:
    cancel, began = Cancel(), time.monotonic()
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        time.sleep(600)

    with stopping(cancel, say):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        wait_until(lambda: bool(told), "somebody speaks")
    assert cancel.asked
    assert time.monotonic() - began < PATIENCE
