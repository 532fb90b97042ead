"""Guardian of a run that the program cannot recover; the other case is in ``tests/faults``."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.engine.processes.self_start import GUARDIAN, python_command
from borgdesk.engine.processes.supervisor import framed, request
from borgdesk.engine.runs.guardian import OVER, OWED
from borgdesk.engine.runs.last_resort import Owed, pack
from tests.engine.desk import wait_until

NO_SUCH_RUN = "77"


class Guardian:
    """A guardian, and the files that show what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recover = folder / "recover"
        self.log = folder / "log"
        life, self.life = os.pipe()
        ready_end, ready = os.pipe()
        self.turn = os.open(folder / "turn", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        descriptors = (life, ready, self.turn)
        words = [*python_command(GUARDIAN, "-S"), NO_SUCH_RUN, *map(str, descriptors), str(self.recover), "again"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(words, pass_fds=descriptors, stderr=log, start_new_session=True)
        for descriptor in descriptors:
            os.close(descriptor)
        assert os.read(ready_end, 10) == b"r"
        assert os.read(ready_end, 10) == b"", "it keeps no end of what it has answered on"
        os.close(ready_end)

    def say(self, message: bytes) -> None:
        os.write(self.life, framed(message))

    def die(self) -> None:
        os.close(self.life)
        self.life = -1

    def write_recover(self, text: str) -> None:
        made = self.recover.with_suffix(".made")
        made.write_text(f"#!/bin/sh\n{text}\n")
        made.chmod(0o700)
        made.rename(self.recover)

    def owed(self, name: str, command: str) -> Owed:
        text = f"#!/bin/sh\n{command}\n".encode()
        record = bytes(self.folder / f"record-{name}")
        return Owed(1, name, 60.0, text, request(record, b"/", [b"/bin/sh", b"/nowhere"], [b"PATH=/usr/bin:/bin"]))

    def close(self) -> None:
        if self.life >= 0:
            self.die()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def guardian(tmp_path: Path) -> Iterator[Guardian]:
    guardian = Guardian(tmp_path)
    yield guardian
    guardian.close()


def test_when_the_run_is_over_it_goes_and_does_nothing(guardian: Guardian, tmp_path: Path) -> None:
    guardian.say(OWED + b"\0" + pack("A=b", [guardian.owed("one", f"touch {tmp_path}/ran")]))
    guardian.say(OVER)
    assert guardian.process.wait(30) == 0
    assert not (tmp_path / "ran").exists()
    assert guardian.log.read_text() == ""


def test_what_it_was_given_last_is_run_and_the_program_is_asked_until_it_works(
    guardian: Guardian, tmp_path: Path
) -> None:
    tries = tmp_path / "tries"
    free = "flock --nonblock turn echo free || echo taken"
    guardian.write_recover(f'cd {tmp_path}; echo "$*" $({free}) $(cat ran) >>tries; test "$(wc -l <tries)" = 3')
    for text in ("first", "last"):
        command = f"echo {text} >>{tmp_path}/ran; flock --nonblock {tmp_path}/turn true || echo taken >>{tmp_path}/ran"
        guardian.say(OWED + b"\0" + pack("A=b", [guardian.owed("one", command)]))
    guardian.die()
    assert guardian.process.wait(60) == 0
    assert (tmp_path / "ran").read_text().split() == ["last", "taken"], "the turn at the location is kept until then"
    assert tries.read_text().splitlines() == ["again free last taken"] * 3
    log = guardian.log.read_text()
    assert f"run {NO_SUCH_RUN} could not be recovered: There is no run {NO_SUCH_RUN}" in log
    assert "“one” is started" in log


def test_half_a_message_is_a_death(guardian: Guardian, tmp_path: Path) -> None:
    guardian.write_recover("exit 0")
    guardian.say(OWED + b"\0" + pack("A=b", [guardian.owed("one", f"touch {tmp_path}/ran")]))
    os.write(guardian.life, framed(OVER)[:-1])
    guardian.die()
    assert guardian.process.wait(60) == 0
    assert (tmp_path / "ran").exists()


def test_a_program_that_is_not_there_is_asked_again(guardian: Guardian) -> None:
    guardian.die()
    wait_until(lambda: "cannot be started: No such file or directory" in guardian.log.read_text())
    guardian.write_recover("exit 0")
    assert guardian.process.wait(60) == 0
    assert "is started" not in guardian.log.read_text(), "nothing was owed"


def test_a_program_that_cannot_be_imported_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while the program is being replaced: what remains is what was imported before."""
    monkeypatch.setenv("BORGDESK_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    guardian = Guardian(tmp_path)
    try:
        guardian.write_recover("exit 0")
        guardian.say(OWED + b"\0" + pack("A=b", [guardian.owed("one", f"touch {tmp_path}/ran")]))
        guardian.die()
        assert guardian.process.wait(60) == 0
        assert (tmp_path / "ran").exists()
    finally:
        guardian.close()
