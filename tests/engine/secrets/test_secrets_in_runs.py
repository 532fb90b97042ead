"""Secret values in runs: passed only to the script they belong to, and visible nowhere else."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from borgdesk.domain.events import ExecutionEnded, OutputPrinted
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import RunStatus
from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from borgdesk.engine.runs import recovery
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from tests.engine.desk import CREATED, POST, PRE, Desk, execution, rows, statuses, wait_until

HEADER = "[parameters.PASSWORD]\nsecret = true\nrequired = true"
SECRET = "hunter2-with-ünïcode"
KEY = "-----BEGIN KEY-----\nfirst line of the key\nsecond line of the key\n-----END KEY-----\n"


def kept_files(desk: Desk) -> dict[Path, bytes]:
    """Return all files that BorgDesk wrote, except the one that stores secrets."""
    home = Path(desk.environment["BORGDESK_HOME"])
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "secrets.json"]
    assert desk.workspace.paths.database in files
    return {path: path.read_bytes() for path in files}


def assert_hidden(desk: Desk, *texts: str) -> None:
    for text in texts:
        assert [path for path, content in kept_files(desk).items() if text.encode() in content] == []
        assert text not in repr(desk.events)
        assert text not in repr([call["argv"] for call in desk.calls()])


def test_a_secret_is_seen_by_its_script_only(desk: Desk) -> None:
    desk.add("Dump", PRE, desk.dump("dump"), header=HEADER, parameters={"PASSWORD": SECRET})
    desk.add("Other", PRE, desk.dump("other"), header="[parameters.PASSWORD]\nsecret = true")
    desk.add("Start", POST, desk.dump("start"))
    run = desk.run()
    assert run.status is RunStatus.SUCCESS
    assert desk.variables("dump")["PASSWORD"] == SECRET
    assert "PASSWORD" not in desk.variables("other")
    assert "PASSWORD" not in desk.variables("start")
    assert SECRET not in repr(desk.calls()), "nor by Borg"
    planned = execution(run, "Dump").planned
    assert (dict(planned.values), set(planned.secrets)) == ({}, {"PASSWORD"})
    assert_hidden(desk, SECRET)


def test_whatever_a_script_prints(desk: Desk) -> None:
    body = """
        set -x
        echo "the password is $PASSWORD."
        echo "$PASSWORD" >&2
        printf '%s' "${PASSWORD:0:9}"; sleep 0.2; printf '%s\\n' "${PASSWORD:9}"
        echo "$KEY"
        head -c 70000 /dev/zero | tr '\\0' x; echo "$PASSWORD"
    """
    header = HEADER + "\n[parameters.KEY]\nsecret = true"
    desk.add("Dump", PRE, body, header=header, parameters={"PASSWORD": SECRET, "KEY": KEY})
    run = desk.run()
    assert_hidden(desk, SECRET, "first line of the key", "second line of the key")
    ended = execution(run, "Dump")
    assert "the password is [secret].\n" in ended.stdout
    assert ended.stdout.count("[secret]") == 3 + 4
    assert "[secret]\n" in ended.stderr
    printed = [line for event in desk.told(OutputPrinted) for line in event.lines]
    assert "the password is [secret]." in printed
    assert "Dump | the password is [secret]." in desk.log(run)


def test_another_script_that_finds_it_out_is_masked_too(desk: Desk) -> None:
    desk.add("Dump", PRE, 'echo "$PASSWORD" > "$BORGDESK_STATE_DIR/x"', header=HEADER, parameters={"PASSWORD": SECRET})
    desk.add("Report", POST, 'cat "$BORGDESK_STATE_DIR/x"')
    assert execution(desk.run(), "Report").stdout == "[secret]\n"
    assert_hidden(desk, SECRET)


def test_a_secret_is_in_no_argv(desk: Desk) -> None:
    body = f"tr '\\0' ' ' < /proc/$PPID/cmdline; ps -eo args > {shlex.quote(str(desk.file('ps')))}"
    desk.add("Dump", PRE, body, header=HEADER, parameters={"PASSWORD": SECRET})
    desk.run()
    assert SECRET not in desk.file("ps").read_text()


def test_the_passphrase_goes_through_a_pipe_and_is_masked(desk: Desk) -> None:
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, SECRET)
    desk.change(has_passphrase=True, encryption="repokey")
    leak = [f"Borg says {SECRET}", {"type": "log_message", "levelname": "WARNING", "name": "borg", "message": SECRET}]
    desk.play(create={**CREATED, "steps": leak})
    desk.add("Stop", PRE, desk.dump("seen"))
    run = desk.run()
    (call,) = desk.calls()
    assert call["passphrase"] == SECRET
    assert SECRET not in repr((call["argv"], call["environ"]))
    assert SECRET not in repr(desk.variables("seen"))
    assert "borg ! Borg says [secret]" in desk.log(run)
    assert_hidden(desk, SECRET)


def test_errors_of_borg_are_masked(desk: Desk) -> None:
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, SECRET)
    desk.change(has_passphrase=True)
    desk.play(create={"steps": [f"strange trouble with {SECRET}"], "exit_code": 2})
    run = desk.run()
    assert run.error == "strange trouble with [secret]"
    assert_hidden(desk, SECRET)


def test_reasons_that_name_a_value_are_masked(desk: Desk) -> None:
    missing = "/opt/hunter2/bin/tool"
    desk.add("Dump", PRE, shebang=f"#!{missing}", header=HEADER, parameters={"PASSWORD": missing})
    run = desk.run()
    reason = "The interpreter [secret] is not installed."
    assert execution(run, "Dump").reason == reason
    assert [event.reason for event in desk.told(ExecutionEnded)] == [reason]
    home = Path(desk.environment["BORGDESK_HOME"])
    assert missing not in "".join(path.read_text() for path in home.rglob("*.log"))
    assert missing not in repr(desk.events)


def test_the_last_words_of_a_script_are_masked_in_what_is_said_of_the_run(desk: Desk) -> None:
    body = 'echo "no luck with $PASSWORD" >&2; exit 3'
    desk.add("Start", POST, body, header=HEADER, parameters={"PASSWORD": SECRET})
    run = desk.run()
    assert run.error == "The script “Start” failed (exit 3): no luck with [secret]."
    assert_hidden(desk, SECRET)


def test_a_warning_of_retention_is_masked(desk: Desk) -> None:
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, SECRET)
    desk.change(has_passphrase=True, retention=Retention(last=3))
    desk.play(create=CREATED, prune={"steps": [f"strange trouble with {SECRET}"], "exit_code": 2})
    run = desk.run()
    assert (run.status, run.error) == (RunStatus.WARNING, "Retention failed: strange trouble with [secret]")
    assert_hidden(desk, SECRET)


def test_notes_are_masked(desk: Desk) -> None:
    """A script may be named like its secret, and notes mention its name."""
    script = desk.add(SECRET, POST, "exit 4", header=HEADER, parameters={"PASSWORD": SECRET})
    run = desk.run()
    desk.workspace.store.executions.still_owed(run.executions[0].id)
    (again,) = recovery.recover_all(desk.workspace)
    assert again.note == "Still owed: “[secret]” failed again when it was retried."
    assert script.script == SECRET


def test_reasons_are_masked(desk: Desk) -> None:
    """Only the name of an earlier script is stored, apart from the words around it."""
    desk.add(SECRET, PRE, "exit 4", header=HEADER, parameters={"PASSWORD": SECRET})
    desk.add("Stop", PRE)
    stop = execution(desk.run(), "Stop")
    assert stop.reasons == (Reason(Code.SCRIPT_BEFORE, {"script": "[secret]", "status": "failed"}),)
    assert stop.reason == "[secret] failed before it"


def test_a_passphrase_that_is_gone(desk: Desk) -> None:
    desk.change(has_passphrase=True)
    desk.add("Stop", PRE)
    desk.add("Start", POST)
    run = desk.run()
    assert run.error == "The passphrase of Docs is no longer in the keyring. Enter it again."
    assert (run.status, statuses(run)) == (RunStatus.FAILURE, {"Stop": "skipped", "Start": "success"})


def test_a_secret_that_is_gone(desk: Desk) -> None:
    assignment = desk.add("Dump", PRE, header=HEADER, parameters={"PASSWORD": SECRET})
    desk.workspace.secrets.delete(f"assignment:{assignment.id}", "PASSWORD")
    run = desk.run()
    assert run.error == "The secret value of PASSWORD is no longer in the keyring. Enter it again."
    assert (run.status, desk.journal()) == (RunStatus.FAILURE, [])


def test_a_secret_that_was_not_touched_is_kept(desk: Desk) -> None:
    assignment = desk.add("Dump", PRE, desk.dump("seen"), header=HEADER, parameters={"PASSWORD": SECRET})
    edit_assignment(desk.workspace, assignment, Changes(timeout=30))
    assert desk.run().status is RunStatus.SUCCESS
    assert desk.variables("seen")["PASSWORD"] == SECRET


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("a\0b", "The value of PASSWORD contains a NUL byte and cannot be passed to a script."),
        ("x" * 128 * 1024, "The value of PASSWORD is longer than 128 KiB and cannot be passed to a script."),
        ("\ud800", "The value of PASSWORD is not text and cannot be passed to a script."),
    ],
    ids=["NUL", "long", "no text"],
)
def test_a_value_that_cannot_be_passed_fails_that_script(desk: Desk, value: str, sentence: str) -> None:
    assignment = desk.add("Dump", PRE, header=HEADER, parameters={"PASSWORD": SECRET})
    desk.add("Start", POST)
    path = desk.workspace.paths.config / "secrets.json"
    path.write_text(json.dumps({f"assignment:{assignment.id}": {"PASSWORD": value}}))
    run = desk.run()
    assert rows(run) == [("Dump", "failed", sentence), ("Start", "success", None)]
    assert run.status is RunStatus.FAILURE
    assert_hidden(desk, "x" * 1000)


def test_many_values_that_are_too_long_together(desk: Desk) -> None:
    values = {f"VALUE_{number}": "x" * 120_000 for number in range(30)}
    desk.add("Dump", PRE, parameters=values)
    run = desk.run()
    assert rows(run) == [("Dump", "failed", "/bin/bash could not be started: Argument list too long.")]


def test_a_value_that_is_not_utf8_arrives(desk: Desk) -> None:
    value = b"caf\xe9".decode("utf-8", "surrogateescape")
    desk.add("Dump", PRE, desk.dump("seen") + '; echo "$PASSWORD"', header=HEADER, parameters={"PASSWORD": value})
    run = desk.run()
    assert desk.variables("seen")["PASSWORD"] == value
    assert execution(run, "Dump").stdout == "[secret]\n"


def test_the_users_own_secrets_are_not_for_scripts(desk: Desk) -> None:
    desk.environment |= {"BORG_PASSPHRASE": SECRET, "BORG_REPO": "/elsewhere", "BORGDESK_SECRET": SECRET, "MINE": "1"}
    desk.workspace = type(desk.workspace).open(desk.environment)
    desk.add("Dump", PRE, desk.dump("seen"))
    desk.run()
    seen = desk.variables("seen")
    assert seen["MINE"] == "1"
    assert not {"BORG_PASSPHRASE", "BORG_REPO", "BORGDESK_SECRET", "BORGDESK_HOME"} & seen.keys()


def test_nobody_else_can_read_what_is_kept(desk: Desk) -> None:
    desk.add("Stop", PRE, f"touch {desk.file('there')}; while [ ! -e {desk.file('go')} ]; do sleep 0.02; done")
    running = desk.start()
    wait_until(desk.file("there").exists)
    try:
        home = Path(desk.environment["BORGDESK_HOME"])
        open_doors = [str(path) for path in (home, *home.iterdir()) if path.is_dir() and path.stat().st_mode & 0o077]
        inner = [path for path in home.rglob("runs/*") if path.stat().st_mode & 0o077]
    finally:
        desk.file("go").touch()
        running.result()
    assert [path for path in open_doors if Path(path) != home] == []
    assert inner == []
    assert os.access(home, os.R_OK)
