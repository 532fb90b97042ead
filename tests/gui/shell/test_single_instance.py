"""Single instance: one window for any number of starts, and no start without a visible effect."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import BorgDeskError, InUse
from borgdesk.domain.window_request import Wanted, WindowRequest
from borgdesk.gui.shell.single_instance import SingleInstance
from borgdesk.paths import Paths

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
NOBODY = 65534

# Waits for a word, claims, prints the result, and stays until its input ends.
_PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QSocketNotifier
from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui.shell.single_instance import SingleInstance
from borgdesk.paths import Paths

application = QCoreApplication([])
instance = SingleInstance(Paths.below(Path(sys.argv[1])), patience=float(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
try:
    first = instance.claim()
except BorgDeskError as error:
    print(error.sentence, flush=True)
    sys.exit(2)
print("first" if first else "raised", flush=True)
if first:
    instance.raised.connect(lambda: print("heard", flush=True))
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(application.quit)
    application.exec()
instance.close()
"""


class Start:
    """The start of BorgDesk in a separate process."""

    def __init__(self, home: Path, patience: float, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(home), str(patience)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )
        assert self.says() == "ready"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def claims(self) -> str:
        """Let it claim, and return the result."""
        self.go()
        return self.says()

    def close(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.communicate(timeout=60)


MakeStart = Callable[..., Start]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def start() -> Iterator[MakeStart]:
    made: list[Start] = []

    def make(home: Path, patience: float = 60, **environment: str) -> Start:
        made.append(Start(home, patience, environment))
        return made[-1]

    yield make
    for one in made:
        one.close()


Claim = Callable[[SingleInstance], "Future[bool]"]


@pytest.fixture
def claim() -> Iterator[Claim]:
    """Claim in another thread, because the first instance answers in this thread's event loop."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda instance: pool.submit(instance.claim)


def test_the_first_hears_of_the_second(home: Path, claim: Claim, qtbot: QtBot) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home))
    other = SingleInstance(Paths.below(home / "elsewhere"))
    assert first.claim()
    with qtbot.waitSignal(first.raised):
        told = claim(second)
    assert not told.result(60)
    assert other.claim()
    first.close()
    assert second.claim()
    for instance in (second, other):
        instance.close()


def test_the_first_hears_what_the_second_wants_to_see(home: Path, qtbot: QtBot) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home))
    assert first.claim()
    request = WindowRequest(Wanted.RUN, 12)
    heard: list[object] = []
    first.raised.connect(lambda: heard.append("raised"))
    first.asked.connect(heard.append)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(second.claim, request)
        qtbot.waitUntil(told.done, timeout=30_000)
    assert heard == ["raised", request]
    first.close()


def test_a_caller_that_says_nothing_is_in_nobodys_way(
    home: Path, runtime: Path, claim: Claim, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home))
    assert first.claim()
    heard: list[int] = []
    first.raised.connect(lambda: heard.append(1))
    monkeypatch.chdir(runtime / "borgdesk")
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as curious:
        for one in (silent, curious):
            one.connect(first._name)
        curious.shutdown(socket.SHUT_WR)
        told = claim(second)
        qtbot.waitUntil(told.done, timeout=30_000)
    assert not told.result()
    assert heard == [1]
    first.close()


@pytest.mark.parametrize(
    "garbage",
    [
        *(b"\0" * 100, b"\xff" * 1_000_000, b"run:" + b"9" * 1_000_000, b"pack:../../etc/passwd\n", b"run:-1\n"),
        *(b"run:1;history\n", b"run:1\nhistory\n", "run:\N{ARABIC-INDIC DIGIT ONE}\n".encode()),
    ],
    ids=lambda garbage: ascii(garbage[:12]),
)
def test_what_makes_no_sense_asks_for_nothing(
    home: Path, runtime: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, garbage: bytes
) -> None:
    first = SingleInstance(Paths.below(home))
    assert first.claim()
    heard: list[object] = []
    first.asked.connect(heard.append)
    monkeypatch.chdir(runtime / "borgdesk")
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(first._name)
        caller.setblocking(False)
        caller.send(garbage)
        caller.setblocking(True)
        with ThreadPoolExecutor(1) as pool, contextlib.suppress(ConnectionResetError):
            answer = pool.submit(caller.recv, 100)
            qtbot.waitUntil(answer.done)
            assert answer.result() == b"raised\n"
    assert heard == []
    first.close()


def test_of_many_that_start_at_once_one_opens(home: Path, start: MakeStart) -> None:
    starts = [start(home) for _ in range(6)]
    for one in starts:
        one.go()
    assert sorted(one.says() for one in starts) == ["first", *["raised"] * 5]


def test_a_start_from_elsewhere_finds_the_first(home: Path, start: MakeStart) -> None:
    """As from cron or over ssh, where the runtime folder is unknown."""
    assert start(home, XDG_RUNTIME_DIR="").claims() == "first"
    assert start(home).claims() == "raised"


def test_what_a_killed_one_left_is_in_nobodys_way(home: Path, runtime: Path, start: MakeStart) -> None:
    killed = start(home)
    assert killed.claims() == "first"
    killed.process.kill()
    killed.process.wait()
    assert [*(runtime / "borgdesk").iterdir()], "its socket is still there"
    again = start(home)
    assert again.claims() == "first"
    assert start(home).claims() == "raised"
    assert again.says() == "heard"


def test_one_that_hangs_is_told(home: Path, start: MakeStart) -> None:
    hanging = start(home)
    assert hanging.claims() == "first"
    hanging.process.send_signal(signal.SIGSTOP)
    assert start(home, 0.2).claims() == (
        f"BorgDesk is already open (process {hanging.process.pid}) but not responding. "
        "End that process, then start BorgDesk again."
    )


def test_one_that_is_ending_is_waited_for(home: Path, start: MakeStart, qtbot: QtBot) -> None:
    first, second = SingleInstance(Paths.below(home)), start(home)
    assert first.claim()
    asked: list[int] = []

    def ending() -> bool:
        asked.append(1)
        return True

    first.is_ending = ending
    second.go()
    qtbot.waitUntil(lambda: bool(asked), timeout=30_000)
    first.close()
    assert second.says() == "first"


def test_one_that_takes_long_to_end_is_told(home: Path, claim: Claim, qtbot: QtBot) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home), patience=0.2)
    assert first.claim()
    first.is_ending = lambda: True
    told = claim(second)
    qtbot.waitUntil(told.done, timeout=30_000)
    with pytest.raises(InUse, match="BorgDesk is quitting"):
        told.result()
    first.close()


def test_another_machine_with_the_same_files_is_named(home: Path) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home), patience=0)
    assert first.claim()
    (home / "state/window.lock").write_text("17 laptop\n")
    first._server.close()  # type: ignore[union-attr]
    first._server = None
    with pytest.raises(InUse, match="BorgDesk is already open on laptop, using the same files"):
        second.claim()
    first.close()


def test_a_path_that_is_too_long_for_a_socket_will_do(tmp_path: Path, start: MakeStart) -> None:
    home = tmp_path / ("long" * 40) / "home"
    home.parent.mkdir()
    first = start(home, XDG_RUNTIME_DIR="")
    assert first.claims() == "first"
    assert start(home, XDG_RUNTIME_DIR="").claims() == "raised"
    assert [*(home / "state").glob("window-*.socket")]


@pytest.mark.parametrize("trouble", ["missing", "a file", "relative"])
def test_without_a_runtime_folder_the_state_folder_will_do(
    home: Path, runtime: Path, start: MakeStart, trouble: str
) -> None:
    there = {"missing": runtime / "gone", "a file": runtime / "file", "relative": Path("runtime")}[trouble]
    (runtime / "file").touch()
    assert start(home, XDG_RUNTIME_DIR=str(there)).claims() == "first"
    assert start(home, XDG_RUNTIME_DIR=str(there)).claims() == "raised"


def test_a_state_folder_that_cannot_be_written_is_told(home: Path) -> None:
    home.mkdir()
    (home / "state").touch()
    with pytest.raises(BorgDeskError, match=r"BorgDesk cannot start because .*window\.lock cannot be written"):
        SingleInstance(Paths.below(home)).claim()


@needs_root
def test_a_folder_of_somebody_else_is_not_used(home: Path, runtime: Path, start: MakeStart) -> None:
    (runtime / "borgdesk").mkdir()
    os.chown(runtime / "borgdesk", NOBODY, NOBODY)
    assert start(home).claims() == "first"
    assert start(home).claims() == "raised"
    assert [*(runtime / "borgdesk").iterdir()] == []
    assert [*(home / "state").glob("window-*.socket")]


@needs_root
def test_somebody_else_who_listens_there_keeps_no_window_shut(home: Path, runtime: Path, start: MakeStart) -> None:
    """Another user was first where the socket is expected; it differs from ours only in its listener."""
    first = SingleInstance(Paths.below(home))
    stranger = listen_as_nobody(runtime / "borgdesk" / first._name)
    try:
        assert start(home).claims() == "first"
    finally:
        stranger.communicate()


@needs_root
def test_somebody_else_who_listens_is_not_believed(home: Path, runtime: Path) -> None:
    first, second = SingleInstance(Paths.below(home)), SingleInstance(Paths.below(home), patience=0)
    assert first.claim()
    place = runtime / "borgdesk" / first._name
    place.unlink()
    stranger = listen_as_nobody(place)
    try:
        with pytest.raises(InUse, match="not responding"):
            second.claim()
    finally:
        stranger.communicate()
        first.close()


@needs_root
def test_somebody_else_who_asks_raises_nothing(home: Path, runtime: Path, tmp_path: Path, qtbot: QtBot) -> None:
    first = SingleInstance(Paths.below(home))
    assert first.claim()
    heard: list[int] = []
    first.raised.connect(lambda: heard.append(1))
    place = runtime / "borgdesk" / first._name
    place.chmod(0o777)
    # The parent folders are private to us, so the other user gets a descriptor.
    folder = os.open(place.parent, os.O_DIRECTORY)
    text = (
        "import os, socket, sys; one = socket.socket(socket.AF_UNIX); os.fchdir(int(sys.argv[1]));"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        f"try: one.connect({place.name!r}); print(one.recv(16))\n"
        "except OSError as error: print(error.strerror)"
    )
    place.parent.chmod(0o711)
    asking = subprocess.Popen(
        [sys.executable, "-c", text, str(folder)], pass_fds=[folder], stdout=subprocess.PIPE, text=True
    )
    qtbot.waitUntil(lambda: asking.poll() is not None, timeout=30_000)
    assert asking.communicate()[0].strip() == "b''"
    os.close(folder)
    first.close()
    assert heard == []


def listen_as_nobody(place: Path) -> subprocess.Popen[str]:
    """Start a process of another user that listens there, answers as ours would, and ends with its input."""
    place.parent.mkdir(exist_ok=True, mode=0o700)
    text = (
        "import os, socket, sys, threading\n"
        f"one = socket.socket(socket.AF_UNIX); os.chdir({str(place.parent)!r}); one.bind({place.name!r})\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); one.listen()\n"
        "def serve():\n"
        "    while True: one.accept()[0].send(b'raised\\n')\n"
        "threading.Thread(target=serve, daemon=True).start()\n"
        "print('listening', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    return process
