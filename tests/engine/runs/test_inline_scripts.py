"""Inline scripts: run by the same engine unless a library script is in their lane."""

from __future__ import annotations

import pytest

from borgdesk.domain.run import RunStatus
from tests.engine.desk import LAST, POST, PRE, Desk, execution, rows, statuses

BEFORE, AFTER = "Inline script before", "Inline script after"


def test_both_run_with_the_variables_of_their_lane(desk: Desk) -> None:
    desk.change(
        pre_script='echo "$BORGDESK_HOOK $REPOSITORY_NAME"\n',
        post_script='#!/bin/sh\necho "$BORG_UI_BACKUP_STATUS"\n',
    )
    run = desk.run()
    assert rows(run) == [(BEFORE, "success", None), (AFTER, "success", None)]
    assert [one.stdout for one in run.executions] == ["pre-backup Docs\n", "success\n"]
    assert [one.planned.script_id for one in run.executions] == [None, None]
    assert execution(run, AFTER).planned.hook is POST


@pytest.mark.parametrize("enabled", [True, False])
def test_a_library_script_in_the_lane_replaces_it_enabled_or_not(desk: Desk, enabled: bool) -> None:
    desk.change(pre_script="exit 1", post_script="exit 0")
    desk.add("Stop", PRE, enabled=enabled)
    run = desk.run()
    assert statuses(run) == ({"Stop": "success"} if enabled else {}) | {AFTER: "success"}
    assert run.status is RunStatus.SUCCESS


def test_other_lanes_do_not_matter(desk: Desk) -> None:
    desk.change(pre_script="exit 0", post_script="exit 0")
    desk.add("Report", LAST)
    assert statuses(desk.run()) == {BEFORE: "success", AFTER: "success", "Report": "success"}


@pytest.mark.parametrize(("may_continue", "status"), [(False, RunStatus.FAILURE), (True, RunStatus.WARNING)])
def test_a_failing_one_follows_the_repositorys_policy(desk: Desk, may_continue: bool, status: RunStatus) -> None:
    desk.change(pre_script="exit 3", post_script="exit 0", continue_on_hook_failure=may_continue)
    run = desk.run()
    assert run.status is status
    assert statuses(run) == {BEFORE: "failed", AFTER: "success"}


def test_not_now(desk: Desk) -> None:
    desk.change(pre_script="exit 75", post_script="exit 0")
    run = desk.run()
    assert (run.status, statuses(run)) == (RunStatus.SKIPPED, {BEFORE: "skipped", AFTER: "success"})


def test_foreign_line_ends(desk: Desk) -> None:
    desk.change(pre_script="#!/bin/sh\r\necho fine\r\n")
    assert execution(desk.run(), BEFORE).stdout == "fine\n"


def test_blanks_are_no_script(desk: Desk) -> None:
    desk.change(pre_script=" \n\t\n", post_script="\n")
    run = desk.run()
    assert (run.status, rows(run)) == (RunStatus.SUCCESS, [])


def test_one_that_cannot_be_a_script(desk: Desk) -> None:
    desk.change(pre_script="#" * (4 * 1024 * 1024 + 1), post_script="exit 0")
    run = desk.run()
    assert run.status is RunStatus.FAILURE
    assert run.error == "The inline script is larger than 4 MiB; it may not be a script."
    assert statuses(run) == {BEFORE: "skipped", AFTER: "success"}
