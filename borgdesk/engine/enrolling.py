"""Adding, changing and forgetting repositories: what the window and the command line share."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from borgdesk.borg.archive_name import check_archive_name, series_glob
from borgdesk.borg.options import Encryption, check_compression, check_pattern
from borgdesk.borg.replies import RepositoryInfo, parse_info
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, SecretsUnavailable, Stopped
from borgdesk.domain.repository import Repository, check_location, check_source, default_archive_name, is_local
from borgdesk.domain.run import Outcome
from borgdesk.domain.script import check_name
from borgdesk.engine.arming import PASSPHRASE, passphrase_of, passphrase_owner
from borgdesk.engine.borg_process import Access, call, usable_version
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.confiding import secret_owner
from borgdesk.engine.founding import founded
from borgdesk.engine.queue import canonical
from borgdesk.engine.workspace import Workspace

_STOPPED = "Stopped; nothing was changed here."


def checked(repository: Repository) -> Repository:
    """*repository* with its values as they are stored.

    Raises:
        InvalidInput: one of them cannot be accepted.
    """
    name = check_name(repository.name, "repository")
    location = check_location(repository.location)
    if not repository.sources:
        raise InvalidInput("There is nothing to back up: name at least one source.")
    for pattern in repository.excludes:
        check_pattern(pattern)
    check_compression(repository.compression)
    return replace(
        repository,
        name=name,
        location=canonical(location) if is_local(location) else location,
        sources=tuple(check_source(source) for source in repository.sources),
        archive_name=check_archive_name(repository.archive_name or default_archive_name(name)),
    )


def add_repository(
    workspace: Workspace,
    repository: Repository,
    passphrase: str | None = None,
    init: Encryption | None = None,
    cancel: Cancel | None = None,
) -> Repository:
    """Add a repository: a new one that is made with encryption *init*, otherwise one that is there and opens.

    Raises:
        InvalidInput: a value cannot be accepted, or the name is taken.
        BorgUnusable: there is no usable Borg.
        SecretsUnavailable: the passphrase cannot be kept anywhere.
        Stopped: *cancel* was asked.
        BorgDeskError: Borg could not make or open it. Whatever the error, nothing was added, and a repository that had
            been made on this machine is gone.
    """
    cancel = cancel or Cancel()
    repository = checked(repository)
    check_name_is_free(workspace, repository.name)
    check_series(workspace, repository)
    _check_secrets(workspace, repository, passphrase, init)
    usable_version(workspace)
    access = Access(passphrase, repository.passcommand, unencrypted=True)
    with contextlib.ExitStack() as made:
        if init is not None:
            made.enter_context(founded(workspace, repository.location, access, init, cancel))
        info = open_repository(workspace, repository, access, cancel)
        if cancel.asked:
            raise Stopped(_STOPPED)
        return _register(workspace, replace(repository, encryption=info.encryption), passphrase)


def _register(workspace: Workspace, repository: Repository, passphrase: str | None) -> Repository:
    keeps = passphrase is not None and repository.encryption != Encryption.NONE
    added = workspace.store.repositories.add(replace(repository, has_passphrase=keeps))
    if keeps and passphrase is not None:
        try:
            workspace.secrets.set(passphrase_owner(added.id), PASSPHRASE, passphrase)
        except SecretsUnavailable:
            workspace.store.repositories.remove(added.id)
            raise
    return added


def check_name_is_free(workspace: Workspace, name: str) -> None:
    """Refuse a name that another repository has.

    Raises:
        InvalidInput: there is such a one.
    """
    if any(other.name == name for other in workspace.store.repositories.list()):
        raise InvalidInput(f"There is already a repository called “{name}”.")


def check_series(workspace: Workspace, repository: Repository) -> None:
    """Refuse two repositories at one place whose archives retention could not tell apart: it would mix them up.

    Raises:
        InvalidInput: there is such a one.
    """
    series = canonical(repository.location), series_glob(repository.archive_name)
    for other in workspace.store.repositories.list():
        prunes = bool(repository.retention or other.retention)
        if (
            prunes
            and other.id != repository.id
            and series == (canonical(other.location), series_glob(other.archive_name))
        ):
            raise InvalidInput(
                f"“{other.name}” is at the same place and names its archives alike, so that retention would remove "
                "archives of both as if they were one's: choose another archive name."
            )


def _check_secrets(
    workspace: Workspace, repository: Repository, passphrase: str | None, init: Encryption | None
) -> None:
    """Find out what is missing before a repository is made that nobody could open."""
    if passphrase is not None and repository.passcommand is not None:
        raise InvalidInput("Give either a passphrase or a command that prints it, not both.")
    if passphrase == "":
        raise InvalidInput("The passphrase is empty.")
    if init is not None and init.needs_passphrase and passphrase is None and repository.passcommand is None:
        raise InvalidInput(f"The encryption {init} needs a passphrase, or a command that prints it.")
    if passphrase is not None:
        _ = workspace.secrets.where


def open_repository(
    workspace: Workspace, repository: Repository, access: Access, cancel: Cancel | None = None
) -> RepositoryInfo:
    """Ask Borg whether the repository opens, and what it is.

    Raises:
        BorgDeskError: it does not open; the sentence says why.
        Stopped: *cancel* was asked.
    """
    answer = call(workspace, access, lambda borg: borg.info(repository.location), cancel=cancel)
    if answer.cancelled:
        raise Stopped(_STOPPED)
    if answer.result.outcome is Outcome.FAILURE:
        raise BorgDeskError(f"The repository {repository.location} could not be opened. {answer.result.sentence}")
    return parse_info(answer.stdout)


def edit_repository(
    workspace: Workspace, repository: Repository, passphrase: str | None = None, cancel: Cancel | None = None
) -> Repository:
    """Store the changed values of a repository. A new location or secret is tried first.

    Raises:
        InvalidInput: a value cannot be accepted, or the name is taken.
        BorgDeskError: it does not open with the new location, passphrase or command; nothing was changed.
        SecretsUnavailable: the passphrase cannot be kept anywhere; nothing was changed.
        Stopped: *cancel* was asked while it was tried; nothing was changed.
    """
    repository = checked(repository)
    before = workspace.store.repositories.get(repository.id)
    check_series(workspace, repository)
    if passphrase is not None:
        repository = replace(repository, has_passphrase=True, passcommand=None)
        _check_secrets(workspace, repository, passphrase, None)
    elif repository.passcommand is not None:
        repository = replace(repository, has_passphrase=False)
    moved = repository.location != before.location
    if moved or passphrase is not None or repository.passcommand != before.passcommand:
        known = passphrase if passphrase is not None else passphrase_of(workspace, repository)
        access = Access(known, repository.passcommand, unencrypted=True)
        repository = replace(repository, encryption=open_repository(workspace, repository, access, cancel).encryption)
    stored = workspace.store.repositories.update(repository)
    if passphrase is not None:
        try:
            workspace.secrets.set(passphrase_owner(repository.id), PASSPHRASE, passphrase)
        except SecretsUnavailable:
            workspace.store.repositories.update(before)
            raise
    if before.has_passphrase and not stored.has_passphrase:
        workspace.secrets.delete(passphrase_owner(repository.id), PASSPHRASE)
    return stored


def remove_repository(workspace: Workspace, repository: Repository) -> None:
    """Forget a repository here, with its assignments and secrets. The Borg repository and the history stay.

    Raises:
        InUse: a run of it is under way.
    """
    if any(run.repository_id == repository.id for run in workspace.store.runs.unfinished()):
        raise InUse(f"A backup of {repository.name} is under way; wait for its end, or stop it first.")
    for assignment in workspace.store.assignments.list(repository.id):
        workspace.secrets.delete_all(secret_owner(assignment.id), assignment.secrets)
    if repository.has_passphrase:
        workspace.secrets.delete(passphrase_owner(repository.id), PASSPHRASE)
    workspace.store.repositories.remove(repository.id)
