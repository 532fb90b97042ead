"""The assignment of a script to a lane of a repository, with its effective values."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from borgdesk.domain.characters import is_readable
from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.holds import SHARED_LANES
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import LANES, Hook, OnFailure, RunOn
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Assignment:
    """A script in a lane. An override of ``None`` inherits the value of the script or the repository."""

    id: AssignmentId
    repository_id: RepositoryId
    repository: str
    script_id: ScriptId
    script: str
    hook: Hook
    order: int
    """Position in the lane: 1, 2, 3, … without gaps."""
    script_timeout: int
    script_run_on: RunOn
    repository_on_failure: OnFailure
    enabled: bool = True
    timeout: int | None = None
    run_on: RunOn | None = None
    on_failure: OnFailure | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    """Names of the secret parameters whose value for this assignment is in the keyring."""
    shared: str | None = None
    """The name of the pair that runs share it in, "" to share it with whatever does the same; None if it is not
    shared."""

    @property
    def effective(self) -> Policy:
        """Its values after inheritance."""
        return Policy(
            run_on=self.run_on or self.script_run_on,
            on_failure=self.on_failure or self.repository_on_failure,
            timeout=self.timeout or self.script_timeout,
        )


def check_hook(hook: Hook) -> Hook:
    """Return *hook* if scripts can be assigned to it.

    Raises:
        InvalidInput: it is the pseudo-lane of test runs.
    """
    if hook not in LANES:
        raise InvalidInput(_("Scripts cannot be assigned to “{lane}”.").format(lane=lane_title(hook)))
    return hook


def check_on_failure(hook: Hook, on_failure: OnFailure | None) -> None:
    """Reject a policy that the lane does not support.

    Raises:
        InvalidInput: ``skip`` after the work, where there is nothing left to skip.
    """
    if on_failure is OnFailure.SKIP and not hook.is_pre:
        raise InvalidInput(
            _(
                "“skip” is possible only for scripts before a backup or a restore: afterwards there is nothing left to "
                "skip."
            )
        )


def check_shared(hook: Hook, shared: str | None) -> None:
    """Reject a share that the lane does not support, or whose name is not a line of text.

    Raises:
        InvalidInput: it is in a lane of restores, or the name has unreadable characters or needless spaces.
    """
    if shared is None:
        return
    if hook not in SHARED_LANES:
        raise InvalidInput(
            _("Only scripts of backups can be shared: a restore changes the files that another run is reading.")
        )
    if not is_readable(shared) or shared != " ".join(shared.split()):
        raise InvalidInput(
            _("The name of a shared pair must be one line of visible characters, with single spaces between the words.")
        )


def resolve_values(header: Header, given: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment that a script gets from its parameters, and the names of required ones without a value.

    A value is the assignment's, else the default, else unset. *given* holds plain and secret values alike; values that
    the script no longer declares are passed on, since scripts without a block may take values too.
    """
    values = {p.name: p.default for p in header.parameters if p.default is not None}
    values.update(given)
    missing = tuple(p.name for p in header.parameters if p.required and not values.get(p.name))
    return values, missing


def split_secrets(
    header: Header, values: Mapping[str, str], kept: AbstractSet[str] = frozenset()
) -> tuple[dict[str, str], dict[str, str]]:
    """Split *values* into plain and secret ones.

    A value is secret if the script declares it so, or if it is in *kept*: when a script withdraws its declaration,
    values entered as secrets stay secret.
    """
    secret = header.secrets | kept
    plain = {name: value for name, value in values.items() if name not in secret}
    return plain, {name: value for name, value in values.items() if name in secret}
