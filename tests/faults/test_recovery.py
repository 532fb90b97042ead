"""Recovery of dead runs: once, by the first process to come, from the data recorded before the first script."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from threading import Event

import keyring
import pytest
from keyring.backend import KeyringBackend

from borgdesk.domain.errors import InUse
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, RunOn
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment, unassign
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.registration import remove_repository
from borgdesk.engine.runs import recovery, recovery_secrets
from borgdesk.engine.runs.run_folders import notes_in, run_folder
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.store import secrets
from borgdesk.store.secrets import Secrets
from tests.engine.desk import wait_until
from tests.faults.lab import OWED, World
from tests.faults.victim import guardians_of

_RECOVER = (
    "from borgdesk.engine.workspace import Workspace; from borgdesk.engine.runs.recovery import recover_all; "
    "print(len(recover_all(Workspace.open())))"
)


def _die(world: World, step: str = "pre2") -> None:
    """Leave a dead run whose guardian is dead, too, as after a power loss.

    A recovery ends a script that ran before the backup, and waits for one that is owed.
    """
    if step != "create":
        world.rewrite(step, "sleep 30" if step.startswith("pre") else "sleep 3")
    victim = world.start_victim(step, "kill-both")
    victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    world.wait_for_guardians()


def start_recoverer(world: World) -> subprocess.Popen[str]:
    """Recover all dead runs in a separate process, which prints their number."""
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
        assert world.workspace.store.revisions.content(revision)


def test_four_recoverers_at_once_do_it_once(world: World) -> None:
    _die(world)
    recoverers = [start_recoverer(world) for _ in range(4)]
    done = [int(recoverer.communicate(timeout=120)[0]) for recoverer in recoverers]
    assert sorted(done) == [0, 0, 0, 1]
    ended = Counter(entry.name for entry in world.journal() if entry.what == "end" and entry.name in OWED)
    assert ended == Counter(OWED)


def test_an_interrupted_recovery_is_recovered(world: World) -> None:
    world.rewrite("post1", "sleep 0.5")
    _die(world)
    first = start_recoverer(world)
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
    """A keyring that waits to be unlocked, with nobody there."""

    priority = 5.0
    given_up = Event()

    def __init__(self) -> None:
        """Omit the settings that the original reads from the environment."""

    def get_password(self, service: str, username: str) -> str | None:
        self.given_up.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.given_up.wait()


def test_scripts_without_secrets_do_not_wait_for_the_keyring(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for this keyring would take an hour."""
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
    script = world.workspace.store.scripts.add(NewScript("with secret", _SECRET, run_on=RunOn.parse("always")))
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


class _SlowKeyring(KeyringBackend):
    """A keyring that is unlocked when it asks for its password; then it contains *kept*."""

    priority = 5.0

    def __init__(self, kept: Secrets) -> None:
        """Omit the settings that the original reads from the environment."""
        self._kept = kept
        self._locked = True

    def get_password(self, service: str, username: str) -> str | None:
        if self._locked:
            # Longer than any other wait of a recovery.
            time.sleep(4.0)
            self._locked = False
        owner, _, name = username.rpartition("/")
        return self._kept.get(owner, name)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nobody keeps anything here")


