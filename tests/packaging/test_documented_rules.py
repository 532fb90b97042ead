"""Tables of the documentation that repeat rules of the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from borgdesk.domain.decisions import LaneState, ScriptEnd, consequence
from borgdesk.domain.run import LANES, ExecutionStatus, Hook, OnFailure, Outcome, RunOn
from borgdesk.domain.variables import DESCRIPTIONS

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = (DOCS / "scripts.md").read_text()


def table(document: str, first: str) -> list[list[str]]:
    """Return the rows of the table whose head begins with a cell, without markup."""
    lines = document.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip(" *`") for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


def test_which_outcome_meets_which_condition() -> None:
    head, *rows = table(SCRIPTS, "the backup")
    assert head[1:] == ["success", "warning", "failure", "always"]
    assert [row[0] for row in rows] == [outcome.value for outcome in Outcome]
    for name, *cells in rows:
        expected = ["runs" if RunOn.parse(word).matches(Outcome(name)) else "–" for word in head[1:]]
        assert cells == expected, name


@pytest.mark.parametrize(
    ("policy", "outcome", "goes_on", "taints"),
    [
        (OnFailure.STOP, Outcome.FAILURE, False, False),
        (OnFailure.CONTINUE, None, True, True),
        (OnFailure.SKIP, Outcome.SKIPPED, False, False),
    ],
)
def test_what_a_failure_before_the_backup_does(
    policy: OnFailure, outcome: Outcome | None, goes_on: bool, taints: bool
) -> None:
    """The table has it in words: a change of the rule is a change of the words."""
    what = consequence(Hook.PRE_BACKUP, LaneState(), ScriptEnd("x", ExecutionStatus.FAILED, 1), policy)
    assert (what.outcome, what.lane.stopped_by is None, what.taints) == (outcome, goes_on, taints)
    (words,) = [row[1] for row in table(SCRIPTS, "policy")[1:] if row[0] == policy.value]
    assert ("next script runs" in words) == goes_on
    assert ("a warning at best" in words) == taints
    assert outcome is None or f"the outcome is {outcome.value}" in words


def test_all_lanes_are_named() -> None:
    assert [row[1] for row in table(SCRIPTS, "lane")[1:]] == [hook.value for hook in LANES]


def test_all_variables_are_described() -> None:
    described = {name for row in table(SCRIPTS, "variable")[1:] for name in re.findall(r"[A-Z_]+", row[0])}
    assert described == {name for name in DESCRIPTIONS if not name.startswith("BORG_UI_")}


def test_the_example_of_parameters_is_one(tmp_path: Path) -> None:
    from borgdesk.domain.parameters import parse_header

    (script,) = [text for text in re.findall(r"```bash\n(.*?)```", SCRIPTS, re.DOTALL) if "/// borgdesk" in text]
    header = parse_header(script)
    assert [(one.name, one.required, one.secret) for one in header.parameters] == [
        ("TARGET", True, False), ("KEEP", False, False), ("DB_PASSWORD", False, True),
    ]  # fmt: skip
