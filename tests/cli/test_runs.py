"""``borgdesk run``, ``recover`` and ``history``: exit codes, several repositories, signals, and pending scripts."""

from __future__ import annotations

import re
import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from borgdesk.cli import runs
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook, OnFailure, RunStatus, Trigger
from borgdesk.engine.processes.procfs import identity
from borgdesk.engine.runs.history_cleaning import Cleaned
from borgdesk.engine.workspace import Workspace
from borgdesk.store.search_file import SearchFile, blocks
from borgdesk.store.tables import BackupJobRow
from tests.cli.lab import BorgDesk, end_with_guardian


def around(desk: BorgDesk, repository: str = "A") -> None:
    """Add a repository with a script before and one after the backup."""
    desk.add_repository(repository)
    desk.add_script("stop")
    desk.add_script("start")
    desk.assign(repository, "stop", Hook.PRE_BACKUP)
    desk.assign(repository, "start", Hook.POST_BACKUP)


@pytest.mark.parametrize(
    ("body", "hook", "policy", "code", "sentence"),
    [
        ("true", Hook.POST_RUN, None, 0, "Backup of A finished."),
        (
            "exit 3",
            Hook.POST_RUN,
            None,
            1,
            "Backup of A finished with warnings. The script “odd” failed (exit 3).",
        ),
        ("exit 3", Hook.PRE_BACKUP, OnFailure.CONTINUE, 1, "Backup of A finished with warnings."),
        ("exit 3", Hook.PRE_BACKUP, OnFailure.STOP, 2, "Backup of A failed. The script “odd” failed (exit 3)."),
        ("exit 3", Hook.PRE_BACKUP, OnFailure.SKIP, 75, "Backup of A was skipped. The script “odd” failed (exit 3)."),
        ("exit 75", Hook.PRE_BACKUP, None, 75, "Backup of A was skipped. The script “odd” said “not now”."),
    ],
)
def test_exit_codes(desk: BorgDesk, body: str, hook: Hook, policy: OnFailure | None, code: int, sentence: str) -> None:
    around(desk)
    desk.add_script("odd", body)
    desk.assign("A", "odd", hook, on_failure=policy)
    answer = desk.here("run", "A")
    assert answer.code == code
    assert answer.out.startswith(sentence), answer.out
    assert answer.out.count("\n") == 1, "the answer is one sentence"
    assert "start" in desk.journal


def test_what_is_told(desk: BorgDesk) -> None:
    around(desk)
    desk.add_script("loud", "for n in 1 2 3 4 5 6 7; do echo line $n; done; exit 4")
    desk.assign("A", "loud", Hook.POST_RUN)
    answer = desk("run", "A")
    said = [line.split("  ")[0] if not line.startswith(" ") else line for line in answer.said]
    archive = desk.here("history", "--json").json[0]["archive"]
    assert said == [
        "✓ stop",
        "… backing up",
        f"✓ {archive}",
        "✓ start",
        "✗ loud",
        *(f"    line {number}" for number in range(3, 8)),
    ], "the last words of a failing script are shown"
    quiet = desk.here("run", "A", "--quiet")
    assert (quiet.err, quiet.out) == ("", answer.out)
    verbose = desk.here("run", "A", "--verbose")
    assert "    line 1" in verbose.said


def test_the_note_of_a_run_is_told_with_its_sentence(desk: BorgDesk) -> None:
    missing = str(desk.folder / "missing")
    desk.add_repository("A", sources=(str(desk.source), missing), retention=Retention(daily=7))
    answer = desk("run", "A")
    note = desk.here("history", "--json").json[0]["note"]
    assert note
    assert answer.out.rstrip().endswith(note)
    assert answer.out.count("\n") == 1


def test_reasons_are_given_once(desk: BorgDesk) -> None:
    desk.add_repository("A")
    for name in ("one", "two", "three"):
        desk.add_script(name, header="[parameters.WORD]\nrequired = true" if name == "one" else "")
        desk.assign("A", name, Hook.PRE_BACKUP)
    answer = desk.here("run", "A")
    assert answer.said == [
        "– one  The script “one” needs a value for WORD.",
        "– two  for the same reason",
        "– three  for the same reason",
        "✗ no backup",
    ]
    assert answer.out == "Backup of A failed. The script “one” needs a value for WORD.\n"


def test_several_side_by_side_end_with_the_worst(desk: BorgDesk) -> None:
    for name, body in (("A", "true"), ("B", "exit 75"), ("C", "true")):
        desk.add_repository(name)
        desk.add_script(f"before {name}", body)
        desk.assign(name, f"before {name}", Hook.PRE_BACKUP)
    answer = desk("run", "A", "B", "C", "A", "1", "--json")
    assert answer.code == 75
    assert [(run["repository"], run["status"]) for run in answer.json] == [
        ("A", "success"), ("B", "skipped"), ("C", "success"),
    ]  # fmt: skip
    assert {line.split(":")[0] for line in answer.said} == {"A", "B", "C"}
    assert "B: – skipped" in answer.said


