"""Sources with problems: the rest is backed up, the problem is reported, and no good archive is pruned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Outcome, RunStatus
from borgdesk.engine.processes import file_probes, process, supervisor_client
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.workspace import Workspace
from tests.dead_disk import HurriedClock, dead_disk
from tests.engine.desk import LAST, POST, PRE, Desk, sentence, statuses, wait_until
from tests.real_borg import borg_program

HELD = "No old archives were pruned"
AFTER = (
    ". A disk may not be mounted. The rest was backed up. If this is intended, remove the source from the repository."
)
NOTHING = ". A disk may not be mounted. Nothing was backed up."


def given(desk: Desk) -> list[str]:
    """Return the sources in the Borg call."""
    argv = next(call["argv"] for call in desk.calls() if call["argv"][1] == "create")
    return list(argv[argv.index("--") + 2 :])


def test_what_is_missing_is_named_and_the_rest_is_backed_up(desk: Desk) -> None:
    gone, dangling = desk.file("gone"), desk.file("dangling")
    dangling.symlink_to(desk.file("nowhere"))
    desk.change(sources=(str(desk.source), str(gone), str(dangling)), retention=Retention(last=1))
    run = desk.run()
    assert (run.outcome, run.status) == (Outcome.WARNING, RunStatus.WARNING)
    assert run.error == (
        f"“{gone}” does not exist; “{dangling}” is a link to “{desk.file('nowhere')}”, which does not exist{AFTER}"
    )
    assert run.error in sentence(desk)
    assert given(desk) == [str(desk.source)]
    assert desk.commands() == ["create"]
    assert HELD in (run.note or "")


def test_all_missing_is_a_failure(desk: Desk) -> None:
    desk.change(sources=(str(desk.file("a")), str(desk.file("b"))))
    run = desk.run()
    assert run.outcome is Outcome.FAILURE
    assert run.error == f"“{desk.file('a')}” does not exist; “{desk.file('b')}” does not exist{NOTHING}"
    assert desk.commands() == []


def test_a_repository_may_fail_on_any(desk: Desk) -> None:
    desk.change(sources=(str(desk.source), str(desk.file("gone"))), fail_on_missing_source=True)
    run = desk.run()
    assert (run.outcome, run.error) == (Outcome.FAILURE, f"“{desk.file('gone')}” does not exist{NOTHING}")


def test_what_a_script_mounts_is_looked_at_afterwards(desk: Desk) -> None:
    later = desk.file("later")
    desk.change(sources=(str(later),))
    desk.add("mount", PRE, f"mkdir {later}; touch {later}/file")
    run = desk.run()
    assert (run.outcome, run.error) == (Outcome.SUCCESS, None)
    assert given(desk) == [str(later)]


def test_a_link_is_backed_up_as_what_it_leads_to(desk: Desk) -> None:
    link = desk.file("link")
    link.symlink_to(desk.source)
    desk.change(sources=(f"{link}/", str(desk.source)))
    assert desk.run().outcome is Outcome.SUCCESS
    assert given(desk) == [str(desk.source)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(desk: Desk) -> None:
    closed = desk.file("closed")
    closed.mkdir(mode=0)
    desk.change(sources=(str(desk.source), str(closed)))
    run = desk.run()
    assert (run.outcome, run.error) == (Outcome.WARNING, f"“{closed}” cannot be read (Permission denied){AFTER}")


def test_borg_s_error_counts_more_than_a_missing_source(desk: Desk) -> None:
    desk.change(sources=(str(desk.source), str(desk.file("gone"))))
    desk.play(create={"steps": [], "exit_code": 2})
    run = desk.run()
    assert run.outcome is Outcome.FAILURE
    assert "is not there" not in (run.error or "")


# A disk that hangs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with dead_disk(tmp_path / "dead") as dead:
        monkeypatch.setattr(process, "time", HurriedClock(dead))
        yield dead


def test_a_source_that_never_answers_is_named_and_left_out(desk: Desk, dead: Path) -> None:
    for name, hook in (("pre", PRE), ("post", POST), ("last", LAST)):
        desk.add(name, hook, run_on="always")
    desk.change(sources=(str(dead / "photos"), str(desk.source)))
    run = desk.run()
    assert (run.outcome, run.error) == (Outcome.WARNING, f"“{dead}/photos” is not responding{AFTER}")
    assert given(desk) == [str(desk.source)]
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}


def test_stop_does_not_wait_for_a_disk_that_never_answers(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a wait for the full limit, the test would take hours.
    monkeypatch.setattr(file_probes.probe, "__defaults__", (None, 7200.0))
    for name, hook in (("pre", PRE), ("post", POST), ("last", LAST)):
        desk.add(name, hook, run_on="always")
    cancel = Cancel()
    with dead_disk(tmp_path / "dead") as dead:
        desk.change(sources=(str(dead), str(desk.source)))
        running = desk.start(cancel)
        wait_until(lambda: steps(desk) == ["create"])
        cancel.ask()
        run = running.result()
    assert run.outcome is Outcome.CANCELLED
    assert statuses(run) == {"pre": "success", "post": "success", "last": "success"}


def steps(desk: Desk) -> list[str]:
    return [run.step.value for run in desk.workspace.store.runs.list(limit=1)]


def test_a_repository_on_a_dead_disk_stops_nothing(desk: Desk, dead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second look at it waits in the kernel for the first one.
    monkeypatch.setattr(file_probes.probe, "__defaults__", (None, 3.0))
    desk.add("pre", PRE)
    desk.add("post", POST, run_on="always")
    desk.change(location=f"{dead}/repository")
    run = desk.run()
    assert run.error == f"The disk of the repository is not responding ({dead}/repository). Nothing was stopped."
    assert statuses(run) == {"pre": "skipped", "post": "success"}
    assert desk.commands() == []


def test_a_search_path_that_never_answers_stops_nothing(desk: Desk, dead: Path) -> None:
    desk.add("pre", PRE)
    object.__setattr__(desk.workspace, "fixed_borg", "borg-somewhere")
    object.__setattr__(desk.workspace, "environment", {**desk.environment, "PATH": f"{dead}:{os.environ['PATH']}"})
    run = desk.run()
    assert run.error == "Borg could not be located, because a folder in the search path (PATH) is not responding."
    assert statuses(run) == {"pre": "skipped"}


def test_the_program_ends_though_a_look_hangs(tmp_path: Path) -> None:
    """A thread that hangs in the kernel would keep the process from ending."""
    code = (
        "import sys; from pathlib import Path; from borgdesk.engine.processes import file_probes, process;"
        "from tests.dead_disk import HurriedClock; process.time = HurriedClock(Path(sys.argv[1]));"
        "print(file_probes.probe([('source', sys.argv[1]), ('source', '/etc')]))"
    )
    with dead_disk(tmp_path / "dead") as dead:
        done = subprocess.run(
            [sys.executable, "-c", code, str(dead)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "NoAnswer" in done.stdout
    assert "'state': 'there'" in done.stdout


# Real Borg -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def real(tmp_path: Path) -> Desk:
    """Provide a realistic home folder, including Borg's own files and BorgDesk's."""
    desk = Desk(tmp_path / "home", borg_program())
    own = {name: value for name, value in desk.environment.items() if name != "BORG_BASE_DIR"}
    object.__setattr__(desk.workspace, "environment", {**own, "HOME": str(desk.folder)})
    wanted = Repository(
        RepositoryId(0),
        "Home",
        str(tmp_path / "repository"),
        (str(desk.folder),),
        archive_name="home-{now:%Y-%m-%dT%H:%M:%S.%f}",
        retention=Retention(last=1),
    )
    desk.repository = add_repository(desk.workspace, wanted, None, Encryption.NONE)
    return desk


def listed(desk: Desk, *what: str) -> list[str]:
    done = subprocess.run(
        [desk.program, "list", *what],
        env={"PATH": os.environ["PATH"], "HOME": str(desk.folder), "BORG_SELFTEST": "disabled"},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.splitlines()


def archives(desk: Desk) -> list[str]:
    return [one["name"] for one in json.loads("\n".join(listed(desk, "--json", desk.repository.location)))["archives"]]


def test_a_home_folder_is_backed_up_without_borg_s_own_files(real: Desk) -> None:
    (real.folder / ".config/borg/keys").mkdir(parents=True, exist_ok=True)
    (real.folder / ".config/borg/keys/a-key").write_text("BORG_KEY")
    first, second = real.run(), real.run()
    assert [(run.status, run.error) for run in (first, second)] == [(RunStatus.SUCCESS, None)] * 2
    names = listed(real, "--short", f"{real.repository.location}::{second.archive}")
    inside = [name for name in names if "/.cache/borg/" in name or "/borg/security/" in name]
    assert inside == []
    assert [name for name in names if name.endswith("keys/a-key")]
    assert not [name for name in names if f"/runs/{second.id}/" in name]
    assert [name for name in names if name.endswith("borgdesk.db")]


def test_an_empty_mount_point_costs_no_archive(real: Desk) -> None:
    disk = real.folder / "disk"
    disk.mkdir()
    (disk / "photo.jpg").write_text("once in a lifetime")
    other = real.source
    real.change(sources=(str(other), str(disk)))
    good = real.run()
    assert good.status is RunStatus.SUCCESS
    (disk / "photo.jpg").rename(real.folder / "elsewhere")
    for _ in range(2):
        run = real.run()
        assert (run.outcome, run.error) == (
            Outcome.WARNING,
            f"“{disk}” is empty, but had files in the last good backup{AFTER}",
        )
        assert good.archive in archives(real)
    (real.folder / "elsewhere").rename(disk / "photo.jpg")
    last = real.run()
    assert last.status is RunStatus.SUCCESS
    assert archives(real) == [last.archive]


@pytest.mark.parametrize("borg_follows", [False, True])
def test_a_home_and_a_search_path_that_die_meanwhile_cost_no_script_afterwards(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, borg_follows: bool
) -> None:
    """Locations of programs, and whether the home can be entered, are determined before anything is stopped."""
    monkeypatch.setattr(supervisor_client, "_PATIENCE", 2.0)
    home = tmp_path / "dead"
    home.mkdir()
    monkeypatch.setitem(desk.environment, "HOME", str(home))
    if not borg_follows:
        # The fake Borg itself looks for its interpreter in all of the search path.
        monkeypatch.setitem(desk.environment, "PATH", f"{home}:{desk.environment['PATH']}")
    desk.workspace.store.close()
    desk.workspace = Workspace.open(desk.environment)
    gate = tmp_path / "gate"
    desk.add("Stop", PRE, f"while ! test -e {gate}; do /bin/sleep 0.05; done; exit {int(not borg_follows)}")
    desk.add("Start", POST, "pwd", run_on="always")
    desk.add("Report", LAST, run_on="always")
    running = desk.start()
    wait_until(lambda: "Stop" in desk.journal())
    with dead_disk(home):
        gate.touch()
        run = running.result()
        stop = "success" if borg_follows else "failed"
        assert statuses(run) == {"Stop": stop, "Start": "success", "Report": "success"}
        assert next(one.stdout for one in run.executions if one.planned.name == "Start") == "/\n"
