"""Recovery of dead runs: once, by whoever comes first, from what was written down before the first script."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from threading import Event

import keyring
import pytest
from keyring.backend import KeyringBackend

from borgdesk.domain.errors import InUse
from borgdesk.domain.run import ExecutionStatus, Hook, RunOn
from borgdesk.engine import procfs, recovery
from borgdesk.engine.assigning import Changes, assign, unassign
from borgdesk.engine.confiding import secret_owner
from borgdesk.engine.enrolling import remove_repository
from borgdesk.store import secrets
from borgdesk.store.secrets import Secrets
from tests.faults.lab import OWED, World

_RECOVER = (
    "from borgdesk.engine.workspace import Workspace; from borgdesk.engine.recovery import recover_all; "
    "print(len(recover_all(Workspace.open())))"
)


def _die(world: World, step: str = "pre2") -> None:
    """Leave a dead run behind whose guardian is dead too, as after a power loss."""
    if step.startswith(("pre", "post")):
        world.rewrite(step, "sleep 30")
    victim = world.start_victim(step, "kill-both")
    victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    world.wait_for_guardian()


def _start_recoverer(world: World) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _RECOVER],
        env=world.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def test_what_is_owed_is_on_the_disk_before_the_first_script(world: World) -> None:
    world.rewrite("pre1", "sleep 30")
    victim = world.start_victim("pre1", "kill-both")
    victim.communicate(timeout=60)
    with sqlite3.connect(world.workspace.paths.database) as database:
        owner = database.execute("SELECT owner_pid, owner_started, owner_boot_id FROM backup_jobs").fetchone()
        owed = database.execute(
            "SELECT script, revision, execution_order, run_on FROM script_executions WHERE status = 'pending'"
            " AND hook != 'pre-backup' ORDER BY id"
        ).fetchall()
    database.close()
    assert owner[0] == victim.pid and owner[1] > 0 and len(owner[2]) == 36  # noqa: PT018 - one identity
    assert [(name, order, run_on) for name, _, order, run_on in owed] == [
        ("post1", 1, "always"),
        ("post2", 2, "always"),
        ("post3", 3, "always"),
        ("report", 1, "always"),
    ]
    for _, revision, _, _ in owed:
        assert world.workspace.store.scripts.revision_content(revision)


def test_four_recoverers_at_once_do_it_once(world: World) -> None:
    _die(world)
    recoverers = [_start_recoverer(world) for _ in range(4)]
    done = [int(recoverer.communicate(timeout=120)[0]) for recoverer in recoverers]
    assert sorted(done) == [0, 0, 0, 1]
    ended = Counter(entry.name for entry in world.journal() if entry.what == "end" and entry.name in OWED)
    assert ended == Counter(OWED)


def test_an_interrupted_recovery_is_recovered(world: World) -> None:
    world.rewrite("post1", "sleep 0.5")
    _die(world)
    first = _start_recoverer(world)
    while not any(entry.what == "begin" and entry.name == "post1" for entry in world.journal()):
        assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate()
    recovery.recover_all(world.workspace)
    run = world.newest_run()
    assert run.status == "interrupted"
    assert {e.planned.name for e in run.executions if e.status is ExecutionStatus.SUCCESS} >= set(OWED)
    assert world.leftover_processes() == []


def test_deleted_scripts_and_repositories_are_still_put_back(world: World) -> None:
    _die(world)
    for assignment in world.workspace.store.assignments.list(world.repository.id):
        unassign(world.workspace, assignment)
    for name in OWED:
        world.workspace.store.scripts.remove(world.workspace.store.scripts.get(name).id)
    world.workspace.store.repositories.remove(world.repository.id)
    recovery.recover_all(world.workspace)
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    run = world.newest_run()
    assert [e.planned.name for e in run.executions if e.recovered] == list(OWED)


class _SilentKeyring(KeyringBackend):
    """One that waits to be unlocked, and nobody is there."""

    priority = 5.0
    given_up = Event()

    def __init__(self) -> None:
        """Without the settings that the original reads from the environment."""

    def get_password(self, service: str, username: str) -> str | None:
        self.given_up.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.given_up.wait()


def test_scripts_without_secrets_do_not_wait_for_the_keyring(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for this one waits for an hour."""
    _die(world)
    before = keyring.get_keyring()
    keyring.set_keyring(_SilentKeyring())
    monkeypatch.setattr(secrets, "_PATIENCE", 3600.0)
    silent = Secrets(world.workspace.paths, {"BORGDESK_SECRETS": "keyring"})
    try:
        (run,) = recovery.recover_all(replace(world.workspace, secrets=silent))
    finally:
        keyring.set_keyring(before)
        _SilentKeyring.given_up.set()
    assert run.status == "interrupted"
    assert [name for name in world.ended() if name in OWED] == list(OWED)


