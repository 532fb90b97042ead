"""Checks before the first script: nothing is stopped for a backup that is impossible or never begins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus
from borgdesk.domain.script import NewScript
from borgdesk.engine.borg_calls import passphrase_command
from borgdesk.engine.borg_calls.limits import Limits
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import preflight
from borgdesk.engine.secrets import secret_values
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from tests.dead_disk import HurriedClock, dead_disk
from tests.engine.desk import CREATED, LAST, POST, PRE, Desk, statuses, wait_until

SSH = "ssh://host.invalid/./repository"
FAILED = "The command that prints the passphrase failed"
ENDLESS = "The command that should print the passphrase prints more than 1 MiB and was ended"
NOTHING_RAN = {"pre": "skipped", "post": "success", "last": "success"}


@pytest.fixture(autouse=True)
def prepared(desk: Desk) -> None:
    desk.add("pre", PRE)
    for name, hook in (("post", POST), ("last", LAST)):
        desk.add(name, hook, run_on="always")


def passphrases(desk: Desk) -> list[str | None]:
    return [call["passphrase"] for call in desk.calls()]


def pretend(desk: Desk) -> None:
    """Create a file so that there seems to be a repository."""
    Path(desk.repository.location).mkdir()
    Path(desk.repository.location, "config").touch()


# Passcommand ---------------------------------------------------------------------------------------------------------


def test_a_passcommand_is_asked_once_and_before_the_first_script(desk: Desk) -> None:
    asked = desk.file("asked")
    command = desk.file("password command")
    command.write_text(f"#!/bin/sh\necho asked >> {desk.journal_file}\necho 'the secret '\necho >&2 never mind\necho\n")
    command.chmod(0o755)
    desk.change(passcommand=f"'{command}' {asked}", has_passphrase=False)
    desk.add("blab", POST, "echo the secret is 'the secret '", run_on="always")
    run = desk.run()
    assert run.outcome is Outcome.SUCCESS
    assert desk.journal() == ["asked", "pre", "post", "blab", "last"]
    assert passphrases(desk) == ["the secret "]
    assert "BORG_PASSCOMMAND" not in desk.calls()[0]["environ"]
    blab = next(one for one in run.executions if one.planned.name == "blab")
    assert blab.stdout == "[secret]is [secret]\n"


def test_a_passcommand_starts_in_the_home(desk: Desk) -> None:
    desk.change(passcommand="sh -c 'pwd; pwd >&2'", has_passphrase=False)
    assert desk.run().outcome is Outcome.SUCCESS
    assert passphrases(desk) == [desk.environment["HOME"]]


def test_a_passcommand_does_not_wait_for_a_home_that_does_not_respond(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.change(passcommand="sh -c pwd", has_passphrase=False)
    with dead_disk(tmp_path / "dead") as home:
        monkeypatch.setattr(process, "time", HurriedClock(home))
        object.__setattr__(desk.workspace, "environment", {**desk.environment, "HOME": str(home)})
        assert desk.run().outcome is Outcome.SUCCESS
    assert passphrases(desk) == ["/"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sh -c 'exec sleep 3600'", "did not end within 1 seconds: does it wait for a keyring to be unlocked?"),
        ("sh -c 'trap \"\" TERM; while :; do sleep 1; done'", "did not end within 1 seconds"),
    ],
)
def test_a_passcommand_that_waits_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setattr(passphrase_command, "_LIMIT", 1.0)
    desk.change(passcommand=command)
    run = desk.run()
    assert said in (run.error or "")
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, NOTHING_RAN)
    assert desk.calls() == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program --at-all", f"{FAILED}: no-such-program is not installed."),
        ("sh -c 'echo no key; echo no such key >&2; exit 3'", f"{FAILED} (exit 3). no such key"),
        ("false", f"{FAILED} (exit 1). Try it in a terminal."),
        ("echo 'unfinished", f"{FAILED}: No closing quotation."),
        ("yes", f"{ENDLESS}: is “yes” the right one?"),
        ("sh -c 'yes >&2'", f"{ENDLESS}: is “sh” the right one?"),
    ],
)
def test_a_passcommand_that_fails_is_asked_again_after_the_scripts(desk: Desk, command: str, said: str) -> None:
    """It may read a file on a disk that a script mounts."""
    desk.change(passcommand=command)
    run = desk.run()
    assert (run.outcome, run.error) == (Outcome.FAILURE, said)
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}
    assert f"not yet: {said}" in desk.log(run)
    assert desk.calls() == []


def test_a_script_may_make_the_passcommand_work(desk: Desk) -> None:
    key = desk.file("key")
    desk.add("mount", PRE, f"echo secret > {key}")
    desk.change(passcommand=f"cat {key}")
    assert desk.run().outcome is Outcome.SUCCESS
    assert passphrases(desk) == ["secret"]


def test_stop_while_the_passcommand_waits(desk: Desk) -> None:
    asked = desk.file("asked")
    desk.change(passcommand=f"sh -c 'touch {asked}; exec sleep 3600'")
    cancel = Cancel()
    running = desk.start(cancel)
    wait_until(asked.exists)
    cancel.ask()
    run = running.result()
    assert (run.outcome, statuses(run)) == (Outcome.CANCELLED, NOTHING_RAN)


def test_a_passphrase_of_any_length(desk: Desk) -> None:
    long = "long " * 50_000
    desk.change(encryption="repokey", has_passphrase=True)
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, long)
    desk.play(create={"steps": [], **CREATED})
    assert desk.run().outcome is Outcome.SUCCESS
    assert passphrases(desk) == [long]


def test_a_keyring_that_never_answers_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """This does not replace our own code, but a desktop's keyring that waits to be unlocked."""
    monkeypatch.setattr(secret_values, "_KEYRING_LIMIT", 0.2)
    desk.change(encryption="repokey", has_passphrase=True)
    over = threading.Event()

    class Locked:
        def get(self, *_: str) -> None:
            over.wait()

    object.__setattr__(desk.workspace, "secrets", Locked())
    run = desk.run()
    over.set()
    assert run.error == "The keyring did not respond within 0 seconds. Unlock it and try again."
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, NOTHING_RAN)


