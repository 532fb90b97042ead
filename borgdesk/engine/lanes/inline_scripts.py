"""Inline scripts: a script before and one after the backup that belong to one repository, and not to the library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.domain.script import DEFAULT_TIMEOUT, normalized
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes, lane
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP)
"""The lanes that can have one."""
INLINE_NAMES = {Hook.PRE_BACKUP: N_("Inline script before"), Hook.POST_BACKUP: N_("Inline script after")}
"""Their names in history."""
INLINE_IDS = {Hook.PRE_BACKUP: AssignmentId(-1), Hook.POST_BACKUP: AssignmentId(-2)}
"""What stands for them among the ids of assignments, which are positive."""


@dataclass(frozen=True, slots=True)
class InlineChange:
    """A change of the inline script of a lane; an empty text is none."""

    hook: Hook
    before: str
    after: str

    @property
    def undoing(self) -> InlineChange:
        """The change that undoes it."""
        return InlineChange(self.hook, self.after, self.before)


def inline_text(repository: Repository, hook: Hook) -> str:
    """Return the inline script of a lane; "" if it has none."""
    return {Hook.PRE_BACKUP: repository.pre_script, Hook.POST_BACKUP: repository.post_script}.get(hook, "")


def used_inline(lanes: RepositoryLanes) -> dict[Hook, str]:
    """Return the inline scripts that runs use, by lane: those of lanes to which no script is assigned."""
    found = {hook: inline_text(lanes.repository, hook) for hook in LANES if not lane(lanes.assignments, hook)}
    return {hook: text for hook, text in found.items() if text.strip()}


def with_inline(lanes: RepositoryLanes) -> Arrangement:
    """Return the scripts as a run has them: the assignments, and in place of none the inline script of a lane."""
    return (*(_as_assignment(lanes.repository, hook) for hook in used_inline(lanes)), *lanes.assignments)


def _as_assignment(repository: Repository, hook: Hook) -> Assignment:
    return Assignment(
        INLINE_IDS[hook],
        repository.id,
        repository.name,
        ScriptId(0),
        _(INLINE_NAMES[hook]),
        hook,
        order=1,
        script_timeout=DEFAULT_TIMEOUT,
        script_run_on=ALWAYS,
        repository_on_failure=repository.on_failure,
    )


def change_inline(workspace: Workspace, repository_id: RepositoryId, change: InlineChange) -> InlineChange:
    """Store a change of an inline script, and return it as it was stored, with LF line ends.

    Raises:
        InvalidInput: the text is no valid script.
        NotFound: the repository was removed meanwhile.
        Changed: somebody else changed the script since it was read.
    """
    if change.after:
        text = normalized(change.after.encode("utf-8", "surrogateescape"), _("The inline script")).decode()
        change = replace(change, after=text)
    stored = workspace.store.repositories.get(repository_id)
    seen, wanted = (_with(stored, change.hook, text) for text in (change.before, change.after))
    workspace.store.repositories.update(wanted, seen=seen)
    return change


def _with(repository: Repository, hook: Hook, text: str) -> Repository:
    before = hook is Hook.PRE_BACKUP
    return replace(repository, pre_script=text) if before else replace(repository, post_script=text)
