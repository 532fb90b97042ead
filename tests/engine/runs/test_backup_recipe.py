"""Sequence of a backup with a fake Borg: lanes, order, conditions and policies, and a record for every script."""

from __future__ import annotations

import sys
from itertools import product
from typing import Any

import pytest

from borgdesk.domain.events import (
    BorgProgressed,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    RunEnded,
    RunQueued,
    StepBegan,
)
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Hook, OnFailure, Outcome, RunStatus, Step
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.run_folders import notes_in, run_folder
from tests.engine.desk import CREATED, FAILED, LAST, POST, PRE, WARNED, Desk, execution, rows, sentence, statuses

CONDITIONS = ("success", "warning", "failure", "always")
S, C, K = OnFailure.STOP, OnFailure.CONTINUE, OnFailure.SKIP


def test_everything_in_its_order(desk: Desk) -> None:
    desk.change(retention=Retention(last=3))
    for name in ("Stop web", "Stop database"):
        desk.add(name, PRE)
    desk.add("Start", POST)
    desk.add("Unmount", LAST)
    run = desk.run()
    assert (run.status, run.outcome, run.step, run.borg_exit_code) == (RunStatus.SUCCESS, Outcome.SUCCESS, Step.DONE, 0)
    assert desk.journal() == ["Stop web", "Stop database", "Start", "Unmount"]
    assert desk.commands() == ["create", "list", "prune", "compact"]
    assert rows(run) == [(name, "success", None) for name in desk.journal()]
    assert [event.step for event in desk.told(StepBegan)] == [
        Step.ARMING,
        Step.PRE_BACKUP,
        Step.CREATE,
        Step.POST_BACKUP,
        Step.RETENTION,
        Step.POST_RUN,
    ]
    assert sentence(desk) == "Backup of Docs finished."
    assert run.error is None
    assert not notes_in(run_folder(desk.workspace, run.id)).exists(), "notes go when nothing is owed"


@pytest.mark.parametrize(("where", "stopped"), [("refuse_while_mounted", "skipped"), ("_create", "success")])
def test_after_a_defect_all_that_is_owed_is_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str, stopped: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(backup, where, fail)
    for name, hook in (("Stop", PRE), ("Start", POST), ("Unmount", LAST)):
        desk.add(name, hook)
    run = desk.run()
    assert (run.status, run.error) == (RunStatus.FAILURE, "BorgDesk itself failed: RuntimeError('a defect')")
    assert statuses(run) == {"Stop": stopped, "Start": "success", "Unmount": "success"}
    assert desk.journal() == ["Stop", "Start", "Unmount"][stopped == "skipped" :]


def test_events_are_told_after_they_were_stored(desk: Desk) -> None:
    desk.add("Stop", PRE, "echo said; echo wrong >&2")
    desk.add("Start", POST, run_on="failure")
    run = desk.run()
    kinds = [type(event) for event in desk.events]
    assert kinds[0] is RunQueued
    assert kinds[-1] is RunEnded
    assert kinds.count(OutcomeSettled) == 1
    assert [(event.name, event.run_id) for event in desk.told(ExecutionStarted)] == [("Stop", run.id)]
    assert [(event.name, event.status.value) for event in desk.told(ExecutionEnded)] == [
        ("Stop", "success"),
        ("Start", "skipped"),
    ]
    ended = desk.told(ExecutionEnded)[0]
    assert ended.duration is not None
    assert ended.exit_code == 0
    settled = desk.told(OutcomeSettled)[0]
    assert (settled.archive, settled.statistics) == (run.archive, run.statistics)


def test_a_listener_that_fails_is_not_the_runs_trouble(desk: Desk) -> None:
    class Broken(list[Any]):
        def append(self, event: Any) -> None:
            raise RuntimeError(type(event).__name__)

    desk.events = Broken()
    desk.add("Stop", PRE, "echo said")
    assert desk.run().status is RunStatus.SUCCESS


def test_progress_is_told(desk: Desk) -> None:
    sizes = {"original_size": 3000, "compressed_size": 300, "deduplicated_size": 30}
    progress = {"type": "archive_progress", **sizes, "nfiles": 3, "path": "srv/data", "time": 1.0}
    desk.play(create={"steps": [progress, {"repeat": 100, "step": progress}], "exit_code": 2})
    run = desk.run()
    assert desk.told(BorgProgressed)[0] == BorgProgressed(run.id, "srv/data", 3, 3000, 30)
    assert len(desk.told(BorgProgressed)) < 100, "at most five a second"