def test_two_at_one_location_take_turns(desk: BorgDesk) -> None:
    first = desk.add_repository("First")
    desk.here("repo", "add", "Second", "--location", first.location, "--source", str(desk.source))
    for name in ("First", "Second"):
        desk.add_held_script(name)
        desk.assign(name, name, Hook.PRE_BACKUP)
    process = desk.start("run", "Second", "First")
    desk.wait_for("Second.began")
    assert not (desk.folder / "First.began").exists()
    (desk.folder / "First.go").touch()
    (desk.folder / "Second.go").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == "Backup of Second finished.\nBackup of First finished.\n"
    assert desk.journal == ["Second", "First"], "in the given order"
    assert "First: Waiting for 1 run to finish." in err.splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_cancel_and_what_is_owed_runs(desk: BorgDesk, number: signal.Signals) -> None:
    around(desk)
    desk.add_held_script("held")
    desk.assign("A", "held", Hook.PRE_BACKUP)
    process = desk.start("run", "A")
    desk.wait_for("held.began")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == "Backup of A was cancelled. “start” ran afterwards.\n"
    assert "Stopping… Owed scripts still run. Press again to give each 30 seconds." in err.splitlines()
    assert desk.journal == ["stop", "held", "start"]


def test_nohup(desk: BorgDesk) -> None:
    around(desk)
    desk.add_held_script("held")
    desk.assign("A", "held", Hook.PRE_BACKUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = desk.start("run", "A")
    finally:
        signal.signal(signal.SIGHUP, before)
    desk.wait_for("held.began")
    process.send_signal(signal.SIGHUP)
    (desk.folder / "held.go").touch()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "Stopping" in err) == (0, False)


def test_recover(desk: BorgDesk) -> None:
    around(desk)
    desk.add_held_script("held")
    desk.assign("A", "held", Hook.PRE_BACKUP)
    assert desk.here("recover").said == ["Nothing is owed."]
    process = desk.start("run", "A")
    desk.wait_for("held.began")
    end_with_guardian(process)
    assert desk.here("history", "--json").json[0]["status"] == "running"
    answer = desk("recover")
    assert answer.code == 0
    assert answer.said[0].startswith("Run 1 of “A” (")
    assert answer.said[0].endswith(") was interrupted. Running what it owes:")
    assert answer.said[1:3] == ["✗ held  BorgDesk was interrupted while it ran", "✗ no backup: interrupted"]
    assert answer.out == (
        "Backup of A was interrupted. BorgDesk was interrupted while the backup was running. “start” ran afterwards.\n"
    )
    assert desk.journal == ["stop", "held", "start"]
    run = desk.here("history", "show", "1", "--json").json
    assert (run["status"], run["recovered"]) == ("interrupted", True)
    assert [(one["status"], one["recovered"]) for one in run["executions"]] == [
        ("success", False), ("interrupted", False), ("success", True),
    ]  # fmt: skip
    # Nobody was at a terminal, so it is reported until somebody is.
    told, nothing = desk.here("recover").said
    assert told.startswith("BorgDesk was interrupted during the backup of “A”. “start” ran afterwards, at ")
    assert nothing == "Nothing is owed."


def test_what_failed_to_start_again_is_tried_again_when_asked(desk: BorgDesk) -> None:
    desk.add_repository("A")
    desk.add_script("stop", "true")
    desk.add_script("start", f"[ -e {desk.folder}/repaired ] || exit 3")
    desk.assign("A", "stop", Hook.PRE_BACKUP)
    desk.assign("A", "start", Hook.POST_BACKUP)
    answer = desk.here("run", "A")
    assert answer.out.endswith("What it starts may still be down.\n")
    told = desk.here("owed")
    assert (told.code, told.said) == (1, ["borgdesk recover --again runs once more what failed."])
    assert "it ran and failed" in told.out
    (failed,) = desk.here("owed", "--json").json
    assert (failed["script"], failed["status"], failed["under_way"]) == ("start", "failed", False)
    assert desk.here("recover").said[-1] == "Nothing is owed."
    still = desk.here("recover", "--again")
    assert (still.code, still.said[-1].startswith("Nothing")) == (2, False)
    (desk.folder / "repaired").touch()
    assert desk.here("recover").code == 0
    run = desk.here("history", "show", "1", "--json").json
    assert [one["status"] for one in run["executions"]] == ["success", "success"]
    assert (desk.here("owed").code, desk.here("owed", "--json").json) == (0, [])
    assert desk.here("recover", "--again").said[-1] == "Nothing is owed."


