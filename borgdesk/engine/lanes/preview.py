"""Predicts what a run would do with each script, for one outcome or all: *plan* and *What happens if…*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.decisions import Decision, LaneState, decide
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.run import Outcome

OUTCOMES = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Preview:
    """One script of a plan, and whether it would run, by outcome."""

    planned: PlannedScript
    decisions: Mapping[Outcome, Decision]


def preview(scripts: Sequence[PlannedScript], outcomes: Sequence[Outcome] = OUTCOMES) -> list[Preview]:
    """Apply the decision table to every script, assuming that none of them fails."""
    return [
        Preview(
            planned,
            {outcome: decide(planned.hook, planned.policy, LaneState(), outcome) for outcome in outcomes},
        )
        for planned in scripts
    ]