BORG: list[tuple[dict[str, Any], Outcome, RunStatus]] = [
    (CREATED, Outcome.SUCCESS, RunStatus.SUCCESS),
    (WARNED, Outcome.WARNING, RunStatus.WARNING),
    (FAILED, Outcome.FAILURE, RunStatus.FAILURE),
    ({"exit_code": -9}, Outcome.FAILURE, RunStatus.FAILURE),
]


@pytest.mark.parametrize(("answer", "outcome", "status"), BORG, ids=["success", "warning", "failure", "killed"])
def test_conditions_after_borg(desk: Desk, answer: dict[str, Any], outcome: Outcome, status: RunStatus) -> None:
    desk.play(create=answer)
    for hook, condition in product((POST, LAST), CONDITIONS):
        desk.add(f"{hook} {condition}", hook, run_on=condition)
    run = desk.run()
    assert (run.outcome, run.status) == (outcome, status)
    matching = (outcome.value, "always")
    assert desk.journal() == [f"{hook} {word}" for hook, word in product((POST, LAST), CONDITIONS) if word in matching]
    for one in run.executions:
        condition = one.planned.name.split()[1]
        if condition in matching:
            assert (one.status.value, one.reason) == ("success", None)
        else:
            assert (one.status.value, one.reason) == (
                "skipped",
                f"condition is {condition}, outcome was {outcome.value}",
            )


def test_a_disabled_script_is_no_part_of_a_run(desk: Desk) -> None:
    desk.add("Off", PRE, "exit 1", enabled=False)
    desk.add("On", PRE)
    assert rows(desk.run()) == [("On", "success", None)]


FAILING = [("exit 3", "failed", "exit 3"), ("kill -KILL $$", "failed", "killed by signal 9")]


@pytest.mark.parametrize(("body", "status", "reason"), FAILING)
def test_a_pre_backup_script_that_fails_stops_the_run(desk: Desk, body: str, status: str, reason: str) -> None:
    desk.add("Check", PRE)
    desk.add("Mount disk", PRE, body)
    desk.add("Stop", PRE)
    desk.add("After success", POST, run_on="success,warning")
    desk.add("Start", POST, run_on="failure")
    desk.add("Report", LAST)
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert desk.commands() == []
    assert rows(run) == [
        ("Check", "success", None),
        ("Mount disk", status, reason),
        ("Stop", "skipped", "Mount disk failed before it"),
        ("After success", "skipped", "condition is success,warning, outcome was failure"),
        ("Start", "success", None),
        ("Report", "success", None),
    ]
    assert run.borg_exit_code is None
    code = execution(run, "Mount disk").exit_code
    assert run.error == f"The script “Mount disk” failed (exit {code})."
    assert sentence(desk) == (
        f"Backup of Docs failed. The script “Mount disk” failed (exit {code}). “Start” and “Report” ran afterwards."
    )


@pytest.mark.parametrize(("answer", "outcome"), [(CREATED, "warning"), (WARNED, "warning"), (FAILED, "failure")])
def test_a_failure_that_may_pass_leaves_at_best_a_warning(desk: Desk, answer: dict[str, Any], outcome: str) -> None:
    desk.play(create=answer)
    desk.add("Mount disk", PRE, "exit 3", on_failure=C)
    desk.add("Stop", PRE)
    desk.add("Start", POST, desk.dump("seen"))
    run = desk.run()
    assert (run.outcome, run.status) == (outcome, outcome)
    assert statuses(run) == {"Mount disk": "failed", "Stop": "success", "Start": "success"}
    assert desk.commands() == ["create"]
    assert desk.variables("seen")["BORGDESK_OUTCOME"] == outcome
    assert run.error == "The script “Mount disk” failed (exit 3)."


