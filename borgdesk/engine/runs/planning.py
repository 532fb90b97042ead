"""The plan of a run: its scripts with their contents, values and policies, fixed before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from borgdesk.domain.assignment import Assignment, resolve_values, split_secrets
from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import (
    BorgDeskError,
    InvalidInput,
    ScriptUnreadable,
    SecretsUnavailable,
    StoreUnusable,
)
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.holds import with_holds
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.parameters import Header, parse_header
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, Hook, RunKind
from borgdesk.domain.script import DEFAULT_TIMEOUT
from borgdesk.engine.lanes.assignment_secrets import with_secrets_in_keyring
from borgdesk.engine.lanes.inline_scripts import INLINE_NAMES
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.passphrases import passphrase_for
from borgdesk.engine.runs.script_texts import ScriptTexts
from borgdesk.engine.runs.start_checks import with_start_problems
from borgdesk.engine.runs.surroundings import Surroundings
from borgdesk.engine.secrets.secret_values import Keyring, secret_values
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Plan:
    """The scripts of a run in order, and the problems that prevent it."""

    scripts: tuple[PlannedScript, ...]
    texts: ScriptTexts = field(repr=False, compare=False)
    """The texts of the scripts."""
    secrets: Mapping[tuple[AssignmentId | None, str], str] = field(default_factory=dict, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    """The repository's passphrase, if it is in the keyring."""
    locked_out: str | None = None
    """Why the passphrase is not available, as a sentence."""
    missing: tuple[str, ...] = ()
    """Sentences about missing required values: with any of them nothing at all is started."""
    surroundings: Surroundings | None = field(default=None, repr=False, compare=False)
    """Cached checks of the disks it depends on."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about what cannot be done: with any of them nothing is stopped, since it might stay stopped."""
        problems = [script.problem for script in self.scripts if script.problem]
        return tuple([self.locked_out, *problems] if self.locked_out else problems)

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """All values to be masked in output."""
        return (*self.secrets.values(), *((self.passphrase,) if self.passphrase else ()))


def plan(workspace: Workspace, repository: Repository, cancel: Cancel | None = None) -> Plan:
    """Return the checked plan of a run: :func:`read_plan` followed by :func:`start_checked`."""
    return start_checked(workspace, read_plan(workspace, repository, cancel), cancel)


def read_plan(
    workspace: Workspace, repository: Repository, cancel: Cancel | None = None, kind: RunKind = RunKind.BACKUP
) -> Plan:
    """Fix what a run of a *kind* would do: store each script's bytes as a revision, and look up each value.

    *cancel* ends the wait for a keyring that does not answer.
    """
    keyring, texts = Keyring(workspace, cancel), _Texts(workspace)
    scripts: list[PlannedScript] = []
    secrets: dict[tuple[AssignmentId | None, str], str] = {}
    missing: list[str] = []
    shared: dict[AssignmentId, str] = {}
    for assignment in _in_order(workspace, repository, kind):
        if isinstance(assignment, PlannedScript):
            scripts.append(assignment)
            continue
        if assignment.shared is not None:
            shared[assignment.id] = assignment.shared
        armed, values, lacking = _arm(workspace, assignment, keyring, texts)
        scripts.append(armed)
        secrets |= {(assignment.id, name): value for name, value in values.items()}
        missing += [
            _("The script “{script}” needs a value for {name}.").format(script=armed.name, name=name)
            for name in lacking
        ]
    if shared:
        scripts = with_holds(scripts, shared)
    passphrase, locked_out = None, None
    try:
        passphrase = passphrase_for(workspace, repository, keyring, cancel)
    except SecretsUnavailable as error:
        locked_out = str(error)
    return Plan(tuple(scripts), texts.known, secrets, passphrase, locked_out, tuple(missing))


def start_checked(
    workspace: Workspace, plan: Plan, cancel: Cancel | None = None, repository: str | None = None
) -> Plan:
    """Return *plan* after checking that its scripts can be started and the disk of a *repository* responds."""
    surroundings = Surroundings(workspace.environment, repository)
    checked = with_start_problems(workspace, plan.texts, plan.scripts, plan.secrets, surroundings, cancel)
    return replace(plan, scripts=tuple(checked), surroundings=surroundings)


def _in_order(workspace: Workspace, repository: Repository, kind: RunKind) -> Iterator[Assignment | PlannedScript]:
    """Yield enabled assignments, lane by lane; a lane without assignments has the inline script, if there is one."""
    assigned = workspace.store.assignments.list(repository.id)
    inline = {Hook.PRE_BACKUP: repository.pre_script, Hook.POST_BACKUP: repository.post_script}
    for hook in kind.lanes:
        lane = [assignment for assignment in assigned if assignment.hook is hook]
        if lane:
            yield from (assignment for assignment in lane if assignment.enabled)
        elif (text := inline.get(hook, "")).strip():
            yield _inline(workspace, repository, hook, text)


def _inline(workspace: Workspace, repository: Repository, hook: Hook, text: str) -> PlannedScript:
    revision: str | None = None
    problem: str | None = None
    try:
        revision = workspace.store.revisions.freeze_text(text)
    except ScriptUnreadable as error:
        problem = str(error)
    policy = Policy(ALWAYS, repository.on_failure, DEFAULT_TIMEOUT)
    return PlannedScript(_(INLINE_NAMES[hook]), hook, order=1, policy=policy, revision=revision, problem=problem)


class _Texts:
    """Texts read for a plan, each once: a script that is assigned in several places has the same text in all."""

    def __init__(self, workspace: Workspace) -> None:
        self.known = ScriptTexts(workspace.store.revisions)
        self.freeze = cache(workspace.store.scripts.freeze)
        self.header = cache(self._header)

    def _header(self, name: str, revision: str) -> Header:
        text, _ = self.known.get(revision)
        return header_of(name, text)


def _arm(
    workspace: Workspace, assignment: Assignment, keyring: Keyring, texts: _Texts
) -> tuple[PlannedScript, dict[str, str], tuple[str, ...]]:
    revision: str | None = None
    problem: str | None = None
    header = Header()
    secrets: dict[str, str] = {}
    try:
        revision = texts.freeze(assignment.script_id)
        header = texts.header(assignment.script, revision)
        assignment = with_secrets_in_keyring(replace(workspace, secrets=keyring), assignment, header)
        secrets = secret_values(workspace, assignment.id, assignment.secrets, keyring)
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
        values=split_secrets(header, values, assignment.secrets)[0],
        secrets=assignment.secrets,
        problem=problem,
    )
    return planned, secrets, () if problem else missing


def header_of(name: str, text: bytes) -> Header:
    """Parse the parameter block of a script's text.

    Raises:
        InvalidInput: the block is malformed; the sentence names the script.
    """
    try:
        return parse_header(text.decode())
    except InvalidInput as error:
        raise InvalidInput(
            _("The script “{script}” has an invalid parameter block. {error}").format(script=name, error=error)
        ) from error