_SECRET = b"""#!/bin/bash
# /// borgdesk
# [parameters.PASSWORD]
# secret = true
# ///
echo "$PASSWORD" >"$HOME/$BORGDESK_HOOK"
echo "the password is $PASSWORD"
"""


def test_a_secret_that_is_gone_keeps_no_other_script_from_its_own(world: World) -> None:
    script = world.workspace.store.scripts.add("with secret", _SECRET, run_on=RunOn.parse("always"))
    before, after = (
        assign(world.workspace, world.repository.id, script.id, hook, Changes(parameters={"PASSWORD": f"of {hook}"}))
        for hook in (Hook.PRE_BACKUP, Hook.POST_BACKUP)
    )
    _die(world)
    world.workspace.secrets.delete(secret_owner(before.id), "PASSWORD")
    (run,) = recovery.recover_all(world.workspace)
    assert (world.folder / "home" / "post-backup").read_text() == "of post-backup\n"
    (done,) = [e for e in run.executions if e.planned.assignment_id == after.id]
    assert (done.status, done.stdout) == (ExecutionStatus.SUCCESS, "the password is [secret]\n")


def test_a_repository_that_is_owed_to_cannot_be_removed(world: World) -> None:
    _die(world)
    with pytest.raises(InUse, match="under way"):
        remove_repository(world.workspace, world.repository)


def test_a_failed_recovery_stays_owed_and_is_tried_again(world: World) -> None:
    gate = world.folder / "gate"
    world.rewrite("post2", f"test -e '{gate}' || exit 4")
    _die(world)
    (run,) = recovery.recover_all(world.workspace)
    owed = [e for e in run.executions if e.status is ExecutionStatus.PENDING]
    assert [e.planned.name for e in owed] == ["post2"]
    assert "Still owed: “post2”" in (run.note or "")
    world.forget_journal()

    # Another process, as after a restart, finds the gate open.
    gate.touch()
    said, errors = _start_recoverer(world).communicate(timeout=60)
    assert said.strip() == "1", errors
    assert world.ended() == ["post2"]
    assert all(e.status.is_final for e in world.newest_run().executions)
    assert _start_recoverer(world).communicate(timeout=60)[0].strip() == "0"


def test_what_was_done_by_hand_is_not_tried_again(world: World) -> None:
    world.rewrite("post2", "exit 4")
    _die(world)
    (run,) = recovery.recover_all(world.workspace)
    recovery.settle_by_hand(world.workspace, run.id)
    world.forget_journal()
    assert _start_recoverer(world).communicate(timeout=60)[0].strip() == "0"
    assert world.journal() == []
    (skipped,) = [e for e in world.newest_run().executions if e.planned.name == "post2"]
    assert (skipped.status, skipped.reason) == (ExecutionStatus.SKIPPED, "done by hand")


def test_a_pid_that_is_used_again_fools_nobody(world: World) -> None:
    _die(world)
    with sqlite3.connect(world.workspace.paths.database) as database:
        database.execute("UPDATE backup_jobs SET owner_pid = ?", (os.getpid(),))
    database.close()
    recovery.recover_all(world.workspace)
    assert [name for name in world.ended() if name in OWED] == list(OWED)


def test_a_run_of_another_boot_is_dead(world: World) -> None:
    _die(world)
    me = procfs.identity()
    with sqlite3.connect(world.workspace.paths.database) as database:
        database.execute(
            "UPDATE backup_jobs SET owner_pid = ?, owner_started = ?, owner_boot_id = 'another'", (me.pid, me.started)
        )
    database.close()
    recovery.recover_all(world.workspace)
    assert [name for name in world.ended() if name in OWED] == list(OWED)


def test_a_living_run_is_left_alone(world: World) -> None:
    world.rewrite("pre2", "sleep 1")
    victim = world.start_victim("nothing", "nothing")
    while not any(entry.name == "pre2" for entry in world.journal()):
        assert victim.poll() is None
    assert recovery.recover_all(world.workspace) == []
    victim.communicate(timeout=60)
    assert world.newest_run().status == "success"
    assert Counter(world.ended()) == Counter(["pre1", "pre2", "pre3", *OWED])


def test_the_next_run_first_does_what_a_dead_one_owes(world: World) -> None:
    _die(world)
    world.rewrite("pre2", ":")
    world.forget_journal()
    assert world.run_again().status == "success"
    ended = world.ended()
    assert ended[: len(OWED)] == list(OWED)
    assert ended[len(OWED) :] == ["pre1", "pre2", "pre3", *OWED]
