"""Detects configured repositories that share one Borg repository, and keeps their retention apart."""

from __future__ import annotations

import os
import pwd
import re
import socket
from collections.abc import Iterable

from borgdesk.borg.series import Identity, example, matches, may_meet
from borgdesk.domain.errors import InUse, InvalidInput
from borgdesk.domain.repository import Repository, is_local, local_path
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.repositories.queue import Turn, canonical
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_ID = re.compile(r"[0-9a-f]{64}")


def turn_of(repository: Repository) -> str:
    """Return the key shared by all runs of one Borg repository: Borg's id if known.

    So a path, a link to it and a URL for it count as one place. Until Borg has opened a remote repository, its location
    is the key; so it is for one that is new to us on a disk that does not respond.
    """
    if repository.borg_id:
        return repository.borg_id
    try:
        return _id_at(repository.location) or canonical(repository.location)
    except NoAnswer:
        return repository.location


def turn_at_once(workspace: Workspace, repository: Repository) -> Turn:
    """Take the turn of a repository, without waiting for it.

    Raises:
        InUse: a run of BorgDesk has it.
    """
    turn = Turn.try_take(workspace, turn_of(repository))
    if turn is None:
        raise InUse(
            _("A run of BorgDesk is using “{repository}” right now. Wait until it has finished, or stop it.").format(
                repository=repository.name
            )
        )
    return turn


def borg_id_at(location: str) -> str | None:
    """Return the id in the config file of a local Borg repository; None for anything else."""
    try:
        return _id_at(location)
    except NoAnswer:
        return None


def _id_at(location: str) -> str | None:
    """As :func:`borg_id_at`.

    Raises:
        NoAnswer: its disk does not respond.
    """
    if not is_local(location):
        return None
    (config,) = probe([("identity", local_path(location))])
    if config is NoAnswer:
        raise NoAnswer
    if not isinstance(config, str):
        return None
    import configparser  # Only for repositories on this machine.

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(config)
    except configparser.Error:
        return None
    found = parser.get("repository", "id", fallback="").strip()
    return found if _ID.fullmatch(found) else None


def same_repository(one: Repository, other: Repository) -> bool:
    """Return whether two configured repositories are the same Borg repository, as far as known without asking Borg."""
    ids = {borg_id for each in (one, other) if (borg_id := each.borg_id or borg_id_at(each.location))}
    if len(ids) == 1 and all(each.borg_id or borg_id_at(each.location) for each in (one, other)):
        return True
    return canonical(one.location) == canonical(other.location)


def check_series(workspace: Workspace, repository: Repository) -> None:
    """Reject a configuration whose retention could match archives of another one in the same Borg repository.

    Archives of the other one are those that its template can produce, and those that it has produced before.

    Raises:
        InvalidInput: there is such a conflict; the sentence names both.
    """
    others = (other for other in workspace.store.repositories.list() if other.id != repository.id)
    check_series_against(workspace, repository, others)


def check_series_against(workspace: Workspace, repository: Repository, others: Iterable[Repository]) -> None:
    """As :func:`check_series`, against *others*, some of which may not be stored yet (id 0)."""
    for other in others:
        if (repository.retention or other.retention) and same_repository(repository, other):
            _check_pair(workspace, repository, other)


def _check_pair(workspace: Workspace, repository: Repository, other: Repository) -> None:
    identity = identity_here(repository, other)
    if may_meet(repository.archive_name, other.archive_name, identity):
        pruner, owner = (repository, other) if repository.retention else (other, repository)
        raise InvalidInput(_alike(other, pruner, owner, example(owner.archive_name, identity)))
    for pruner, owner in ((repository, other), (other, repository)):
        if pruner.retention and owner.id:
            for name in sorted(workspace.store.runs.archives_of(owner.id)):
                if matches(pruner.archive_name, identity, name):
                    raise InvalidInput(_alike(other, pruner, owner, name))


def _alike(other: Repository, pruner: Repository, owner: Repository, name: str) -> str:
    return _(
        "“{repository}” is at the same location and its archive names are similar: retention of "
        "“{pruner}” could remove archives of “{owner}”, such as {archive}. Choose another archive "
        "name."
    ).format(repository=other.name, pruner=pruner.name, owner=owner.name, archive=name)


def identity_here(*repositories: Repository) -> Identity:
    """Return the values of Borg's placeholders here; the FQDN is looked up only if a template uses it."""
    hostname = socket.gethostname()
    uses_domain = any("fqdn" in repository.archive_name for repository in repositories)
    return Identity(hostname.partition(".")[0], _full_name(hostname) if uses_domain else hostname, _user())


def _full_name(hostname: str) -> str:
    """Return the FQDN as Borg determines it."""
    try:
        addresses = socket.getaddrinfo(hostname, None, type=socket.SOCK_DGRAM, flags=socket.AI_CANONNAME)
    except OSError:
        return hostname
    return next((name for _, _, _, name, _ in addresses if name), hostname)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