def test_a_keyring_that_never_keeps_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value was set before its script declared it secret, so it is stored when a run is armed."""
    monkeypatch.setattr(secret_values, "_KEYRING_LIMIT", 0.2)
    script = desk.workspace.store.scripts.add(NewScript("Dump", b"#!/bin/sh\ntrue\n"))
    one = assign(desk.workspace, desk.repository.id, script.id, PRE, Changes(parameters={"TOKEN": "given"}))
    desk.workspace.store.scripts.save(
        script.id, b"#!/bin/sh\n# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\ntrue\n"
    )
    over = threading.Event()

    class Locked:
        def get(self, *_: str) -> None:
            return None

        def set(self, *_: str) -> None:
            over.wait()

        def delete(self, *_: str) -> None:
            over.wait()

    object.__setattr__(desk.workspace, "secrets", Locked())
    run = desk.run()
    over.set()
    assert run.error is not None
    assert run.error.endswith(
        "cannot be stored as a secret. The keyring did not respond within 0 seconds. Unlock it and try again."
    )
    assert run.outcome is Outcome.FAILURE
    assert {one.status for one in run.executions if not one.planned.hook.is_post} == {ExecutionStatus.SKIPPED}
    assert desk.workspace.store.assignments.get(one.id).parameters == {"TOKEN": "given"}


def test_a_script_may_bring_the_interpreter_of_the_next_one(desk: Desk) -> None:
    """For example by mounting a disk."""
    brought = desk.file("brought")
    scripts = desk.workspace.store.scripts
    bring = scripts.add(NewScript("bring", f"#!/bin/sh\nln -s /bin/sh '{brought}'\n".encode()))
    use = scripts.add(NewScript("use", f"#!{brought}\necho used\n".encode()))
    for one in (bring, use):
        assign(desk.workspace, desk.repository.id, one.id, PRE, Changes())
    run = desk.run()
    assert run.outcome is Outcome.SUCCESS, run.error
    assert statuses(run)["use"] == "success"


def test_a_run_that_is_stopped_before_it_was_armed_is_cancelled(desk: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    run = desk.start(cancel).result()
    assert (run.outcome, run.status) == (Outcome.CANCELLED, RunStatus.CANCELLED)


# Repository on another machine ---------------------------------------------------------------------------------------


def test_a_host_is_asked_before_anything_is_stopped(desk: Desk) -> None:
    desk.change(location=SSH)
    assert desk.run().status is RunStatus.SUCCESS
    assert desk.commands() == ["list", "create"]
    probe, create = desk.calls()
    assert "--bypass-lock" in probe["argv"]
    assert "ConnectTimeout=10" in probe["environ"]["BORG_RSH"]
    assert "ConnectTimeout=30" in create["environ"]["BORG_RSH"]


def test_a_host_that_takes_the_connection_and_falls_silent_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "_PROBE", Limits(total=1.0))
    desk.change(location=SSH)
    desk.play(list={"steps": [{"sleep": 3600}]})
    run = desk.run()
    assert run.error == (
        "The repository's host is not responding. Borg did not respond within 1 second and was stopped. Nothing was "
        "stopped."
    )
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, NOTHING_RAN)


def test_a_host_that_a_script_wakes_need_not_be_there_before(desk: Desk) -> None:
    desk.change(location=SSH)
    closed = {"type": "log_message", "time": 1.0, "levelname": "ERROR", "name": "borg", "message": "Connection closed"}
    desk.play(create=CREATED, list={"steps": [{**closed, "msgid": "ConnectionClosedWithHint"}], "exit_code": 81})
    run = desk.run()
    assert run.outcome is Outcome.SUCCESS
    assert "not yet: " in desk.log(run)


def test_a_wrong_passphrase_stops_nothing(desk: Desk) -> None:
    desk.change(location=SSH)
    wrong = {"type": "log_message", "time": 1.0, "levelname": "ERROR", "name": "borg", "message": "passphrase wrong"}
    desk.play(list={"steps": [{**wrong, "msgid": "PassphraseWrong"}], "exit_code": 52})
    run = desk.run()
    assert run.error == "The passphrase is wrong. Nothing was stopped."
    assert statuses(run) == NOTHING_RAN


def test_a_wrong_passphrase_of_a_repository_on_this_machine_stops_nothing(desk: Desk) -> None:
    desk.change(encryption="repokey", has_passphrase=True)
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, "of another one")
    pretend(desk)
    wrong = {"type": "log_message", "time": 1.0, "levelname": "ERROR", "name": "borg", "message": "passphrase wrong"}
    desk.play(list={"steps": [{**wrong, "msgid": "PassphraseWrong"}], "exit_code": 52})
    run = desk.run()
    assert run.error == "The passphrase is wrong. Nothing was stopped."
    assert statuses(run) == NOTHING_RAN


@pytest.mark.parametrize(("encryption", "there"), [("none", True), ("repokey", False)], ids=["none", "not mounted yet"])
def test_where_no_passphrase_can_be_wrong_yet_borg_is_not_asked(desk: Desk, encryption: str, there: bool) -> None:
    desk.change(encryption=encryption)
    if there:
        pretend(desk)
    assert desk.run().outcome is Outcome.SUCCESS
    assert desk.commands() == ["create"]


def test_a_repository_on_this_machine_may_take_its_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk has answered; Borg may be rebuilding a lost index."""
    monkeypatch.setattr(preflight, "_PROBE", Limits(total=1.0))
    desk.change(encryption="repokey")
    pretend(desk)
    desk.play(create=CREATED, list={"steps": [{"sleep": 3600}]})
    assert desk.run().outcome is Outcome.SUCCESS


def test_stop_while_the_host_is_asked(desk: Desk) -> None:
    asked = desk.file("asked")
    desk.change(location=SSH)
    desk.play(list={"steps": [{"touch": str(asked)}, {"sleep": 3600}]})
    cancel = Cancel()
    running = desk.start(cancel)
    wait_until(asked.exists)
    cancel.ask()
    run = running.result()
    assert (run.outcome, statuses(run)) == (Outcome.CANCELLED, NOTHING_RAN)


def test_without_scripts_before_nothing_is_asked_twice(desk: Desk, tmp_path: Path) -> None:
    for one in desk.workspace.store.assignments.list(desk.repository.id):
        if one.hook is PRE:
            desk.workspace.store.assignments.remove(one.id)
    desk.change(location=SSH)
    assert desk.run().outcome is Outcome.SUCCESS
    assert desk.commands() == ["create"]
