"""Effective values of an assignment, and the environment derived from its parameters."""

from __future__ import annotations

from typing import Any

import pytest

from borgdesk.domain.assignment import (
    Assignment,
    check_hook,
    check_on_failure,
    check_shared,
    resolve_values,
    split_secrets,
)
from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.parameters import Header, Parameter
from borgdesk.domain.run import LANES, Hook, OnFailure, RunOn

SUCCESS = RunOn.parse("success")
FAILURE = RunOn.parse("failure")


def assignment(**overrides: Any) -> Assignment:
    return Assignment(
        id=AssignmentId(1),
        repository_id=RepositoryId(1),
        repository="Docs",
        script_id=ScriptId(1),
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
    with pytest.raises(InvalidInput, match=r"^Scripts cannot be assigned to “Test”\.$"):
        check_hook(Hook.TEST)


@pytest.mark.parametrize("hook", LANES)
@pytest.mark.parametrize("on_failure", [None, *OnFailure])
def test_skip_is_for_what_comes_before_the_work_only(hook: Hook, on_failure: OnFailure | None) -> None:
    if on_failure is OnFailure.SKIP and hook not in (Hook.PRE_BACKUP, Hook.PRE_RESTORE):
        with pytest.raises(InvalidInput, match="“skip” is possible only for scripts before a backup or a restore"):
            check_on_failure(hook, on_failure)
    else:
        check_on_failure(hook, on_failure)


@pytest.mark.parametrize("name", [" web", "web ", "a  b", "a\nb", "a\tb", "web\x1b[31m", "web\u202e"])
def test_the_name_of_a_shared_pair_is_a_line_that_can_be_read(name: str) -> None:
    with pytest.raises(InvalidInput, match="must be one line of visible characters"):
        check_shared(Hook.PRE_BACKUP, name)


@pytest.mark.parametrize("name", [None, "", "web", "Datenbank für alle"])
@pytest.mark.parametrize("hook", LANES)
def test_scripts_of_restores_are_not_shared(hook: Hook, name: str | None) -> None:
    if name is not None and hook in (Hook.PRE_RESTORE, Hook.POST_RESTORE):
        with pytest.raises(InvalidInput, match="Only scripts of backups can be shared"):
            check_shared(hook, name)
    else:
        check_shared(hook, name)


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


def test_an_assignment_is_in_force_until_it_is_switched_off() -> None:
    assert assignment().enabled
    assert not assignment(enabled=False).enabled


def test_a_value_is_secret_when_it_is_declared_so_and_stays_so() -> None:
    header = Header((Parameter("TOKEN", secret=True), Parameter("NAME")))
    values = {"TOKEN": "t", "NAME": "n", "OLD": "o"}
    assert split_secrets(header, values) == ({"NAME": "n", "OLD": "o"}, {"TOKEN": "t"})
    assert split_secrets(header, values, {"OLD"}) == ({"NAME": "n"}, {"TOKEN": "t", "OLD": "o"})
