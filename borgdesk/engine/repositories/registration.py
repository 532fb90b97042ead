"""Adds, changes and removes configured repositories, for the window and the CLI."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from borgdesk.borg.archive_name import check_archive_name
from borgdesk.borg.excludes import tidied_pattern
from borgdesk.borg.extra_arguments import extra_arguments
from borgdesk.borg.options import Encryption, check_compression
from borgdesk.borg.passcommand import check_passcommand
from borgdesk.borg.passphrase import check_new_passphrase
from borgdesk.borg.patterns import check_patterns
from borgdesk.borg.replies import RepositoryInfo
from borgdesk.domain.errors import InUse, InvalidInput, SecretsUnavailable, stopped_before_changes
from borgdesk.domain.location import escaped, with_home
from borgdesk.domain.repository import (
    Repository,
    check_location,
    check_source,
    default_archive_name,
    is_local,
    merged_repository,
)
from borgdesk.domain.script import check_name
from borgdesk.domain.server import check_jump_host, check_remote_path, check_ssh_key
from borgdesk.engine.borg_calls.borg_process import Access, usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.key_reminder import forget_reminder
from borgdesk.engine.repositories.passphrase_memory import forget_question
from borgdesk.engine.repositories.passphrases import passphrase_for, secret_names
from borgdesk.engine.repositories.queue import canonical
from borgdesk.engine.repositories.repository_access import open_repository
from borgdesk.engine.repositories.repository_creation import created_repository
from borgdesk.engine.repositories.repository_keys import import_key
from borgdesk.engine.repositories.shared_locations import check_series
from borgdesk.engine.secrets.added_secrets import AddedSecrets, adding_secrets
from borgdesk.engine.secrets.secret_lifetime import (
    PASSPHRASE,
    before_removal,
    copy_for_runs,
    forget,
    forget_removed,
    passphrase_owner,
    secret_owner,
)
from borgdesk.engine.servers.ssh_keys import check_key
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.store.script_additions import Additions


class Belongings:
    """What is added together with a repository, in one transaction: nothing, unless a subclass overrides this."""

    may_have_secrets = False

    def prepare(self, repository: Repository) -> Repository:
        """Do what need not be in the transaction; return the repository to be stored."""
        return repository

    def store(self, added: Repository, additions: Additions, secrets: AddedSecrets) -> None:
        """Store it. Nobody else sees yet what the transaction has written, so nothing of it may be read again."""


def checked(repository: Repository) -> Repository:
    """Return *repository* with its values in their stored form.

    Raises:
        InvalidInput: one of them is invalid.
    """
    name = check_name(repository.name, "repository")
    location = check_location(with_home(repository.location, str(Path.home())))
    patterns = check_patterns(repository.patterns)
    check_sources(repository)
    check_compression(repository.compression)
    extra_arguments(repository.extra_arguments)
    if repository.passcommand is not None:
        check_passcommand(repository.passcommand)
    return replace(
        repository,
        name=name,
        location=escaped(canonical(location)) if is_local(location) else location,
        sources=tuple(check_source(source) for source in repository.sources),
        excludes=tuple(dict.fromkeys(map(tidied_pattern, repository.excludes))),
        patterns=patterns,
        archive_name=check_archive_name(repository.archive_name or default_archive_name(name)),
        ssh_key=check_ssh_key(repository.ssh_key, str(Path.home())),
        jump_host=check_jump_host(repository.jump_host),
        remote_path=check_remote_path(repository.remote_path),
    )


def check_sources(repository: Repository) -> None:
    """Check that there is something to back up.

    Raises:
        InvalidInput: there is nothing.
    """
    if not repository.all_sources:
        raise InvalidInput(_("There is nothing to back up. Add at least one source."))


def check_connection(repository: Repository) -> None:
    """Check how the server of a repository is reached.

    Raises:
        InvalidInput: one of the values is invalid.
    """
    check_ssh_key(repository.ssh_key, str(Path.home()))
    check_jump_host(repository.jump_host)
    check_remote_path(repository.remote_path)


def add_repository(
    workspace: Workspace,
    repository: Repository,
    passphrase: str | None = None,
    init: Encryption | None = None,
    cancel: Cancel | None = None,
    *,
    moved: bool = False,
    key_file: Path | None = None,
    belongings: Belongings | None = None,
) -> Repository:
    """Add a repository: create it if *init* is an encryption mode, otherwise open an existing one.

    *moved* confirms that it is the one that this machine knows from another place; *key_file* contains its key, if the
    key is not in the repository. The *belongings* are added with it, even if the process is killed: all or nothing.

    Raises:
        InvalidInput: a value is invalid, or the name is taken.
        BorgUnusable: there is no usable Borg.
        SecretsUnavailable: the passphrase cannot be stored.
        Stopped: *cancel* was asked.
        CannotOpen: Borg could not open it.
        BorgDeskError: Borg could not create it. After any error nothing was added, and a repository created on this
            machine was removed.
    """
    cancel = cancel or Cancel()
    repository = checked(repository)
    check_name_is_free(workspace, repository.name)
    check_series(workspace, repository)
    _check_secrets(workspace, repository, passphrase, init)
    usable_version(workspace, experimental=init is None and key_file is None)
    if repository.ssh_key:
        check_key(workspace.environment, repository.ssh_key, cancel)
    access = Access(passphrase, repository.passcommand, unencrypted=True, moved=moved, connection=repository.connection)
    with contextlib.ExitStack() as made:
        if init is not None:
            made.enter_context(created_repository(workspace, repository.location, access, init, cancel))
        elif key_file is not None:
            import_key(workspace, repository.location, key_file, access, cancel)
        info = open_repository(workspace, repository, access, cancel)
        if cancel.asked:
            raise stopped_before_changes()
        repository = replace(repository, encryption=info.encryption, borg_id=info.id)
        # Checked again: only now it is known which repository it is.
        check_series(workspace, repository)
        return _register(workspace, repository, passphrase, belongings or Belongings())


def try_opening(
    workspace: Workspace,
    repository: Repository,
    passphrase: str | None = None,
    cancel: Cancel | None = None,
    *,
    moved: bool = False,
    key_file: Path | None = None,
) -> RepositoryInfo:
    """Open an existing repository as :func:`add_repository` would, whatever else of it is not known yet.

    Raises:
        InvalidInput: a value is invalid, or the key is another repository's.
        BorgUnusable: there is no usable Borg.
        Stopped: *cancel* was asked.
        CannotOpen: Borg could not open it.
    """
    location = check_location(with_home(repository.location, str(Path.home())))
    repository = replace(repository, location=escaped(canonical(location)) if is_local(location) else location)
    _check_secrets(workspace, repository, passphrase, None)
    usable_version(workspace, experimental=key_file is None)
    access = Access(passphrase, repository.passcommand, unencrypted=True, moved=moved, connection=repository.connection)
    if key_file is not None:
        import_key(workspace, repository.location, key_file, access, cancel)
    return open_repository(workspace, repository, access, cancel)


def _register(
    workspace: Workspace, repository: Repository, passphrase: str | None, belongings: Belongings
) -> Repository:
    keeps = passphrase is not None and repository.encryption != Encryption.NONE
    repository = replace(belongings.prepare(repository), has_passphrase=keeps)
    with (
        adding_secrets(workspace, may_be_any=keeps or belongings.may_have_secrets) as secrets,
        workspace.store.scripts.additions() as additions,
    ):
        added = workspace.store.repositories.add(repository)
        if keeps and passphrase is not None:
            secrets.set(passphrase_owner(added.id), PASSPHRASE, passphrase)
        belongings.store(added, additions, secrets)
    return added


def check_name_is_free(workspace: Workspace, name: str) -> None:
    """Reject a name that another repository has.

    Raises:
        InvalidInput: the name is taken.
    """
    if any(other.name == name for other in workspace.store.repositories.list()):
        raise InvalidInput(_("There is already a repository called “{name}”.").format(name=name))


def _check_secrets(
    workspace: Workspace, repository: Repository, passphrase: str | None, init: Encryption | None
) -> None:
    """Check for missing secrets before a repository is created that nobody could open."""
    if passphrase is not None and repository.passcommand is not None:
        raise InvalidInput(_("Give either a passphrase or a command that prints it, not both."))
    if passphrase == "":
        raise InvalidInput(_("The passphrase is empty."))
    if init is not None and init.needs_passphrase and passphrase is not None:
        check_new_passphrase(passphrase)
    if init is not None and init.needs_passphrase and passphrase is None and repository.passcommand is None:
        raise InvalidInput(_("{mode} encryption needs a passphrase, or a command that prints it.").format(mode=init))
    if passphrase is not None:
        _where = workspace.secrets.where


def edit_repository(
    workspace: Workspace,
    repository: Repository,
    passphrase: str | None = None,
    cancel: Cancel | None = None,
    *,
    seen: Repository | None = None,
    over: bool = False,
    moved: bool = False,
) -> Repository:
    """Store the changed values of a repository. A new location or secret is tested first.

    *moved* confirms that it is the same repository at another place; then it is tested in any case. *seen* is what was
    loaded when editing began (by default, what is stored now): only differences from it are stored. With *over*, our
    change of a value overwrites a concurrent one.

    Raises:
        InvalidInput: a value is invalid, or the name is taken.
        Changed: somebody else changed the same value since it was *seen*; nothing was changed.
        BorgDeskError: it does not open with the new location, passphrase or command; nothing was changed.
        SecretsUnavailable: the passphrase cannot be stored; nothing was changed.
        Stopped: *cancel* was asked during the test; nothing was changed.
    """
    store = workspace.store.repositories
    before = store.get(repository.id)
    repository = merged_repository(seen or before, checked(repository), before, over=over)
    elsewhere = repository.location != before.location
    if elsewhere:
        repository = replace(repository, borg_id=None)
    elsewhere = elsewhere or repository.connection != before.connection
    check_series(workspace, repository)
    if passphrase is not None:
        repository = replace(repository, has_passphrase=True, passcommand=None)
        _check_secrets(workspace, repository, passphrase, None)
    elif repository.passcommand is not None:
        repository = replace(repository, has_passphrase=False)
    if repository.ssh_key and repository.ssh_key != before.ssh_key:
        check_key(workspace.environment, repository.ssh_key, cancel)
    if moved or elsewhere or passphrase is not None or repository.passcommand != before.passcommand:
        known = passphrase if passphrase is not None else passphrase_for(workspace, repository, cancel=cancel)
        access = Access(known, repository.passcommand, unencrypted=True, moved=moved, connection=repository.connection)
        info = open_repository(workspace, repository, access, cancel)
        repository = replace(repository, encryption=info.encryption, borg_id=info.id)
        check_series(workspace, repository)
    if passphrase is not None:
        copy_for_runs(workspace, passphrase_owner(repository.id), [PASSPHRASE])
    stored = store.update(repository, seen=before, over=over)
    if passphrase is not None:
        try:
            workspace.secrets.set(passphrase_owner(repository.id), PASSPHRASE, passphrase)
        except SecretsUnavailable:
            store.update(before, seen=repository, over=True)
            raise
    if before.has_passphrase and not stored.has_passphrase:
        forget(workspace, passphrase_owner(repository.id), [PASSPHRASE])
    return stored


def remove_repository(workspace: Workspace, repository: Repository) -> None:
    """Remove a configured repository with its assignments and secrets. The Borg repository and the history stay.

    Raises:
        InUse: a run of it is under way.
    """
    if any(run.repository_id == repository.id for run in workspace.store.runs.unfinished()):
        raise InUse(
            _("A backup of {repository} is running. Wait until it has finished, or stop it first.").format(
                repository=repository.name
            )
        )
    owned: list[tuple[str, Collection[str]]] = [
        (secret_owner(one.id), one.secrets) for one in workspace.store.assignments.list(repository.id)
    ]
    owned.append((passphrase_owner(repository.id), secret_names(workspace, repository)))
    for owner, names in owned:
        before_removal(workspace, owner, names)
    workspace.store.repositories.remove(repository.id)
    forget_question(workspace, repository.id)
    forget_reminder(workspace, repository.id)
    for owner, names in owned:
        forget_removed(workspace, owner, names)
