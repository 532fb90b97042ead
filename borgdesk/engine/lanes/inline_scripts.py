"""Inline scripts: a script before and one after the backup that belong to one repository, and not to the library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.script import normalized
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP)
"""The lanes that can have one."""


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