@pytest.mark.parametrize(("body", "on_failure"), [("exit 75", None), ("exit 75", C), ("exit 1", K), ("exit 75", K)])
def test_not_now(desk: Desk, body: str, on_failure: OnFailure | None) -> None:
    desk.change(retention=Retention(last=1))
    desk.add("Check disk", PRE, body, on_failure=on_failure)
    desk.add("Stop", PRE)
    desk.add("All three", POST, run_on="success,warning,failure")
    desk.add("Start", POST, desk.dump("seen"), run_on="always")
    run = desk.run()
    assert (run.outcome, run.status, run.error) == (Outcome.SKIPPED, RunStatus.SKIPPED, None)
    assert desk.commands() == []
    said_no = ("skipped", "said not now (exit 75)") if body == "exit 75" else ("failed", "exit 1")
    word = "said not now" if body == "exit 75" else "failed"
    assert rows(run) == [
        ("Check disk", *said_no),
        ("Stop", "skipped", f"Check disk {word} before it"),
        ("All three", "skipped", "condition is success,warning,failure, outcome was skipped"),
        ("Start", "success", None),
    ]
    assert desk.variables("seen")["BORGDESK_OUTCOME"] == "skipped"
    assert "failed" not in sentence(desk).split(".")[0]
    assert desk.workspace.store.repositories.get(desk.repository.id).last_success_at is None


@pytest.mark.parametrize("hook", [POST, LAST])
def test_75_after_the_backup_is_a_failure_like_any_other(desk: Desk, hook: Hook) -> None:
    desk.add("Report", hook, "exit 75")
    run = desk.run()
    assert rows(run) == [("Report", "failed", "exit 75")]
    assert run.status is RunStatus.WARNING


@pytest.mark.parametrize(("hook", "other"), [(POST, LAST), (LAST, POST)])
def test_a_post_script_that_fails_stops_its_own_lane_only(desk: Desk, hook: Hook, other: Hook) -> None:
    desk.change(retention=Retention(last=1))
    desk.add("Fails", hook, "exit 1")
    desk.add("Conditional", hook, run_on="success")
    desk.add("Not met", hook, run_on="failure")
    desk.add("Fails too", hook, "exit 2", run_on="always")
    desk.add("Last of all", hook, run_on="success,warning,failure")
    # The lane at the end takes account of failures in the one before it.
    desk.add("Elsewhere", other, run_on="success" if other is POST else "warning")
    run = desk.run()
    assert (run.outcome, run.status) == (Outcome.SUCCESS, RunStatus.WARNING)
    found = {name: (status, reason) for name, status, reason in rows(run)}
    was = "outcome was success" if hook is POST else "status was warning"
    assert found == {
        "Fails": ("failed", "exit 1"),
        "Conditional": ("skipped", "Fails failed before it" if hook is POST else f"condition is success, {was}"),
        "Not met": ("skipped", f"condition is failure, {was}"),
        "Fails too": ("failed", "exit 2"),
        "Last of all": ("skipped", "Fails failed before it"),
        "Elsewhere": ("success", None),
    }
    assert desk.commands() == ["create", "list", "prune", "compact"]
    assert run.error == "The script “Fails” failed (exit 1)."


@pytest.mark.parametrize("hook", [POST, LAST])
def test_an_alarm_at_the_end_hears_of_what_failed_after_a_good_backup(desk: Desk, hook: Hook) -> None:
    desk.add("Start", hook, "exit 1", on_failure=C)
    desk.add("Alarm", LAST, desk.dump("seen"), run_on="warning,failure")
    desk.add("Praise", LAST, run_on="success")
    run = desk.run()
    assert (run.outcome, run.status) == (Outcome.SUCCESS, RunStatus.WARNING)
    assert rows(run)[1:] == [
        ("Alarm", "success", None),
        ("Praise", "skipped", "condition is success, status was warning"),
    ]
    seen = desk.variables("seen")
    assert (seen["BORGDESK_OUTCOME"], seen["BORGDESK_STATUS"]) == ("success", "warning")
    assert seen["BORG_UI_BACKUP_STATUS"] == "warning"
    assert seen["BORGDESK_ERROR"] == "The script “Start” failed (exit 1)."


def test_a_post_script_that_fails_and_may_lets_its_lane_go_on(desk: Desk) -> None:
    desk.add("Fails", POST, "exit 1", on_failure=C)
    desk.add("Conditional", POST, run_on="success")
    run = desk.run()
    assert (run.status, statuses(run)) == (RunStatus.WARNING, {"Fails": "failed", "Conditional": "success"})