def test_what_an_older_run_failed_to_start_again_is_tried_again_too(desk: BorgDesk) -> None:
    """A later backup finds the service stopped, so it has nothing to start, and ends well."""
    desk.add_repository("A")
    desk.add_script("stop", "true")
    desk.add_script("start", f"[ -e {desk.folder}/repaired ] || exit 3")
    desk.assign("A", "stop", Hook.PRE_BACKUP)
    desk.assign("A", "start", Hook.POST_BACKUP)
    desk.here("run", "A")
    (desk.folder / "repaired").touch()
    assert desk.here("run", "A").code == 0
    assert [one["run"] for one in desk.here("owed", "--json").json] == [1]
    assert desk.here("recover", "--again").code == 0
    run = desk.here("history", "show", "1", "--json").json
    assert [one["status"] for one in run["executions"]] == ["success", "success"]
    assert desk.here("owed").code == 0


def test_a_run_begins_with_what_another_one_owes(desk: BorgDesk) -> None:
    around(desk)
    desk.add_repository("B")
    desk.add_held_script("held")
    desk.assign("A", "held", Hook.PRE_BACKUP)
    process = desk.start("run", "A")
    desk.wait_for("held.began")
    end_with_guardian(process)
    answer = desk.here("run", "B", "--json")
    assert [run["repository"] for run in answer.json] == ["B"]
    assert desk.journal == ["stop", "held", "start"]
    assert any("BorgDesk was interrupted during the backup of “A”." in line for line in answer.said)


def test_history_is_searched(shared: BorgDesk) -> None:
    def found(*options: str) -> list[int]:
        return [run["id"] for run in shared.here("history", *options, "--json").json]

    assert found("--status", "success") == [1]
    assert found("--repo", "Docs", "--limit", "1") == [2]
    assert found("--repo", "1", "--script", "stop") == [2, 1]
    assert found("--search", "starting after failure") == [2]
    assert found("--repo", "Empty") == []
    assert shared.here("history", "--repo", "Empty").said == ["No runs found."]
    assert found("--search", "%") == []


def test_history_of_a_run_for_people(shared: BorgDesk) -> None:
    out = shared.here("history", "show", "2").out
    assert "Status  ✗ failure" in out
    assert "Error   The script “stop” failed (exit 1)." in out
    assert "start:\n  starting after failure\n  complaint\n" in out
    lines = [line.split() for line in out.splitlines() if line.startswith("  ") and line.split()[0] in "✓✗–"]
    assert [line[1] for line in lines] == ["stop", "Borg", "start", "report"]


def test_waiting_is_no_part_of_what_a_run_took(desk: BorgDesk) -> None:
    runs, repository = desk.workspace.store.runs, desk.add_pretended_repository("A")
    began = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    run = runs.queue(repository, Trigger.CLI, identity(), began - timedelta(hours=1))
    runs.arm(run.id, began, [])
    runs.finish(run.id, RunStatus.SUCCESS, began + timedelta(seconds=83))
    assert "1 min 23 s" in desk.here("history").out
    assert re.search("^Took +1 min 23 s$", desk.here("history", "show", "1").out, re.MULTILINE)


def indexed(desk: BorgDesk) -> list[int]:
    """Return how many runs are in each block of the text index."""
    with SearchFile(desk.workspace.paths.history_index).reading() as index:
        assert index is not None
        return [block.runs for block in blocks(index)]


def test_a_run_adds_itself_to_the_text_index(desk: BorgDesk) -> None:
    around(desk)
    desk.back_up("A")
    assert desk.here("run", "A").code == 0
    assert indexed(desk) == [2]


def test_a_run_does_not_fail_because_of_the_text_index(desk: BorgDesk) -> None:
    around(desk)
    desk.workspace.paths.history_index.mkdir(parents=True)
    answer = desk.here("run", "A")
    assert (answer.code, answer.err.count("index")) == (0, 0)


def test_what_is_removed_after_a_run_leaves_the_text_index(desk: BorgDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    around(desk)
    for _ in range(3):
        desk.back_up("A")
    assert desk.here("run", "A").code == 0
    assert indexed(desk) == [4]

    def clean(workspace: Workspace, *_: object, **__: object) -> Cleaned:
        with workspace.store.database.writing() as session:
            session.execute(delete(BackupJobRow).where(BackupJobRow.id < 4))
        return Cleaned(runs=3)

    monkeypatch.setattr(runs, "is_due", lambda *_: True)
    monkeypatch.setattr(runs, "clean", clean)
    assert desk.here("run", "A").code == 0
    assert indexed(desk) == [2]
