"""What a run of a repository consists of: its scripts with their bytes, values and policies, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from borgdesk.domain.assignment import Assignment, resolve_values
from borgdesk.domain.errors import BorgDeskError, InvalidInput, ScriptUnreadable, SecretsUnavailable, StoreUnusable
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, LANES, Hook, Policy
from borgdesk.domain.script import DEFAULT_TIMEOUT
from borgdesk.engine.confiding import confided, secret_owner
from borgdesk.engine.workspace import Workspace

PASSPHRASE = "passphrase"  # noqa: S105 - a name, not a secret
"""The name under which the keyring keeps a repository's passphrase."""

INLINE_NAMES = {Hook.PRE_BACKUP: "Inline script before", Hook.POST_BACKUP: "Inline script after"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The scripts of a run in their order, and what keeps them from being run."""

    scripts: tuple[PlannedScript, ...]
    secrets: Mapping[tuple[int | None, str], str] = field(default_factory=dict, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    """Of the repository, where the keyring keeps it."""
    locked_out: str | None = None
    """Why the passphrase cannot be had, as a sentence."""
    missing: tuple[str, ...] = ()
    """Sentences about required values that nobody gave: with any of them nothing at all is started."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about what cannot be done: with any of them nothing is stopped, since it might stay so."""
        problems = [script.problem for script in self.scripts if script.problem]
        return tuple([self.locked_out, *problems] if self.locked_out else problems)

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """Whatever must not be seen in any output."""
        return (*self.secrets.values(), *((self.passphrase,) if self.passphrase else ()))


def passphrase_owner(repository_id: int) -> str:
    """Under which name the keyring keeps a repository's passphrase."""
    return f"repository:{repository_id}"


def plan(workspace: Workspace, repository: Repository) -> Plan:
    """Fix what a run would do: each script's bytes are stored as a revision, each value is looked up."""
    scripts: list[PlannedScript] = []
    secrets: dict[tuple[int | None, str], str] = {}
    missing: list[str] = []
    for assignment in _in_order(workspace, repository):
        if isinstance(assignment, PlannedScript):
            scripts.append(assignment)
            continue
        armed, values, lacking = _arm(workspace, assignment)
        scripts.append(armed)
        secrets |= {(assignment.id, name): value for name, value in values.items()}
        missing += [f"The script “{armed.name}” needs a value for {name}." for name in lacking]
    passphrase, locked_out = None, None
    try:
        passphrase = passphrase_of(workspace, repository)
    except SecretsUnavailable as error:
        locked_out = str(error)
    return Plan(tuple(scripts), secrets, passphrase, locked_out, tuple(missing))


def _in_order(workspace: Workspace, repository: Repository) -> Iterator[Assignment | PlannedScript]:
    """Enabled assignments, lane by lane; a lane to which nothing is assigned has the inline script, if there is one."""
    assigned = workspace.store.assignments.list(repository.id)
    inline = {Hook.PRE_BACKUP: repository.pre_script, Hook.POST_BACKUP: repository.post_script}
    for hook in LANES:
        lane = [assignment for assignment in assigned if assignment.hook is hook]
        if lane:
            yield from (assignment for assignment in lane if assignment.enabled)
        elif (text := inline.get(hook, "")).strip():
            yield _inline(workspace, repository, hook, text)


def _inline(workspace: Workspace, repository: Repository, hook: Hook, text: str) -> PlannedScript:
    revision: str | None = None
    problem: str | None = None
    try:
        revision = workspace.store.scripts.freeze_text(text)
    except ScriptUnreadable as error:
        problem = str(error)
    policy = Policy(ALWAYS, repository.on_failure, DEFAULT_TIMEOUT)
    return PlannedScript(INLINE_NAMES[hook], hook, order=1, policy=policy, revision=revision, problem=problem)


def _arm(workspace: Workspace, assignment: Assignment) -> tuple[PlannedScript, dict[str, str], tuple[str, ...]]:
    revision: str | None = None
    problem: str | None = None
    header = Header()
    secrets: dict[str, str] = {}
    try:
        revision = workspace.store.scripts.freeze(assignment.script_id)
        header = header_of(workspace, assignment.script, revision)
        assignment = confided(workspace, assignment, header)
        secrets = secret_values(workspace, assignment.id, assignment.secrets)
    except StoreUnusable:
        raise
    except BorgDeskError as error:
        problem = str(error)
    values, missing = resolve_values(header, {**assignment.parameters, **secrets})
    planned = PlannedScript(
        assignment.script,
        assignment.hook,
        assignment.order,
        assignment.effective,
        revision,
        script_id=assignment.script_id,
        assignment_id=assignment.id,
        values={name: value for name, value in values.items() if name not in assignment.secrets | header.secrets},
        secrets=assignment.secrets,
        problem=problem,
    )
    return planned, secrets, () if problem else missing


def header_of(workspace: Workspace, name: str, revision: str) -> Header:
    """The parameter block of a revision.

    Raises:
        InvalidInput: the block is malformed; the sentence names the script.
    """
    try:
        return parse_header(workspace.store.scripts.revision_content(revision).decode())
    except InvalidInput as error:
        raise InvalidInput(f"The script “{name}” has a malformed parameter block. {error}") from error


def secret_values(workspace: Workspace, assignment_id: int, names: frozenset[str]) -> dict[str, str]:
    """The secret values of an assignment, from the keyring.

    Raises:
        SecretsUnavailable: there is no keyring, it is locked, or a value is not in it any more.
    """
    values: dict[str, str] = {}
    for name in sorted(names):
        value = workspace.secrets.get(secret_owner(assignment_id), name)
        if value is None:
            raise SecretsUnavailable(f"The secret value of {name} is not in the keyring any more; enter it again.")
        values[name] = value
    return values


def passphrase_of(workspace: Workspace, repository: Repository) -> str | None:
    """The passphrase that the keyring keeps for *repository*; None where Borg gets it otherwise, or needs none.

    Raises:
        SecretsUnavailable: there should be one, but the keyring does not have it, or cannot be asked.
    """
    if not repository.has_passphrase:
        return None
    value = workspace.secrets.get(passphrase_owner(repository.id), PASSPHRASE)
    if value is None:
        raise SecretsUnavailable(f"The passphrase of {repository.name} is not in the keyring any more; enter it again.")
    return value
