from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from borgdesk.domain.events import Stream
from borgdesk.domain.run import BorgStep, Step
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.run_log_reader import LONGEST_SHOWN, read_log
from tests.gui.scene import LAST, POST, PRE, Scene

OUT, ERR = Stream.STDOUT, Stream.STDERR


def test_a_real_log_is_taken_apart(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    repository = scene.repository()
    scene.hook(
        repository, "Stop: a | b", "echo one; sleep 0.05; echo two >&2; sleep 0.05; echo '-- three'; echo '== x'", PRE
    )
    scene.hook(repository, "Start", "echo started", POST)
    scene.hook(repository, "Only bad", "echo bad", LAST, run_on="failure")
    run = scene.run(repository)
    parts = read_log(log_in(run_folder(scene.workspace, run.id)), 100)
    scene.close()
    assert [(part.step, part.script, part.borg) for part in parts] == [
        (Step.PRE_BACKUP, "Stop: a | b", None),
        (Step.CREATE, None, BorgStep.CREATE),
        (Step.POST_BACKUP, "Start", None),
    ]
    assert list(parts[0].lines) == [(OUT, "one"), (ERR, "two"), (OUT, "-- three"), (OUT, "== x")]
    assert list(parts[2].lines) == [(OUT, "started")]
    for part in parts:
        assert part.duration is not None
        assert 0 <= part.duration < 60
    assert (parts[0].duration or 0) >= 0.1


def test_only_the_last_lines_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    lines = [f"12:00:00.100 Chatty | line {number}" for number in range(50)]
    log.write_text("\n".join(["12:00:00.000 == pre-backup", "12:00:00.000 -- Chatty", *lines]) + "\n")
    (part,) = read_log(log, 10)
    assert [text for _, text in part.lines] == [f"line {number}" for number in range(40, 50)]
    assert part.left_out == 40
    assert part.ended is None


def test_midnight_and_broken_lines_do_no_harm(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(
        b"23:59:59.500 == create\n"
        b"23:59:59.500 == borg create\n"
        b"23:59:59.900 borg ! a warning\n\xff\xfe\nnonsense\n00:00:01.000 == outcome: warning\n"
    )
    (part,) = read_log(log, 10)
    assert part.duration == 1.5
    assert list(part.lines) == [(ERR, "a warning")]


def test_no_log_has_no_parts(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none", 10) == []


def test_a_log_of_many_blocks_loses_no_line(tmp_path: Path) -> None:
    log, scripts, lines = tmp_path / "run.log", 7, 9000
    with log.open("w") as file:
        file.write("12:00:00.000 == pre-backup\n")
        for script in range(scripts):
            file.write(f"12:00:00.000 -- Script {script}\n")
            file.writelines(f"12:00:00.000 Script {script} | line {number} é\n" for number in range(lines))
            file.write(f"12:00:01.000 -- Script {script}: success\n")
    parts = read_log(log, 1000)
    assert [part.script for part in parts] == [f"Script {script}" for script in range(scripts)]
    for part in parts:
        assert [text for _, text in part.lines] == [f"line {number} é" for number in range(lines - 1000, lines)]
        assert part.left_out == lines - 1000
        assert part.duration == 1.0


def test_a_log_of_an_older_version_still_has_what_borg_said(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text(
        "12:00:00.000 == create\n12:00:01.000 borg ! changed\n12:00:02.000 == outcome: warning\n"
        "12:00:02.000 == retention\n12:00:03.000 Retention was left\n12:00:04.000 borg | gone\n"
    )
    assert [(part.borg, part.lines) for part in read_log(log, 10)] == [
        (BorgStep.CREATE, ((ERR, "changed"),)),
        (BorgStep.PRUNE, ((OUT, "gone"),)),
    ]


@pytest.mark.parametrize("width", [65_536, 64 * 1024 * 1024], ids=["in pieces", "without an end"])
def test_endless_lines_are_read_in_little_memory(tmp_path: Path, width: int) -> None:
    """As left by a script that prints without line ends; no version of ours wrote such lines."""
    log, size = tmp_path / "run.log", 64 * 1024 * 1024
    with log.open("wb") as file:
        file.write(b"12:00:00.000 == pre-backup\n12:00:00.000 -- Endless\n")
        for _ in range(size // width):
            file.write(b"12:00:00.100 Endless | ")
            file.writelines([b"x" * 65_536] * (width // 65_536))
            file.write(b"\n")
        file.write(b"12:00:01.000 Endless ! the last line\n12:00:01.000 -- Endless: success\n")
    tracemalloc.start()
    try:
        (part,) = read_log(log, 5000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * 1024 * 1024
    assert part.lines[-1] == (ERR, "the last line")
    assert part.lines[-2] == (OUT, "x" * LONGEST_SHOWN + "…")
    assert len(part.lines) + part.left_out == size // width + 1
    assert part.duration == 1.0


def test_a_long_line_of_wide_characters_is_shown_as_far_as_any_other(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text(f"12:00:00.000 == create\n12:00:00.100 borg | {'😀' * 5000}\n", encoding="utf-8")
    (part,) = read_log(log, 10)
    assert part.lines == ((OUT, "😀" * LONGEST_SHOWN + "…"),)
