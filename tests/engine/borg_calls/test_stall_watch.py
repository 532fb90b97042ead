"""Borg processes without progress: they are terminated, pending scripts run, and the reason is reported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.borg.output import ProgressPercent
from borgdesk.domain.events import BorgProgressed, Event, StepBegan
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Outcome, RunStatus, Step, Trigger
from borgdesk.engine.borg_calls import borg_process, stall_watch
from borgdesk.engine.borg_calls.borg_process import Access, call
from borgdesk.engine.borg_calls.stall_watch import StallWatch
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import borg_marker, mark_of
from borgdesk.engine.runs import backup
from tests.command_lines import command_line
from tests.engine.desk import CREATED, LAST, POST, PRE, Desk, sentence, statuses
from tests.listening import InStep
from tests.real_borg import borg_program

STALLED = (
    "Borg made no progress for {} and was stopped: the repository's host or disk, or the disk of a source, is not "
    "responding."
)


def prepare(desk: Desk) -> None:
    for name, hook in (("pre", PRE), ("post", POST), ("last", LAST)):
        desk.add(name, hook, run_on="always")


def test_a_create_that_stands_still_is_ended_and_what_is_owed_follows(desk: Desk) -> None:
    prepare(desk)
    desk.change(stall_limit=3)
    desk.play(create={"steps": [{"sleep": 3600}]})
    run = desk.run()
    assert (run.outcome, run.status) == (Outcome.FAILURE, RunStatus.FAILURE)
    assert run.error == STALLED.format("3 seconds")
    assert STALLED.format("3 seconds") in sentence(desk)
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}


def test_a_prune_that_stands_still_does_not_keep_the_last_scripts_waiting(desk: Desk) -> None:
    prepare(desk)
    desk.change(stall_limit=3, retention=Retention(last=1))
    desk.play(create=CREATED, prune={"steps": [{"sleep": 3600}]})
    run = desk.run()
    assert (run.outcome, run.status) == (Outcome.SUCCESS, RunStatus.WARNING)
    assert run.error == f"Retention failed: {STALLED.format('3 seconds')}"
    assert desk.journal() == ["pre", "post", "last"]
    assert "compact" not in desk.commands()


PROGRESS = {"type": "archive_progress", "original_size": 1, "compressed_size": 1, "deduplicated_size": 1, "nfiles": 1}
PERCENT = {"type": "progress_percent", "operation": 1, "msgid": "x", "current": 1, "total": 2, "message": "50%"}
LOGGED = {"type": "log_message", "time": 1.0, "levelname": "WARNING", "name": "borg", "message": "again " * 100}


@pytest.mark.parametrize(
    "step",
    [
        "not JSON " * 100,
        {**PROGRESS, "path": "a", "time": 1.0},
        PERCENT,
        LOGGED,
        {"type": "progress_message", "operation": 1, "msgid": "x", "message": "again", "finished": False},
        {"stdout": "x" * 1000},
        {"raw": "without an end "},
    ],
    ids=["text", "progress", "percent", "log", "message", "answer", "line"],
)
def test_a_borg_that_prints_the_same_for_ever_makes_no_progress(desk: Desk, step: object) -> None:
    """However much it prints, and although it uses CPU time."""
    desk.change(stall_limit=2)
    desk.play(create={"steps": [{"repeat": 10**9, "step": step}]})
    assert desk.run().error == STALLED.format("2 seconds")


def test_silent_work_is_progress(desk: Desk) -> None:
    desk.change(stall_limit=3)
    desk.play(create={"steps": [{"work": 6}], **CREATED})
    run = desk.run()
    assert (run.status, run.error) == (RunStatus.SUCCESS, None)


# With a real server that is stopped ----------------------------------------------------------------------------------

RSH = """#!/bin/sh
while [ "$1" != borg ]; do shift; done
exec "$@"
"""


@pytest.fixture
def remote(tmp_path: Path) -> Desk:
    """Provide a repository on a server: a real ``borg serve``, reached without ssh."""
    desk = Desk(tmp_path / "work", borg_program())
    rsh = tmp_path / "rsh"
    rsh.write_text(RSH)
    rsh.chmod(0o755)
    cast("dict[str, str]", desk.workspace.environment)["BORG_RSH"] = str(rsh)
    desk.change(location=f"ssh://somewhere{tmp_path}/repository", sources=(str(desk.source),))
    made = call(
        desk.workspace,
        Access(),
        lambda borg: borg.init(desk.repository.location, Encryption.NONE),
    )
    assert made.result.sentence == ""
    for number in range(60):
        (desk.source / f"{number}.bin").write_bytes(os.urandom(64 * 1024))
    desk.change(compression="lzma,9")
    prepare(desk)
    return desk


def freeze_server(desk: Desk) -> None:
    (run,) = desk.workspace.store.runs.list(limit=1)
    marker = borg_marker(mark_of(run.token, desk.folder))
    servers = [
        process
        for process in procfs.processes()
        if procfs.has_marker(process.pid, marker) and b"serve" in command_line(process.pid).split(b"\0")
    ]
    assert servers
    for server in servers:
        os.kill(server.pid, signal.SIGSTOP)


def run_and(desk: Desk, there: Callable[[Event], bool], then: Callable[[], None], cancel: Cancel) -> Run:
    """Back up, and call *then* at the first event accepted by *there*."""
    done: list[Event] = []

    def listen(event: Event) -> None:
        desk.events.append(event)
        if not done and there(event):
            done.append(event)
            then()

    wanted = desk.workspace.store.repositories.get(desk.repository.id)
    return backup.run(desk.workspace, wanted, Trigger.USER, InStep(listen), cancel)


def in_create(event: Event) -> bool:
    return isinstance(event, BorgProgressed) and bool(event.files)


def test_a_frozen_server_frees_the_services(remote: Desk) -> None:
    remote.change(stall_limit=3)
    run = run_and(remote, in_create, lambda: freeze_server(remote), Cancel())
    assert (run.outcome, run.error) == (Outcome.FAILURE, STALLED.format("3 seconds"))
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}
    left = borg_marker(mark_of(run.token, remote.folder))
    assert not [p for p in procfs.processes() if procfs.has_marker(p.pid, left)]
    remote.change(stall_limit=600)
    assert remote.run().status is RunStatus.SUCCESS


@pytest.mark.parametrize("keep_checkpoint", [True, False])
def test_a_cancel_does_not_wait_for_a_frozen_server(
    remote: Desk, monkeypatch: pytest.MonkeyPatch, *, keep_checkpoint: bool
) -> None:
    # With a wait for the full period, the test would take hours.
    monkeypatch.setattr(borg_process, "_BORG_GRACE", 7200.0)
    monkeypatch.setattr(borg_process, "_CHECKPOINT_PATIENCE", 7200.0)
    cancel = Cancel()
    cancel.keep_checkpoint = keep_checkpoint

    def freeze_and_cancel() -> None:
        freeze_server(remote)
        cancel.ask()

    run = run_and(remote, in_create, freeze_and_cancel, cancel)
    assert run.outcome is Outcome.CANCELLED
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}
    assert StepBegan(run.id, Step.POST_RUN) in remote.events


def test_processes_are_looked_at_once_borg_has_been_silent_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_watch, "_LOOK", 0.0)
    name, value = "BORGDESK_TEST_WATCH", str(os.getpid())
    program = "import sys; open('/dev/zero', 'rb').read(1 << 20); print('read', flush=True); sys.stdin.read()"
    trusting, doubting = (StallWatch(frozenset({f"{name}={value}"}), silence=silence) for silence in (3600.0, 0.0))
    began = [trusting._last, doubting._last]
    with subprocess.Popen(
        [sys.executable, "-c", program], env={name: value}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        assert busy.stdout.readline() == b"read\n"
        for watch in (trusting, doubting):
            watch.still_for()
        busy.kill()
    assert trusting._last == began[0]
    assert doubting._last > began[1], "what it has read is progress"


def test_numbers_that_differ_are_progress_in_either_direction() -> None:
    watch = StallWatch(frozenset({"BORGDESK_TEST_WATCH=nobody"}))

    def advances(current: int) -> bool:
        before = watch._advanced
        watch.see(ProgressPercent("", operation=1, current=current, total=9))
        return watch._advanced > before

    assert [advances(current) for current in (5, 5, 6, 2, 2)] == [True, False, True, True, False]
