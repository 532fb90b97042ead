"""Invalid input: a clear sentence, also in the history, and no partial effects."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgUnusable
from borgdesk.domain.run import Hook, Outcome, RunStatus
from borgdesk.domain.script import NewScript
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.borg_calls.getting_borg import how_to_install
from borgdesk.engine.lanes.arrangement import read_lanes
from tests.engine.desk import LAST, POST, PRE, Desk, execution, rows, sentence, statuses

AFTER = [("Start", "success", None), ("Report", "success", None)]


def with_scripts_afterwards(desk: Desk) -> None:
    desk.add("Start", POST, desk.dump("seen") + '; test -d "$BORGDESK_STATE_DIR"')
    desk.add("Report", LAST)


def test_a_missing_script_file_stops_nothing_and_is_named(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.add("Gone", PRE)
    with_scripts_afterwards(desk)
    path = desk.workspace.paths.library / "gone.sh"
    path.unlink()
    run = desk.run()
    problem = f"The script file {path} is missing."
    assert (run.outcome, run.status, run.error) == (Outcome.FAILURE, RunStatus.FAILURE, problem)
    assert desk.journal() == ["Start", "Report"], "nothing was stopped; what must run afterwards runs"
    assert desk.commands() == []
    reason = f"The run stopped before it: {problem}"
    assert rows(run) == [("Stop", "skipped", reason), ("Gone", "skipped", reason), *AFTER]


def test_without_a_guardian_nothing_is_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add("Stop", PRE)
    with_scripts_afterwards(desk)
    broken = desk.folder / "python"
    broken.write_text("#!/bin/sh\necho 'no Python here' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    run = desk.run()
    problem = "The guardian of the run did not start, so nothing was stopped. See guardian.log."
    assert (run.status, run.error) == (RunStatus.FAILURE, problem)
    assert rows(run) == [(name, "skipped", problem) for name in ("Stop", "Start", "Report")]
    assert (desk.journal(), desk.commands()) == ([], [])
    assert "no Python here" in (desk.workspace.paths.state / "guardian.log").read_text()


def test_a_missing_script_file_afterwards_stops_nothing_either(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.add("Gone", POST)
    desk.add("Start", POST, run_on="always")
    path = desk.workspace.paths.library / "gone.sh"
    path.unlink()
    run = desk.run()
    problem = f"The script file {path} is missing."
    assert desk.journal() == ["Start"]
    assert rows(run)[1:] == [("Gone", "failed", problem), ("Start", "success", None)]
    assert run.error == problem
    assert run.status is RunStatus.FAILURE


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"echo\0\n", "contains NUL bytes"), (b"caf\xe9\n", "is not UTF-8 text (line 1)")],
)
def test_a_file_that_somebody_spoilt(desk: Desk, content: bytes, words: str) -> None:
    desk.add("Spoilt", PRE)
    path = desk.workspace.paths.library / "spoilt.sh"
    path.write_bytes(content)
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert words in (run.error or "")
    assert str(path) in (run.error or "")


def test_a_file_with_foreign_line_ends_runs(desk: Desk) -> None:
    desk.add("Edited", PRE)
    path = desk.workspace.paths.library / "edited.sh"
    path.write_bytes(b"\xef\xbb\xbf#!/bin/bash\r\necho from elsewhere\r\n")
    run = desk.run()
    assert execution(run, "Edited").stdout == "from elsewhere\n"
    assert path.read_bytes().endswith(b"\r\n"), "the user's file is left alone"


def test_a_malformed_block(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.add("Malformed", PRE)
    (desk.workspace.paths.library / "malformed.sh").write_text("#!/bin/sh\n# /// borgdesk\n# timeout = 0\n# ///\n")
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert run.error == (
        "The script “Malformed” has an invalid parameter block. In the block, “timeout” must be a whole number of "
        "seconds, from 1 to 604800."
    )
    assert desk.journal() == []


def test_a_missing_required_value_runs_nothing_at_all(desk: Desk) -> None:
    desk.add("Stop", PRE, header="[parameters.CONTAINERS]\nrequired = true")
    desk.add("Dump", PRE, header="[parameters.PASSWORD]\nrequired = true\nsecret = true")
    with_scripts_afterwards(desk)
    run = desk.run()
    reason = "The script “Stop” needs a value for CONTAINERS. The script “Dump” needs a value for PASSWORD."
    assert (run.status, run.error) == (RunStatus.FAILURE, reason)
    assert rows(run) == [(name, "skipped", reason) for name in ("Stop", "Dump", "Start", "Report")]
    assert (desk.journal(), desk.commands()) == ([], [])
    assert sentence(desk) == f"Backup of Docs failed. {reason}"


def test_an_interpreter_that_is_not_there(desk: Desk) -> None:
    desk.add("Odd", PRE, shebang="#!/no/such/interpreter")
    run = desk.run()
    assert rows(run) == [("Odd", "failed", "The interpreter /no/such/interpreter is not installed.")]
    assert run.error == "The script “Odd” failed."


@pytest.mark.parametrize("hook", [POST, LAST])
def test_a_script_afterwards_that_cannot_be_started_stops_nothing(desk: Desk, hook: Hook) -> None:
    desk.add("Stop", PRE)
    odd = desk.add("Odder", hook, shebang="#!/usr/bin/env no-such-language")
    desk.add("Nothing to find", hook, shebang="#!/usr/bin/env -S bash -e", run_on="always")
    run = desk.run()
    problem = "The script “Odder” cannot be started: the interpreter no-such-language is not installed."
    assert (run.outcome, run.error) == (Outcome.FAILURE, problem)
    assert rows(run)[0] == ("Stop", "skipped", f"The run stopped before it: {problem}")
    assert "Odder" not in desk.journal()
    assert desk.commands() == []
    assert read_lanes(desk.workspace, desk.repository.id).warnings[odd.id] == (
        "The interpreter no-such-language is not installed. No backup starts without it.",
    )


def test_values_afterwards_that_cannot_be_passed_stop_nothing(desk: Desk) -> None:
    desk.add("Stop", PRE)
    # Each of them alone is small enough to be passed.
    names = [f"V{number}" for number in range(60)]
    header = "\n".join(f"[parameters.{name}]" for name in names)
    desk.add("Start", POST, header=header, run_on="always", parameters=dict.fromkeys(names, "x" * 120_000))
    run = desk.run()
    problem = "The script “Start” cannot be started: its values are longer than Linux allows in total."
    assert (run.outcome, run.error) == (Outcome.FAILURE, problem)
    assert rows(run)[0] == ("Stop", "skipped", f"The run stopped before it: {problem}")
    assert desk.journal() == []


def test_interpreters(desk: Desk) -> None:
    print_name = "import os, sys; print(os.environ['BORGDESK_HOOK'], sys.argv[1:], sys.stdin.read() == '')"
    desk.workspace.store.scripts.add(NewScript("Python", f"#!/usr/bin/env python3\n{print_name}\n".encode()))
    desk.workspace.store.scripts.add(NewScript("None", b"[[ -n $BASH_VERSION ]] && echo bash\n"))
    desk.workspace.store.scripts.add(NewScript("Shell", b"#!/bin/sh -e\nfalse\necho not reached\n"))
    desk.workspace.store.scripts.add(NewScript("Split", b"#!/usr/bin/env -S bash -e\nfalse\necho not reached\n"))
    for name in ("Python", "None", "Shell", "Split"):
        desk.workspace.store.assignments.add(desk.repository.id, desk.workspace.store.scripts.get(name).id, LAST)
    desk.change(continue_on_hook_failure=True)
    run = desk.run()
    assert [(one.stdout, one.exit_code) for one in run.executions] == [
        ("post-run [] True\n", 0),
        ("bash\n", 0),
        ("", 1),
        ("", 1),
    ]


def test_env_looks_where_the_script_will(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "own-interpreter"
    program.parent.mkdir()
    program.symlink_to("/bin/sh")
    desk.environment["PATH"] += f":{program.parent}"
    desk.workspace = type(desk.workspace).open(desk.environment)
    desk.add("Odd", PRE, shebang="#!/usr/bin/env own-interpreter")
    assert desk.run().status is RunStatus.SUCCESS


def test_a_source_that_is_gone(desk: Desk) -> None:
    desk.change(sources=("/no/such/disk", "/nor/this"))
    desk.add("Stop", PRE)
    with_scripts_afterwards(desk)
    run = desk.run()
    error = (
        "“/no/such/disk” does not exist; “/nor/this” does not exist. A disk may not be mounted. Nothing was backed up."
    )
    assert (run.outcome, run.error, desk.commands()) == (Outcome.FAILURE, error, [])
    assert rows(run) == [("Stop", "success", None), *AFTER]
    seen = desk.variables("seen")
    assert (seen["BORGDESK_ERROR"], seen["BORGDESK_BORG_EXIT_CODE"]) == (error, "")


def test_a_source_that_a_script_brings(desk: Desk) -> None:
    disk = desk.file("disk")
    desk.change(sources=(str(disk),))
    desk.add("Mount", PRE, f"mkdir {disk}")
    assert desk.run().status is RunStatus.SUCCESS


def test_no_borg(desk: Desk) -> None:
    desk.environment["BORGDESK_BORG"] = "/no/such/borg"
    desk.workspace = type(desk.workspace).open(desk.environment)
    desk.add("Stop", PRE)
    with_scripts_afterwards(desk)
    run = desk.run()
    problem = f"Borg is not installed (looked for “/no/such/borg”). {how_to_install()}"
    assert (run.status, run.error) == (RunStatus.FAILURE, problem)
    assert rows(run) == [("Stop", "skipped", f"The run stopped before it: {problem}"), *AFTER]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.1.17", "Borg 1.1.17 is too old. BorgDesk needs Borg 1.2 or 1.4."),
        (
            "2.0.0",
            "Borg 2 is experimental: archives can be listed and restored only. Everything else needs Borg 1.2 or 1.4.",
        ),
        ("3.0.0", "Borg 3.0.0 is not supported yet. BorgDesk needs Borg 1.2 or 1.4."),
        ("unknown", "This program does not identify itself as Borg. Check the path."),
    ],
)
def test_a_borg_that_does_not_suit(desk: Desk, version: str, words: str) -> None:
    desk.play(version=version)
    desk.add("Stop", PRE)
    run = desk.run()
    assert (run.status, run.error, desk.journal()) == (RunStatus.FAILURE, words, [])


def test_a_program_that_fails_at_its_version(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "borg"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(0o700)
    desk.environment["BORGDESK_BORG"] = str(program)
    desk.workspace = type(desk.workspace).open(desk.environment)
    with pytest.raises(BorgUnusable) as caught:
        usable_version(desk.workspace)
    assert str(caught.value) == f"Borg cannot be used: {program} --version failed (exit 3). broken"


def test_the_version_is_asked_once_for_each_program(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "borg"
    shutil.copy(desk.program, program)
    desk.environment["BORGDESK_BORG"] = str(program)
    desk.workspace = type(desk.workspace).open(desk.environment)

    def asked() -> int:
        calls = (desk.folder / "calls.jsonl").read_text().splitlines()
        return sum(json.loads(call)["argv"][1] == "--version" for call in calls)

    for _ in range(2):
        assert str(usable_version(desk.workspace)) == "1.4.5"
    assert asked() == 1
    os.utime(program, ns=(1, 1))
    desk.play(version="1.2.4")
    assert str(usable_version(desk.workspace)) == "1.2.4", "a new program is asked again"
    (desk.workspace.paths.cache / "borg-versions.json").write_text("[")
    assert str(usable_version(desk.workspace)) == "1.2.4"
    assert asked() == 3


def test_an_empty_list_of_sources(desk: Desk) -> None:
    desk.change(sources=())
    desk.add("Stop", PRE)
    run = desk.run()
    assert run.error == "There is nothing to back up. Add at least one source."
    assert desk.journal() == []


def test_borg_that_answers_with_something_else(desk: Desk) -> None:
    desk.play(create={"steps": [{"stdout": "what?"}]})
    desk.add("Start", POST)
    run = desk.run()
    assert run.outcome is Outcome.FAILURE
    assert "Borg's reply could not be understood" in (run.error or "")
    assert statuses(run) == {"Start": "success"}


def test_a_folder_for_notes_that_cannot_be_made(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.add("Start", POST)
    folder = desk.workspace.paths.runs / "1"
    folder.mkdir(parents=True)
    (folder / "state").write_text("in the way")
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert run.error == f"The folder {folder / 'state'} cannot be created: File exists."
    assert desk.journal() == ["Start"]


def test_a_place_in_the_queue_that_cannot_be_taken(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.workspace.paths.turns.write_text("in the way")
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert (run.error or "").startswith("The run could not start: ")
    assert desk.workspace.store.runs.unfinished() == []
    assert desk.journal() == []