@pytest.mark.parametrize(("answer", "status"), [(WARNED, RunStatus.WARNING), (FAILED, RunStatus.FAILURE)])
def test_a_failing_post_script_never_hides_what_borg_said(
    desk: Desk, answer: dict[str, Any], status: RunStatus
) -> None:
    desk.play(create=answer)
    desk.add("Fails", POST, "exit 1")
    run = desk.run()
    assert run.status is status
    assert run.error != "The script “Fails” failed (exit 1)."


def test_the_repository_decides_where_the_assignment_says_nothing(desk: Desk) -> None:
    desk.change(continue_on_hook_failure=True)
    desk.add("May fail", PRE, "exit 1")
    desk.add("After it", PRE)
    assert (desk.run().status, desk.journal()) == (RunStatus.WARNING, ["May fail", "After it"])
    desk.add("Must not fail", PRE, "exit 1", on_failure=S)
    assert desk.run().status is RunStatus.FAILURE


def test_order_is_the_lanes_and_not_the_librarys(desk: Desk) -> None:
    names = ["One", "Two", "Three"]
    added = [desk.add(name, PRE) for name in names]
    desk.workspace.store.assignments.move(added[2].id, 1)
    desk.run()
    assert desk.journal() == ["Three", "One", "Two"]


def test_one_script_may_stand_in_every_lane(desk: Desk) -> None:
    first = desk.add("Report", PRE, 'echo "$BORGDESK_HOOK" >> ' + str(desk.journal_file))
    for hook in (POST, LAST):
        desk.workspace.store.assignments.add(desk.repository.id, first.script_id, hook)
    run = desk.run()
    assert desk.journal() == ["Report", "pre-backup", "Report", "post-backup", "Report", "post-run"]
    assert len(run.executions) == 3
    script = desk.workspace.store.scripts.get("Report")
    assert script.usage_count == 3
    assert script.last_used_at == run.executions[-1].started_at
    assert script.last_result == "success"


def test_a_script_that_is_not_run_is_not_counted(desk: Desk) -> None:
    desk.add("Only after failure", POST, run_on="failure")
    desk.run()
    script = desk.workspace.store.scripts.get("Only after failure")
    assert (script.usage_count, script.last_used_at, script.last_result) == (0, None, None)


@pytest.mark.parametrize("answer", [{"exit_code": 2}, {"exit_code": 1}], ids=["prune fails", "prune warns"])
def test_retention_that_fails_makes_success_a_warning(desk: Desk, answer: dict[str, Any]) -> None:
    desk.change(retention=Retention(last=1))
    desk.play(create=CREATED, prune=answer)
    desk.add("Report", LAST, run_on="success")
    desk.add("Alarm", LAST, run_on="warning,failure")
    run = desk.run()
    failed = answer["exit_code"] == 2
    assert run.outcome is Outcome.SUCCESS, "the outcome was settled when Borg had ended"
    assert run.status is (RunStatus.WARNING if failed else RunStatus.SUCCESS)
    assert desk.commands() == (["create", "list", "prune"] if failed else ["create", "list", "prune", "compact"])
    assert desk.journal() == ["Alarm" if failed else "Report"]
    assert (run.error or "").startswith("Retention failed: ") is failed


@pytest.mark.parametrize("answer", [FAILED, {"exit_code": -15}])
def test_retention_needs_a_backup(desk: Desk, answer: dict[str, Any]) -> None:
    desk.change(retention=Retention(last=1))
    desk.play(create=answer)
    desk.run()
    assert "prune" not in desk.commands()
    assert "compact" not in desk.commands()


def test_without_a_rule_nothing_is_pruned(desk: Desk) -> None:
    desk.run()
    assert desk.commands() == ["create"]


def test_a_name_that_is_taken_is_tried_once_more(desk: Desk) -> None:
    taken = CREATED["replay"].replace("create_success", "create_archive_exists")
    desk.play(create=[{"replay": taken}, CREATED])
    assert desk.run().status is RunStatus.SUCCESS
    assert desk.commands() == ["create", "create"]


def test_a_script_changed_in_flight_runs_as_it_was_armed(desk: Desk) -> None:
    path = desk.workspace.paths.library / "start.sh"
    desk.add("Stop", PRE, f"printf '#!/bin/sh\\necho changed >> {desk.journal_file}\\n' > {path}")
    desk.add("Start", POST)
    run = desk.run()
    assert desk.journal() == ["Stop", "Start"]
    revision = execution(run, "Start").planned.revision
    assert revision is not None
    assert desk.workspace.store.revisions.content(revision) == desk.text("Start", "")
    desk.run()
    assert desk.journal() == ["Stop", "Start", "Stop", "changed"]