def test_a_script_that_needs_a_secret_waits_for_the_keyring(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    script = world.workspace.store.scripts.add(NewScript("with secret", _SECRET, run_on=RunOn.parse("always")))
    changes = Changes(parameters={"PASSWORD": "a password"})
    one = assign(world.workspace, world.repository.id, script.id, Hook.POST_BACKUP, changes)
    _die(world)
    monkeypatch.setattr(recovery_secrets, "_KEYRING_PATIENCE_FOR_MASKS", 0.0)
    before = keyring.get_keyring()
    keyring.set_keyring(_SlowKeyring(world.workspace.secrets))
    slow = Secrets(world.workspace.paths, {"BORGDESK_SECRETS": "keyring"})
    try:
        (run,) = recovery.recover_all(replace(world.workspace, secrets=slow))
    finally:
        keyring.set_keyring(before)
    (done,) = [e for e in run.executions if e.planned.assignment_id == one.id]
    assert (done.status, done.stdout) == (ExecutionStatus.SUCCESS, "the password is [secret]\n")


def test_a_repository_that_is_owed_to_cannot_be_removed(world: World) -> None:
    _die(world)
    with pytest.raises(InUse, match="is running"):
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

    # A later process, as after a restart, finds the gate open.
    gate.touch()
    said, errors = start_recoverer(world).communicate(timeout=60)
    assert said.strip() == "1", errors
    assert world.ended() == ["post2"]
    assert all(e.status.is_final for e in world.newest_run().executions)
    assert start_recoverer(world).communicate(timeout=60)[0].strip() == "0"


def test_the_notes_are_kept_as_long_as_something_is_owed(world: World) -> None:
    """A later attempt reads the data recorded before the backup."""
    gate = world.folder / "gate"
    world.rewrite("pre1", 'echo stopped > "$BORGDESK_STATE_DIR/note"')
    world.rewrite("post2", f"test -e '{gate}' && grep -q stopped \"$BORGDESK_STATE_DIR/note\" || exit 4")
    _die(world)
    (run,) = recovery.recover_all(world.workspace)
    notes = notes_in(run_folder(world.workspace, run.id))
    assert (notes / "note").exists()
    gate.touch()
    assert start_recoverer(world).communicate(timeout=60)[0].strip() == "1"
    (done,) = [e for e in world.newest_run().executions if e.planned.name == "post2"]
    assert done.status is ExecutionStatus.SUCCESS
    assert not notes.exists()


def test_what_failed_before_the_death_has_stopped_its_lane(world: World) -> None:
    """Only scripts that always run follow it; after a death during one of them, the others must not run."""
    runs_on = world.workspace.store.assignments
    for one in runs_on.list(world.repository.id):
        if one.script in ("post1", "post3"):
            edit_assignment(
                world.workspace, one, Changes(run_on=RunOn.parse("success,failure"), on_failure=OnFailure.STOP)
            )
    world.rewrite("post1", "exit 3")
    _die(world, "post2")
    (run,) = recovery.recover_all(world.workspace)
    assert {e.planned.name: (e.status.value, e.reason) for e in run.executions if e.planned.hook.is_post} == {
        "post1": ("failed", "exit 3"),
        "post2": ("success", None),
        "post3": ("skipped", "post1 failed before it"),
        "report": ("success", None),
    }


def test_an_orphaned_borg_is_ended_before_anything_is_started_again(world: World) -> None:
    """Services must not start under a Borg that still reads their files."""
    real, slow, pids = world.environment["BORGDESK_BORG"], world.folder / "slow-borg", world.folder / "pids"
    slow.write_text(
        f"#!/bin/sh\ncase \" $* \" in *' create '*) echo $$ >>'{pids}'; exec sleep 1000;; esac\nexec '{real}' \"$@\"\n"
    )
    slow.chmod(0o755)
    # A zombie does not read anything any more.
    alive = f"for pid in $(cat '{pids}'); do grep -q 'State:.[RSDT]' /proc/$pid/status && say borg-alive post1; done"
    world.rewrite("post1", f"{alive} 2>/dev/null; true")
    world.environment["BORGDESK_BORG"] = str(slow)
    victim = world.start_victim("nothing", "nothing")
    wait_until(lambda: pids.exists() and pids.read_text().strip())
    for guardian in guardians_of(victim.pid):
        os.kill(guardian, signal.SIGKILL)
    victim.kill()
    victim.communicate()
    world.wait_for_guardians()
    assert procfs.look_up(int(pids.read_text())) is not None
    recovery.recover_all(world.workspace)
    assert [entry.what for entry in world.journal() if entry.name == "post1"] == ["begin", "end"]


def test_what_was_done_by_hand_is_not_tried_again(world: World) -> None:
    world.rewrite("post2", "exit 4")
    _die(world)
    (run,) = recovery.recover_all(world.workspace)
    recovery.settle_by_hand(world.workspace, run.id)
    world.forget_journal()
    assert start_recoverer(world).communicate(timeout=60)[0].strip() == "0"
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


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "died before it was recorded"])
def test_an_alarm_hears_in_a_recovery_of_what_failed_before_the_crash(world: World, *, recorded: bool) -> None:
    """A script's failure is on disk a moment before the run has updated its status."""
    world.rewrite("post1", "exit 1")
    world.add_script("alarm", Hook.POST_RUN, 'say "$BORGDESK_OUTCOME/$BORGDESK_STATUS" alarm', run_on="warning")
    _die(world, "post2")
    if not recorded:
        with sqlite3.connect(world.workspace.paths.database) as database:
            database.execute("UPDATE backup_jobs SET tainted = 0, error = NULL")
        database.close()
    (run,) = recovery.recover_all(world.workspace)
    assert (run.outcome, run.status, run.tainted) == ("success", "warning", True)
    assert [entry.what for entry in world.journal() if entry.name == "alarm"] == ["begin", "success/warning", "end"]
    assert run.error == "The script “post1” failed (exit 1)."


