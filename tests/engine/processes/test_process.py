"""Child processes, with real programs: their end, their output, and complete cleanup."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from borgdesk.domain.events import Stream
from borgdesk.engine.processes import child, process, procfs
from borgdesk.engine.processes.process import Ending, Program, Rung, StartFailed, StopReason

QUICK_LADDER = (Rung(signal.SIGTERM, 0.3),)
MINE = "BORGDESK_TEST_PROCESS"


def never(_: float) -> StopReason | None:
    return None


def once_there(path: Path, reason: StopReason = StopReason.CANCELLED) -> process.Watch:
    """Stop the program as soon as it has created a file."""
    return lambda _: reason if path.exists() else None


@dataclass
class Bench:
    """Starts programs that carry a marker, and finds those that remain."""

    folder: Path
    heard: list[tuple[Stream, bytes]] = field(default_factory=list)

    @property
    def marker(self) -> procfs.Marker:
        return frozenset({f"{MINE}={self.folder}"})

    def program(self, argv: Sequence[str], **environment: str) -> Program:
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), MINE: str(self.folder)}
        return Program(argv, base | environment, self.marker)

    def listen(self, stream: Stream, chunk: bytes) -> None:
        self.heard.append((stream, chunk))

    def run(self, text: str, watch: process.Watch = never, ladder: Sequence[Rung] = process.TERM_THEN_KILL) -> Ending:
        """Run a Bash script in the bench's folder."""
        return process.run(self.program(["/bin/bash", "-c", text]), self.listen, watch, ladder)

    def said(self, stream: Stream) -> bytes:
        return b"".join(chunk for source, chunk in self.heard if source is stream)

    def file(self, name: str) -> Path:
        return self.folder / name

    def pid(self, name: str) -> int:
        """Return a process id that a program wrote to a file."""
        wait_until(lambda: self.file(name).exists() and self.file(name).read_text().endswith("\n"))
        return int(self.file(name).read_text())


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    return procfs.look_up(pid) is not None


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Provide a bench and terminate what a failing test leaves."""
    bench = Bench(tmp_path)
    yield bench
    process.end_families([bench.marker], grace=0)


@pytest.mark.parametrize("code", [0, 1, 2, 75, 127, 255])
def test_exit_codes(bench: Bench, code: int) -> None:
    assert bench.run(f"exit {code}") == Ending(code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP])
def test_a_program_that_is_killed_ends_as_in_a_shell(bench: Bench, number: signal.Signals) -> None:
    assert bench.run(f"ulimit -c 0; kill -{number.value} $$") == Ending(128 + number, number)


def test_both_outputs_are_told_apart(bench: Bench) -> None:
    bench.run("echo out; echo err >&2; printf 'no end'; printf 'none here' >&2")
    assert bench.said(Stream.STDOUT) == b"out\nno end"
    assert bench.said(Stream.STDERR) == b"err\nnone here"


def test_bytes_arrive_as_they_were_written(bench: Bench) -> None:
    everything = bytes(range(256)) * 1000
    bench.file("bytes").write_bytes(everything)
    bench.run(f"cat {bench.file('bytes')}")
    assert bench.said(Stream.STDOUT) == everything


def test_output_is_heard_while_the_program_runs(bench: Bench) -> None:
    go = bench.file("go")

    def listen(stream: Stream, chunk: bytes) -> None:
        bench.listen(stream, chunk)
        go.touch()

    text = f"echo early; while [ ! -e {go} ]; do sleep 0.02; done; echo late"
    process.run(bench.program(["/bin/bash", "-c", text]), listen, never)
    assert bench.said(Stream.STDOUT) == b"early\nlate\n"


def test_where_a_program_finds_itself(bench: Bench) -> None:
    bench.run("pwd; cat; ps -o sid= -p $$ | tr -d ' '; echo $$; umask; printenv HOME")
    cwd, session, pid, umask, home = bench.said(Stream.STDOUT).decode().splitlines()
    assert (cwd, home) == ("/", str(bench.folder))
    assert session == pid, "a session of its own"
    assert int(umask, 8) == os.umask(int(umask, 8)), "the user's"


def test_its_environment_is_the_one_that_was_given(bench: Bench) -> None:
    process.run(bench.program(["/usr/bin/env"], VALUE="x\ny"), bench.listen, never)
    lines = bench.said(Stream.STDOUT).decode().splitlines()
    assert sorted(lines) == sorted(
        [f"PATH={os.environ['PATH']}", f"HOME={bench.folder}", f"{MINE}={bench.folder}", "VALUE=x", "y"]
    )


def test_only_chosen_descriptors_are_passed(bench: Bench) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"secret")
    os.close(writing)
    os.set_inheritable(reading, True)
    try:
        bench.run(f"cat <&{reading}")
        assert bench.said(Stream.STDOUT) == b""
        program = bench.program(["/bin/bash", "-c", f"cat <&{reading}"])
        passing = Program(program.argv, program.environment, program.marker, pass_fds=(reading,))
        process.run(passing, bench.listen, never)
        assert bench.said(Stream.STDOUT) == b"secret"
    finally:
        os.close(reading)


@pytest.mark.parametrize("reason", StopReason)
def test_stopping_a_program(bench: Bench, reason: StopReason) -> None:
    started = bench.file("started")
    ending = bench.run(f"echo before; touch {started}; sleep 600", once_there(started, reason))
    assert ending == Ending(128 + signal.SIGTERM, signal.SIGTERM, reason)
    assert bench.said(Stream.STDOUT) == b"before\n"


def test_the_watch_hears_how_long_it_has_taken(bench: Bench) -> None:
    ending = bench.run("sleep 600", lambda elapsed: StopReason.TIMED_OUT if elapsed >= 0.2 else None)
    assert ending.stopped is StopReason.TIMED_OUT


def test_what_a_stopped_program_still_says_is_heard(bench: Bench) -> None:
    started = bench.file("started")
    text = f"trap 'echo tidied; exit 9' TERM; touch {started}; while :; do sleep 0.02; done"
    assert bench.run(text, once_there(started)) == Ending(9, None, StopReason.CANCELLED)
    assert bench.said(Stream.STDOUT) == b"tidied\n"


def test_one_that_ignores_sigterm_is_killed(bench: Bench) -> None:
    started = bench.file("started")
    ending = bench.run(
        f"trap '' TERM; touch {started}; while :; do sleep 0.02; done", once_there(started), QUICK_LADDER
    )
    assert ending == Ending(128 + signal.SIGKILL, signal.SIGKILL, StopReason.CANCELLED)


def test_a_stopped_script_does_not_go_on_with_its_next_command(bench: Bench) -> None:
    """If the child were terminated first, the shell would execute the next command.

    The shell would be signalled before many processes that were started earlier: time enough to continue.
    """
    started = bench.file("started")
    others = "for number in {1..200}; do sleep 600 & done"
    bench.run(f"{others}; bash -c 'touch {started}; exec sleep 600'; echo went on", once_there(started))
    assert bench.said(Stream.STDOUT) == b""


def test_the_whole_tree_is_stopped(bench: Bench) -> None:
    """A child, one in its own session, one whose parents are gone, and one that ignores SIGTERM."""
    started = bench.file("started")
    text = f"""
        cd {bench.folder}
        sleep 600 & echo $! > child
        setsid bash -c 'echo $$ > session; exec sleep 600' &
        (setsid bash -c 'echo $$ > orphan; exec sleep 600' > /dev/null 2>&1 &)
        bash -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 0.02; done' &
        for name in child session orphan stubborn; do while [ ! -s $name ]; do sleep 0.02; done; done
        touch {started}
        wait
    """
    ending = bench.run(text, once_there(started, StopReason.TIMED_OUT), QUICK_LADDER)
    assert ending.stopped is StopReason.TIMED_OUT
    left = [name for name in ("child", "session", "orphan", "stubborn") if lives(bench.pid(name))]
    assert left == []


def test_an_escapee_without_our_environment_is_found_by_the_pipe_it_holds(bench: Bench) -> None:
    started, pid = bench.file("started"), bench.file("escapee")
    text = f"""
        (env -i setsid /bin/bash -c 'echo $$ > {pid}; exec /bin/sleep 600' &)
        while [ ! -s {pid} ]; do sleep 0.02; done
        touch {started}
        sleep 600
    """
    assert bench.run(text, once_there(started)).stopped is StopReason.CANCELLED
    assert not lives(bench.pid("escapee"))


def test_a_child_that_keeps_the_pipes_is_ended_and_counted(bench: Bench) -> None:
    pid = bench.file("child")
    ending = bench.run(f"(echo $BASHPID > {pid}; exec sleep 600) & while [ ! -s {pid} ]; do sleep 0.02; done; exit 3")
    assert ending == Ending(3, left_behind=1)
    assert not lives(bench.pid("child"))


def test_a_child_that_keeps_the_pipes_and_prints_for_ever_is_ended_too(bench: Bench) -> None:
    ending = bench.run("(trap '' TERM; while :; do echo again; sleep 0.01; done) & exit 0")
    assert (ending.exit_code, ending.stopped) == (0, None)
    assert ending.left_behind >= 1
    assert procfs.family(frozenset(), bench.marker) == set()


def test_an_escapee_that_keeps_the_pipes_is_ended(bench: Bench) -> None:
    pid = bench.file("escapee")
    text = f"(env -i setsid /bin/bash -c 'echo $$ > {pid}; exec /bin/sleep 600' &); while [ ! -s {pid} ]; do :; done"
    assert bench.run(text) == Ending(0, left_behind=1)
    assert not lives(bench.pid("escapee"))


def test_a_child_that_ends_soon_after_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "DRAIN", 60.0)
    assert bench.run("(sleep 0.2; echo late) & exit 0") == Ending(0)
    assert bench.said(Stream.STDOUT) == b"late\n"


def test_one_that_detached_properly_is_left_alone(bench: Bench) -> None:
    pid = bench.file("service")
    text = f"nohup sleep 600 > /dev/null 2>&1 & echo $! > {pid}"
    assert bench.run(text) == Ending(0)
    assert lives(bench.pid("service"))
    assert process.end_families([bench.marker], grace=5) == 1
    assert not lives(bench.pid("service"))


def test_orphans_of_several_programs_are_ended_side_by_side(bench: Bench) -> None:
    """The first ignores SIGTERM until the second has received its own."""
    gone, saw = bench.file("gone"), bench.file("saw")
    texts = {
        "1": f"trap '' TERM; touch {{ready}}; while [ ! -e {gone} ]; do sleep 0.02; done; touch {saw}",
        "2": f"trap 'touch {gone}; exit' TERM; touch {{ready}}; while :; do sleep 0.02; done",
    }
    orphans, markers = [], []
    for number, text in texts.items():
        program = bench.program(["/bin/bash", "-c", text.format(ready=bench.file(number))], ORPHAN=number)
        orphans.append(subprocess.Popen(program.argv, env=dict(program.environment)))
        markers.append(bench.marker | {f"ORPHAN={number}"})
        wait_until(bench.file(number).exists)
    assert process.end_families(markers, grace=60) >= 2
    assert [orphan.wait() for orphan in orphans] == [0, 0]
    assert saw.exists()


def test_one_that_closes_its_outputs_is_waited_for(bench: Bench) -> None:
    done = bench.file("done")
    assert bench.run(f"exec > /dev/null 2>&1; sleep 0.3; touch {done}; exit 5") == Ending(5)
    assert done.exists()


def test_one_that_closes_its_outputs_can_be_stopped(bench: Bench) -> None:
    started = bench.file("started")
    ending = bench.run(f"exec >&- 2>&-; touch {started}; sleep 600", once_there(started))
    assert ending == Ending(143, signal.SIGTERM, StopReason.CANCELLED)


def test_a_listener_that_fails_does_not_cost_the_program_its_life(bench: Bench) -> None:
    def fail(stream: Stream, chunk: bytes) -> None:
        raise RuntimeError("a defect")

    program = bench.program(["/bin/bash", "-c", "echo; sleep 0.1; echo; exit 7"])
    assert process.run(program, fail, never) == Ending(7)


def test_a_watch_that_fails_leaves_no_program_behind(bench: Bench) -> None:
    def fail(_: float) -> StopReason | None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        bench.run("sleep 600 & sleep 600", fail)
    assert procfs.family(frozenset(), bench.marker) == set()


def test_a_program_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(StartFailed, match=r"^/no/such/program is not installed\.$"):
        process.run(bench.program(["/no/such/program"]), bench.listen, never)


def test_a_program_that_is_not_executable(bench: Bench) -> None:
    bench.file("plain").write_text("#!/bin/sh\n")
    with pytest.raises(StartFailed, match=r"plain could not be started: permission denied\.$"):
        process.run(bench.program([str(bench.file("plain"))]), bench.listen, never)


def test_a_program_that_is_none(bench: Bench) -> None:
    path = bench.file("garbage")
    path.write_bytes(b"\x00\x01garbage")
    path.chmod(0o700)
    with pytest.raises(StartFailed, match=r"garbage could not be started: Exec format error\.$"):
        process.run(bench.program([str(path)]), bench.listen, never)


def test_an_environment_that_is_too_long(bench: Bench) -> None:
    many = {f"VALUE_{number}": "x" * 100_000 for number in range(100)}
    with pytest.raises(StartFailed, match=r"^/bin/true could not be started: Argument list too long\.$"):
        process.run(bench.program(["/bin/true"], **many), bench.listen, never)


def test_a_nul_in_the_environment(bench: Bench) -> None:
    with pytest.raises(StartFailed, match=r"^/bin/true could not be started: "):
        process.run(bench.program(["/bin/true"], VALUE="a\0b"), bench.listen, never)


def test_a_home_that_is_gone_does_not_matter(bench: Bench) -> None:
    process.run(bench.program(["/bin/pwd"], HOME="/no/such/folder"), bench.listen, never)
    assert bench.said(Stream.STDOUT) == b"/\n"


def test_a_shell_enters_a_folder_and_becomes_the_program(bench: Bench) -> None:
    folder = bench.folder / "a folder 'with' $names"
    folder.mkdir()
    report = ["/bin/bash", "-c", 'pwd; ps -o ppid= -p $$ | tr -d " "; echo "$1"', "bash", "a word"]
    process.run(bench.program(process.in_folder(str(folder), report)), bench.listen, never)
    assert bench.said(Stream.STDOUT).decode().splitlines() == [str(folder), str(os.getpid()), "a word"]
    assert process.run(bench.program(process.in_folder("/no/such/folder", report)), bench.listen, never).exit_code == 2


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked


def children() -> list[int]:
    """Return the child processes, including zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat[stat.rindex(")") + 2 :].split()[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def test_nothing_piles_up(bench: Bench) -> None:
    bench.run("true")
    before, children_before = descriptors(), children()
    for number in range(50):
        bench.run(f"echo {number}; echo {number} >&2")
    for _ in range(5):
        with pytest.raises(StartFailed):
            process.run(bench.program(["/no/such/program"]), bench.listen, never)
        bench.run("sleep 600", lambda _: StopReason.CANCELLED)
    assert descriptors() == before
    assert children() == children_before


def test_memory_stays_flat(tmp_path: Path) -> None:
    """In a separate process, since a peak never decreases: 300 MB are printed and not kept."""
    program = """
import os, resource, sys
from borgdesk.engine.processes import process
from borgdesk.engine.processes.process import Program, StopReason

heard = 0
def listen(stream, chunk):
    global heard
    heard += len(chunk)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

process.run(Program(["/bin/true"], {}, frozenset()), listen, lambda _: None)
before = peak()
watch = lambda _: StopReason.TIMED_OUT if heard > 300_000_000 else None
ending = process.run(Program(["/usr/bin/yes", "x" * 200], {}, frozenset()), listen, watch)
assert ending.stopped is StopReason.TIMED_OUT
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    kibibytes = int(done.stdout)
    assert kibibytes < 20 * 1024


def test_a_stopped_flood_ends(bench: Bench) -> None:
    heard = 0

    def listen(stream: Stream, chunk: bytes) -> None:
        nonlocal heard
        heard += len(chunk)

    program = bench.program(["/bin/bash", "-c", "trap '' TERM PIPE; yes & while :; do echo; done"])
    watch = lambda _: StopReason.TIMED_OUT if heard > 1_000_000 else None  # noqa: E731
    ending = process.run(program, listen, watch, QUICK_LADDER)
    assert ending.stopped is StopReason.TIMED_OUT
    assert procfs.family(frozenset(), bench.marker) == set()


STARTS = 150
UNDER_FIRE = f"""
import os, signal, sys
from pathlib import Path
from borgdesk.engine.processes import process
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
program = process.Program(["/bin/true"], {{"PATH": os.defpath}}, frozenset({{"{MINE}=fire"}}))
print("ready", flush=True)
endings = [process.run(program, lambda *_: None, lambda _: None) for _ in range({STARTS})]
signal.signal(signal.SIGINT, signal.SIG_IGN)
Path(sys.argv[1]).write_text(f"{{len(heard) > 0}} {{sum(ending.exit_code == 0 for ending in endings)}}")
"""


def test_interrupt_of_the_terminal_never_hits_a_program_that_is_being_started(tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover
        os.execv(sys.executable, [sys.executable, "-c", UNDER_FIRE, str(tmp_path / "told")])
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    with suppress(OSError):  # it has ended
        while True:
            os.write(terminal, b"\x03")
            if select.select([terminal], [], [], 0.0002)[0]:
                os.read(terminal, 10_000)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert (tmp_path / "told").read_text() == f"True {STARTS}"