def test_notes_go_from_before_to_after(desk: Desk) -> None:
    desk.add("Stop", PRE, 'echo "was up" > "$BORGDESK_STATE_DIR/web"; stat -c %a "$BORGDESK_STATE_DIR"')
    desk.add("Start", POST, 'cat "$BORGDESK_STATE_DIR/web"')
    desk.add("Report", LAST, 'cat "$BORGDESK_STATE_DIR/web"')
    run = desk.run()
    assert [one.stdout for one in run.executions] == ["700\n", "was up\n", "was up\n"]


@pytest.mark.parametrize("swapped", ["$(dirname $BORGDESK_STATE_DIR)", "$BORGDESK_STATE_DIR"], ids=["folder", "notes"])
def test_a_script_that_puts_a_link_in_place_of_its_folder_loses_nothing_behind_it(desk: Desk, swapped: str) -> None:
    mine = desk.file("mine")
    for name in ("state/mine", "scripts/mine", "mine"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).touch()
    desk.add("swap", POST, f'mv "{swapped}" {desk.file("aside")}; ln -s {mine} "{swapped}"')
    assert desk.run().status is RunStatus.SUCCESS
    assert sorted(path.name for path in mine.rglob("*") if path.is_file()) == ["mine"] * 3


def test_a_borg_that_says_a_lot_does_not_fill_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("borgdesk.engine.runs.output_capture.LOG_CAP", 1000)
    desk.play(create={"steps": [{"repeat": 500, "step": "the same line again"}], **CREATED})
    run = desk.run()
    said = [line for line in desk.log(run).splitlines() if "the same line again" in line]
    assert 0 < len(said) < 40
    assert "bytes of what Borg said left out …]" in desk.log(run)


def test_the_log_reads_from_top_to_bottom(desk: Desk) -> None:
    desk.add("Stop", PRE, "echo stopping; echo trouble >&2")
    desk.add("Start", POST, 'cat "$BORGDESK_LOG_FILE" > ' + str(desk.file("so-far")))
    run = desk.run()
    lines = [line.split(" ", 1)[1] for line in desk.log(run).splitlines()]
    kept = [line for line in lines if not line.startswith("borg ")]
    assert sorted(kept[2:5]) == sorted(["-- Stop", "Stop | stopping", "Stop ! trouble"])
    assert [line for line in kept if not line.startswith("Stop ")] == [
        f"== backup of Docs at {desk.repository.location}",
        "== pre-backup",
        "-- Stop",
        "-- Stop: success",
        "== create",
        "== borg create",
        "== borg create: success",
        "== outcome: success",
        "== post-backup",
        "-- Start",
        "-- Start: success",
        "== post-run",
        "== finished: success",
    ]
    assert "Stop | stopping" in desk.file("so-far").read_text()


def test_where_no_program_can_be_started_to_look_at_disks_the_run_is_in_history_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add("Stop", PRE)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert "/no/such/python is not installed" in (run.error or "")
    assert desk.journal() == []


def test_a_script_that_was_made_ready_still_hears_what_came_of_the_one_before_it(desk: Desk) -> None:
    desk.add("Start", POST, "exit 3", on_failure=C)
    desk.add("Report", POST, 'echo "$BORGDESK_STATUS: $BORGDESK_ERROR"')
    desk.add("Again", POST, 'echo "$BORGDESK_STATUS: $BORGDESK_ERROR"')
    run = desk.run()
    said = [execution(run, name).stdout for name in ("Report", "Again")]
    assert said == ["warning: The script “Start” failed (exit 3).\n"] * 2


def test_a_script_that_was_made_ready_runs_as_it_was_armed_though_its_copy_was_changed(desk: Desk) -> None:
    desk.add(
        "Meddle", PRE, 'for copy in "$BORGDESK_LIBRARY_DIR"/../revisions/*/*; do echo "echo changed" >>"$copy"; done'
    )
    desk.add("Next", PRE, "echo armed")
    run = desk.run()
    assert execution(run, "Next").stdout == "armed\n"
