"""An assignment's values in force, and the environment its parameters make."""

from __future__ import annotations

from typing import Any

import pytest

from borgdesk.domain.assignment import Assignment, check_hook, check_on_failure, resolve_values
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Header, Parameter
from borgdesk.domain.run import LANES, Hook, OnFailure, Policy, RunOn

SUCCESS = RunOn.parse("success")
FAILURE = RunOn.parse("failure")


def assignment(**overrides: Any) -> Assignment:
    return Assignment(
        id=1,
        repository_id=1,
        repository="Docs",
        script_id=1,
        script="Stop",
        hook=Hook.PRE_BACKUP,
        order=1,
        script_timeout=300,
        script_run_on=SUCCESS,
        repository_on_failure=OnFailure.CONTINUE,
        **overrides,
    )


def test_without_overrides_script_and_repository_decide() -> None:
    assert assignment().effective == Policy(SUCCESS, OnFailure.CONTINUE, 300)


def test_overrides() -> None:
    overridden = assignment(timeout=5, run_on=FAILURE, on_failure=OnFailure.STOP)
    assert overridden.effective == Policy(FAILURE, OnFailure.STOP, 5)


@pytest.mark.parametrize("hook", LANES)
def test_lanes(hook: Hook) -> None:
    assert check_hook(hook) is hook


def test_the_lane_of_tests_takes_no_scripts() -> None:
    with pytest.raises(InvalidInput, match=r"^Scripts cannot be assigned to “test”\.$"):
        check_hook(Hook.TEST)


@pytest.mark.parametrize("hook", LANES)
@pytest.mark.parametrize("on_failure", [None, *OnFailure])
def test_skip_is_for_pre_backup_only(hook: Hook, on_failure: OnFailure | None) -> None:
    if on_failure is OnFailure.SKIP and hook is not Hook.PRE_BACKUP:
        with pytest.raises(InvalidInput, match="“skip” is a policy of pre-backup scripts only"):
            check_on_failure(hook, on_failure)
    else:
        check_on_failure(hook, on_failure)


HEADER = Header(
    (
        Parameter("NEEDED", required=True),
        Parameter("DEFAULTED", default="from the script", required=True),
        Parameter("OPTIONAL"),
        Parameter("PASSWORD", secret=True, required=True),
    )
)


@pytest.mark.parametrize(
    ("given", "values", "missing"),
    [
        ({}, {"DEFAULTED": "from the script"}, ("NEEDED", "PASSWORD")),
        ({"NEEDED": "", "PASSWORD": "x"}, {"NEEDED": "", "DEFAULTED": "from the script", "PASSWORD": "x"}, ("NEEDED",)),
        ({"NEEDED": "a", "DEFAULTED": "b"}, {"NEEDED": "a", "DEFAULTED": "b"}, ("PASSWORD",)),
        ({"NEEDED": "a", "DEFAULTED": "", "PASSWORD": "x"}, None, ("DEFAULTED",)),
        (
            {"NEEDED": "a", "PASSWORD": "x", "OPTIONAL": "o", "UNDECLARED": "u"},
            {"NEEDED": "a", "DEFAULTED": "from the script", "PASSWORD": "x", "OPTIONAL": "o", "UNDECLARED": "u"},
            (),
        ),
    ],
)
def test_values(given: dict[str, str], values: dict[str, str] | None, missing: tuple[str, ...]) -> None:
    resolved, lacking = resolve_values(HEADER, given)
    assert resolved == (given if values is None else values)
    assert lacking == missing
