"""Fake Borg: it follows its scenario, on which the engine's tests rely."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).parent / "borg"
DATA = Path(__file__).parents[1] / "data" / "borg"


class Stage:
    """A scenario file and the calls made with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = folder / "seen.jsonl"

    def play(self, **commands: Any) -> None:
        scenario = {"seen": str(self.seen), "commands": commands}
        (self.folder / "scenario.json").write_text(json.dumps(scenario))

    def start(self, *arguments: str, **others: Any) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"], "FAKE_BORG_SCENARIO": str(self.folder / "scenario.json")}
        environment |= others.pop("env", {})
        pipe = subprocess.PIPE
        return subprocess.Popen([FAKE, *arguments], env=environment, stdout=pipe, stderr=pipe, **others)

    def run(self, *arguments: str, **others: Any) -> tuple[int, bytes, bytes]:
        with self.start(*arguments, **others) as child:
            stdout, stderr = child.communicate(timeout=30)
            return child.returncode, stdout, stderr

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.seen.read_text().splitlines()]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def wait_until_there(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def test_version(stage: Stage) -> None:
    stage.play()
    assert stage.run("--version") == (0, b"borg 1.4.5\n", b"")


def test_a_replay_is_the_recording(stage: Stage) -> None:
    folder = DATA / "1.4" / "create_missing_source"
    stage.play(create={"replay": str(folder)})
    exit_code, stdout, stderr = stage.run("create")
    assert (exit_code, stdout, stderr) == (107, (folder / "stdout").read_bytes(), (folder / "stderr").read_bytes())


def test_a_replay_of_a_killed_borg_is_killed(stage: Stage) -> None:
    stage.play(create={"replay": str(DATA / "1.4" / "create_sigkill")})
    assert stage.run("create")[0] == -signal.SIGKILL


def test_steps(stage: Stage) -> None:
    steps = [
        "plain",
        {"type": "file_status", "status": "A"},
        {"raw": "glued: "},
        {"repeat": 2, "step": "again"},
        {"stdout": {"archive": {}}},
        {"sleep": 0},
    ]
    stage.play(create={"steps": steps, "exit_code": 3})
    exit_code, stdout, stderr = stage.run("create")
    assert exit_code == 3
    assert json.loads(stdout) == {"archive": {}}
    assert stderr == b'plain\n{"type": "file_status", "status": "A"}\nglued: again\nagain\n'


def test_answers_in_turn_and_for_any_other_command(stage: Stage) -> None:
    stage.play(**{"create": [{"exit_code": 2}, {"exit_code": 1}], "*": {"exit_code": 9}})
    assert [stage.run("create")[0] for _ in range(3)] == [2, 1, 1]
    assert stage.run("prune")[0] == 9


def test_what_was_seen(stage: Stage) -> None:
    stage.play()
    reading, writing = os.pipe()
    os.write(writing, b"secret")
    os.close(writing)
    stage.run("create", "--json", env={"BORG_PASSPHRASE_FD": str(reading)}, pass_fds=(reading,))
    os.close(reading)
    stage.run("prune")
    first, second = stage.calls()
    assert first["argv"][1:] == ["create", "--json"]
    assert (first["passphrase"], second["passphrase"]) == ("secret", None)
    assert first["environ"]["BORG_PASSPHRASE_FD"] == str(reading)


def test_waiting_and_telling(stage: Stage) -> None:
    started, go = stage.folder / "started", stage.folder / "go"
    stage.play(create={"steps": [{"touch": str(started)}, {"wait_for": str(go)}, "went on"]})
    with stage.start("create") as child:
        wait_until_there(started)
        assert child.poll() is None
        go.touch()
        assert child.communicate(timeout=30)[1] == b"went on\n"
        assert child.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(stage: Stage, number: signal.Signals) -> None:
    started = stage.folder / "started"
    stage.play(create={"steps": [{"touch": str(started)}, {"sleep": 60}]})
    with stage.start("create") as child:
        wait_until_there(started)
        child.send_signal(number)
        assert child.wait(timeout=30) == -number


def test_signals_can_be_ignored(stage: Stage) -> None:
    started, go = stage.folder / "started", stage.folder / "go"
    steps = [{"touch": str(started)}, {"wait_for": str(go)}]
    stage.play(create={"steps": steps, "ignore": ["SIGINT", "SIGTERM"]})
    with stage.start("create") as child:
        wait_until_there(started)
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGINT)
        go.touch()
        assert child.wait(timeout=30) == 0
