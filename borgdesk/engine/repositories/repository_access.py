"""Opens a repository, and applies the remedies if that fails: confirm a move, or break a lock.

Each remedy needs a decision of the user and is applied once, to one repository.
"""

from __future__ import annotations

import re
from dataclasses import replace

from borgdesk.borg.connection import is_host_unknown
from borgdesk.borg.replies import RepositoryInfo, parse_info
from borgdesk.borg.result import BorgResult
from borgdesk.domain.errors import BorgDeskError, CannotOpen, Remedy, stopped_before_changes
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_diagnosis import with_diagnosis
from borgdesk.engine.borg_calls.borg_process import Access, call, usable_version
from borgdesk.engine.borg_calls.limits import ATTENDED_LOCK_WAIT
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.passphrases import passphrase_for
from borgdesk.engine.repositories.shared_locations import turn_at_once
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_NOT_THERE = ("Repository.DoesNotExist", "Repository.InvalidRepository")
_MOVED = "Cache.RepositoryAccessAborted"
_REMEDIES = {
    _MOVED: Remedy.MOVED,
    "LockTimeout": Remedy.BREAK_LOCK,
    "KeyfileNotFoundError": Remedy.IMPORT_KEY,
    "KeyfileMismatchError": Remedy.IMPORT_KEY,
    "KeyfileInvalidError": Remedy.IMPORT_KEY,
}
_THERE = (*_REMEDIES, "NoPassphraseFailure", "PassphraseWrong", "PasscommandFailure")
"""A repository that Borg refuses to open for these reasons exists."""
_PREVIOUS = re.compile(r"was previously located at (.+)")


def open_repository(
    workspace: Workspace, repository: Repository, access: Access, cancel: Cancel | None = None
) -> RepositoryInfo:
    """Let Borg open the repository, and return its metadata.

    Raises:
        BorgUnusable: there is no usable Borg.
        CannotOpen: it does not open; the sentence says why, and the remedy what the user can decide.
        Stopped: *cancel* was asked.
    """
    location = repository.location
    version = usable_version(workspace, cancel, experimental=True)
    access = replace(access, version=version)
    answer = call(
        workspace, access, lambda borg: replace(borg, lock_wait=ATTENDED_LOCK_WAIT).info(location), cancel=cancel
    )
    if answer.cancelled:
        raise stopped_before_changes()
    if answer.result.outcome is Outcome.FAILURE:
        result = answer.result
        # If there is no repository, it is not known whether there ever was one.
        raise cannot_open(result if result.msgid in _NOT_THERE else with_diagnosis(result, location), location)
    return parse_info(answer.stdout)


def is_there(workspace: Workspace, repository: Repository, access: Access, cancel: Cancel | None = None) -> bool:
    """Ask Borg whether there is a repository at a location, whether or not it opens with what is known of it.

    Raises:
        BorgUnusable: there is no usable Borg.
        CannotOpen: its server cannot be asked; the remedy is what the user can decide.
        Stopped: *cancel* was asked.
    """
    version = usable_version(workspace, cancel, experimental=True)
    access = replace(access, version=version)
    answer = call(
        workspace,
        access,
        lambda borg: replace(borg, lock_wait=ATTENDED_LOCK_WAIT).info(repository.location),
        cancel=cancel,
    )
    if answer.cancelled:
        raise stopped_before_changes()
    result = answer.result
    if result.outcome is not Outcome.FAILURE or result.msgid in _THERE:
        return True
    if result.msgid in _NOT_THERE:
        return False
    raise cannot_open(with_diagnosis(result, repository.location), repository.location)


def cannot_open(result: BorgResult, location: str) -> CannotOpen:
    """Return the error for a repository that Borg could not open."""
    sentence = result.sentence
    if result.msgid == _MOVED and result.question and (match := _PREVIOUS.search(result.question.message)):
        sentence = _(
            "When it was last used, it was at {location}. If it was moved or its host was renamed, "
            "confirm that; otherwise, something else may have been put in its place."
        ).format(location=match[1])
    return CannotOpen(
        _("The repository {location} could not be opened. {sentence}").format(location=location, sentence=sentence),
        Remedy.HOST_KEY if is_host_unknown(result.detail) else _REMEDIES.get(result.msgid or ""),
    )


def try_connection(
    workspace: Workspace, repository: Repository, cancel: Cancel | None = None, *, moved: bool = False
) -> RepositoryInfo:
    """Open a configured repository as a backup would. *moved* confirms its new location.

    Raises:
        CannotOpen: it does not open.
        BorgDeskError: it could not be tried, because there is no passphrase or no usable Borg.
        Stopped: *cancel* was asked.
    """
    passphrase, way = passphrase_for(workspace, repository, cancel=cancel), repository.connection
    access = Access(passphrase, repository.passcommand, unencrypted=True, moved=moved, connection=way)
    info = open_repository(workspace, repository, access, cancel)
    if info.id != repository.borg_id:
        workspace.store.repositories.identify(repository.id, info.id)
    return info


def break_lock_of_new(workspace: Workspace, repository: Repository, cancel: Cancel | None = None) -> None:
    """Break the lock of a repository that is not stored yet; for others it is a run.

    Raises:
        InUse: a run of BorgDesk is using the repository.
        BorgDeskError: Borg failed.
        Stopped: *cancel* was asked.
    """
    with turn_at_once(workspace, repository):
        usable_version(workspace)
        access = Access(connection=repository.connection)
        answer = call(workspace, access, lambda borg: borg.break_lock(repository.location), cancel=cancel)
    if answer.cancelled:
        raise stopped_before_changes()
    if answer.result.outcome is Outcome.FAILURE:
        raise BorgDeskError(
            lock_unbroken(repository.location, with_diagnosis(answer.result, repository.location).sentence)
        )


def lock_unbroken(location: str, sentence: str) -> str:
    """Return the sentence for a lock that could not be broken."""
    return _("The lock of {location} could not be broken. {sentence}").format(location=location, sentence=sentence)
