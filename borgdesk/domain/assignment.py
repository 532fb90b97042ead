"""A script placed in one lane of one repository, and the values that are in force there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import LANES, Hook, OnFailure, Policy, RunOn


@dataclass(frozen=True, slots=True)
class Assignment:
    """One script in one lane. ``None`` overrides mean: as the script, or the repository, says."""

    id: int
    repository_id: int
    repository: str
    script_id: int
    script: str
    hook: Hook
    order: int
    """Its place in the lane, from 1, without gaps."""
    script_timeout: int
    script_run_on: RunOn
    repository_on_failure: OnFailure
    enabled: bool = True
    timeout: int | None = None
    run_on: RunOn | None = None
    on_failure: OnFailure | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    """Names of the secret parameters whose value is kept in the keyring for this assignment."""

    @property
    def effective(self) -> Policy:
        """The values in force."""
        return Policy(
            run_on=self.run_on or self.script_run_on,
            on_failure=self.on_failure or self.repository_on_failure,
            timeout=self.timeout or self.script_timeout,
        )


def check_hook(hook: Hook) -> Hook:
    """The lane, if scripts can be assigned to it.

    Raises:
        InvalidInput: it is the pretended lane of test runs.
    """
    if hook not in LANES:
        raise InvalidInput(f"Scripts cannot be assigned to “{hook}”.")
    return hook


def check_on_failure(hook: Hook, on_failure: OnFailure | None) -> None:
    """Refuse a policy the lane does not know.

    Raises:
        InvalidInput: ``skip`` outside pre-backup, where there is no backup left to skip.
    """
    if on_failure is OnFailure.SKIP and hook is not Hook.PRE_BACKUP:
        raise InvalidInput("“skip” is a policy of pre-backup scripts only: afterwards there is no backup left to skip.")


def resolve_values(header: Header, given: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The environment a script gets from its parameters, and the names of required ones that have no value.

    Value = the assignment's, else the default, else unset. *given* holds plain and secret values alike; values the
    script no longer declares are passed on, since scripts without a block may take values too.
    """
    values = {p.name: p.default for p in header.parameters if p.default is not None}
    values.update(given)
    missing = tuple(p.name for p in header.parameters if p.required and not values.get(p.name))
    return values, missing
