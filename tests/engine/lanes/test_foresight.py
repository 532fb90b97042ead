"""What would happen if a script fails before the backup, compared with runs in which it does."""

from __future__ import annotations

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code
from borgdesk.domain.run import Hook, OnFailure, Outcome
from borgdesk.engine.lanes.arrangement import read_lanes
from borgdesk.engine.lanes.foresight import Foresight, Scenario, foresee
from borgdesk.engine.lanes.inline_scripts import INLINE_IDS, with_inline
from tests.engine.desk import LAST, POST, PRE, Desk


def foreseen(desk: Desk, scenario: Scenario, repository_id: RepositoryId) -> tuple[Foresight, list[str]]:
    """Return what is foreseen, and the names of the scripts that would run."""
    assignments = read_lanes(desk.workspace, repository_id).assignments
    found = foresee(assignments, scenario)
    return found, [one.script for one in assignments if one.id in found.decisions and found.decisions[one.id].run]


@pytest.mark.parametrize("policy", list(OnFailure))
@pytest.mark.parametrize("code", [1, 75])
def test_it_comes_true(desk: Desk, policy: OnFailure, code: int) -> None:
    desk.add("Stop", PRE)
    mount = desk.add("Mount", PRE, f"exit {code}", on_failure=policy)
    desk.add("Dump", PRE)
    desk.add("Off", PRE, enabled=False)
    for condition in ("success", "warning", "failure", "always"):
        desk.add(f"Post {condition}", POST, run_on=condition)
        desk.add(f"Last {condition}", LAST, run_on=condition)
    scenario = Scenario(failing=mount.id, says_not_now=code == 75)
    found, running = foreseen(desk, scenario, desk.repository.id)
    run = desk.run()
    assert running == desk.journal()
    assert found.outcome == run.outcome
    assert found.works == ("create" in desk.commands())
    assert found.culprit is not None
    assert found.culprit.name == "Mount"
    reasons = {one.planned.name: one.reasons[0] for one in run.executions if not one.started_at and one.reasons}
    names = {one.id: one.script for one in read_lanes(desk.workspace, desk.repository.id).assignments}
    skipped = {names[key]: one.reason for key, one in found.decisions.items() if not one.run}
    off = skipped.pop("Off")
    assert off is not None
    assert off.code is Code.SWITCHED_OFF
    assert skipped == reasons


def test_other_outcomes_are_those_of_the_preview(desk: Desk) -> None:
    desk.add("Stop", PRE)
    desk.add("Alarm", LAST, run_on="failure")
    found, running = foreseen(desk, Scenario(Outcome.SUCCESS), desk.repository.id)
    assert (found.outcome, found.works, running) == (Outcome.SUCCESS, True, ["Stop"])
    found, running = foreseen(desk, Scenario(Outcome.FAILURE), desk.repository.id)
    assert (found.outcome, found.culprit, running) == (Outcome.FAILURE, None, ["Stop", "Alarm"])


def test_a_script_that_fails_before_a_restore_matters_only_to_restores(desk: Desk) -> None:
    desk.add("Stop", PRE)
    quiet = desk.add("Quiet", Hook.PRE_RESTORE)
    desk.add("Loud", Hook.POST_RESTORE)
    found, running = foreseen(desk, Scenario(failing=quiet.id), desk.repository.id)
    assert not found.works
    assert len(found.decisions) == 2
    assert running == ["Quiet", "Loud"]


@pytest.mark.parametrize("goes_on", [True, False])
def test_inline_scripts_fail_and_run_as_foreseen(desk: Desk, goes_on: bool) -> None:
    before, after = (f"#!/bin/sh\necho {word} >> {desk.folder / 'inline'}\n" for word in ("before", "after"))
    desk.change(pre_script=before + "exit 1\n", post_script=after, continue_on_hook_failure=goes_on)
    desk.add("Alarm", LAST, run_on="failure")
    scripts = with_inline(read_lanes(desk.workspace, desk.repository.id))
    found = foresee(scripts, Scenario(failing=INLINE_IDS[PRE]))
    run = desk.run()
    assert found.outcome == run.outcome
    assert (found.failing, found.works) == (INLINE_IDS[PRE], "create" in desk.commands())
    foreseen_to_run = [one.script for one in scripts if found.decisions[one.id].run]
    assert sorted(foreseen_to_run) == sorted(one.planned.name for one in run.executions if one.started_at)
    assert (desk.folder / "inline").read_text().split() == ["before", "after"]
