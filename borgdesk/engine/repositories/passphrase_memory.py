"""*Do you still know the passphrase?*: twice a year, people are asked for those that BorgDesk remembers for them.

Whoever has forgotten a passphrase finds out while BorgDesk still has it. What is typed is compared in memory and never
stored; of the answer, only the day of the next question is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.workspace import Workspace
from borgdesk.store.clock import now

HALF_A_YEAR = timedelta(days=182)
LATER = timedelta(days=7)
_NEVER = "never"


def can_be_asked(repository: Repository) -> bool:
    """Return whether BorgDesk remembers a passphrase that the user may forget."""
    return repository.has_passphrase and repository.encryption != Encryption.NONE


def to_be_asked(workspace: Workspace, repositories: Iterable[Repository], today: date) -> list[Repository]:
    """Return the repositories whose passphrase the user should be asked for *today*."""
    return [one for one in repositories if can_be_asked(one) and _is_due(workspace, one, today)]


def _is_due(workspace: Workspace, repository: Repository, today: date) -> bool:
    stored = workspace.store.key_values.get(_key(repository.id))
    if stored is None:
        begun = repository.created_at
        return begun is not None and begun.astimezone().date() + HALF_A_YEAR <= today
    try:
        return date.fromisoformat(stored) <= today
    except (TypeError, ValueError):
        # Never, or not ours.
        return False


def note_known(workspace: Workspace, repository: Repository) -> None:
    """Ask again in half a year, since the user has just typed the passphrase."""
    ask_on(workspace, repository, _today() + HALF_A_YEAR)


def ask_later(workspace: Workspace, repository: Repository) -> None:
    """Ask again in a week."""
    ask_on(workspace, repository, _today() + LATER)


def ask_on(workspace: Workspace, repository: Repository, day: date) -> None:
    """Ask on that day."""
    workspace.store.key_values.set(_key(repository.id), day.isoformat())


def never_ask(workspace: Workspace, repository: Repository) -> None:
    """Never ask for this repository again."""
    workspace.store.key_values.set(_key(repository.id), _NEVER)


def forget_question(workspace: Workspace, repository_id: RepositoryId) -> None:
    """Forget when the next question is, since the repository is removed."""
    workspace.store.key_values.drop(_key(repository_id))


def _today() -> date:
    return now().astimezone().date()


def _key(repository_id: RepositoryId) -> str:
    return f"passphrase-question/{repository_id}"