def test_the_guardian_finds_a_home_that_was_named_relatively(world: World) -> None:
    """It runs in another folder, so all paths are made absolute before it is started."""
    world.rewrite("pre2", "sleep 30")
    world.environment["BORGDESK_HOME"] = "desk"
    victim = world.start_victim("pre2", "kill", cwd=world.folder)
    victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == list(OWED)


def test_a_recoverer_that_knows_another_spelling_of_the_home_finds_the_orphans(world: World) -> None:
    """Processes left by a dead run are terminated before anything is restarted, however the folder is spelled."""
    world.rewrite("pre2", "sleep 1000")
    victim = world.start_victim("pre2", "kill-both")
    victim.communicate(timeout=60)
    world.wait_for_guardians()
    assert any(process.pid for process in world.leftover_processes())
    other = world.folder / "another name"
    other.symlink_to(world.folder / "desk")
    recovered = world.command("recover", BORGDESK_HOME=str(other))
    assert recovered.returncode == 0, recovered.stderr
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    assert world.leftover_processes() == []


_LEFT = "Retention was left for the next run, because this one was interrupted."


@pytest.mark.parametrize(
    ("died_in", "step", "retention", "note"),
    [
        ("post1", "post-backup", Retention(last=3), _LEFT),
        ("post1", "create", Retention(last=3), _LEFT),
        ("post1", "post-backup", Retention(), None),
        ("report", "retention", Retention(last=3), None),
        ("report", "post-run", Retention(last=3), None),
    ],
    ids=["before it", "just after Borg had ended", "there is none", "just after it was done", "after it"],
)
def test_retention_is_said_to_be_left_where_it_was_and_only_there(
    world: World, died_in: str, step: str, retention: Retention, note: str | None
) -> None:
    world.repository = world.workspace.store.repositories.update(replace(world.repository, retention=retention))
    _die(world, died_in)
    with sqlite3.connect(world.workspace.paths.database) as database:
        database.execute("UPDATE backup_jobs SET step = ?", (step,))
    database.close()
    (run,) = recovery.recover_all(world.workspace)
    assert (run.outcome, run.note) == ("success", note)


def test_a_call_of_borg_that_was_under_way_ends_with_its_process(world: World) -> None:
    world.make_create_slow()
    _die(world, "create")
    (run,) = recovery.recover_all(world.workspace)
    (create,) = run.borg
    assert (create.step, create.status, create.error) == (
        "create",
        "interrupted",
        "BorgDesk was interrupted while it ran",
    )
    assert create.finished_at is not None


def test_what_a_guardian_put_back_is_told_until_somebody_has_seen_it(world: World) -> None:
    world.rewrite("pre2", "sleep 1000")
    victim = world.start_victim("pre2", "kill")
    victim.communicate(timeout=60)
    world.wait_for_guardians()
    (run,) = world.workspace.store.runs.untold()
    for _ in range(2):
        # The command is not run in a terminal: it might be a timer.
        answer = world.command("recover")
        assert answer.stdout == ""
        assert "BorgDesk was interrupted during the backup of “Documents”. “post1”, “post2”, “post3” and “report”" in (
            answer.stderr
        )
        assert "Nothing is owed." in answer.stderr
    world.workspace.store.runs.mark_told([run.id])
    assert "was ended" not in world.command("recover").stderr
