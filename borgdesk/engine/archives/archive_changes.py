"""Renames, comments and deletes archives, and updates their cached data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from borgdesk.borg.archive_name import check_archive_name
from borgdesk.borg.command import Borg, BorgCommand, literal
from borgdesk.borg.output import OutputEvent, ProgressPercent
from borgdesk.borg.replies import BorgVersion
from borgdesk.borg.series import matches
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList, Reader, keep, listed_by, reading
from borgdesk.engine.archives.listings import listing_file
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.mounted import refuse_while_mounted
from borgdesk.engine.repositories.shared_locations import identity_here
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listings import hand_over
from borgdesk.translation import _, ngettext

_FIRST_THAT_SIGNS = BorgVersion(1, 2, 6)
"""Older versions of Borg renamed an archive but kept the signature of the old one (Borg issue 7791)."""

_DELETING = "archive.delete"
"""Borg's name of the progress of deleting one archive."""


def rename_archive(
    workspace: Workspace, repository: Repository, archive: Archive, name: str, cancel: Cancel | None = None
) -> ArchiveList:
    """Rename an archive, and return all archives as they are then.

    Raises:
        InvalidInput: the name is invalid or taken.
        InUse: a run, or a mount, is using the repository.
        NotFound: the archive no longer exists.
        BorgDeskError: Borg failed.
        Stopped: *cancel* was asked.
    """
    check_archive_name(literal(name))
    if name == archive.name:
        raise InvalidInput(_("The archive already has this name."))
    return _replaced(
        workspace, repository, archive, name, lambda borg: borg.rename(repository.location, archive.name, name), cancel
    )


def comment_archive(
    workspace: Workspace, repository: Repository, archive: Archive, comment: str, cancel: Cancel | None = None
) -> ArchiveList:
    """Change the comment of an archive, and return all archives as they are then.

    Raises:
        InvalidInput: the comment is invalid.
        InUse, BorgDeskError, Stopped: as for :func:`rename_archive`.
    """
    if "\0" in comment:
        raise InvalidInput(_("The comment contains a NUL character."))
    return _replaced(
        workspace,
        repository,
        archive,
        archive.name,
        lambda borg: borg.comment(repository.location, archive.name, comment),
        cancel,
    )


def delete_archives(
    workspace: Workspace,
    repository: Repository,
    archives: Sequence[Archive],
    cancel: Cancel | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> ArchiveList:
    """Delete archives, and return the remaining ones. Compacting the repository frees their space.

    *progress* gets how much of it is done, from 0 to 1, in steps of a percent.

    Raises:
        InUse: a run, or a mount, is using the repository.
        NotFound: the archive no longer exists.
        BorgDeskError: Borg could not delete all of them; the sentence says how many were deleted.
        Stopped: *cancel* was asked; the sentence says the same.
    """
    done, told = 0, -1

    def hear(event: OutputEvent) -> None:
        nonlocal done, told
        if not isinstance(event, ProgressPercent) or event.msgid != _DELETING:
            return
        done += event.finished
        part = 0.0 if event.finished else event.fraction or 0.0
        percent = int(100 * (done + part) / len(archives))
        if percent > told:
            told = percent
            progress(percent / 100)

    names = [archive.name for archive in archives]
    with _changing(workspace, repository, archives, cancel) as borg:
        trouble: BorgDeskError | None = None
        try:
            borg.ask(lambda call: call.delete(repository.location, names), listen=hear)
        except (BorgDeskError, Stopped) as error:
            trouble = error
        if trouble is None or done:
            # First, since Borg may not answer again: somebody has to know that there is space to be freed.
            workspace.store.repositories.remember_deletion(repository.id)
        # Even a Borg that was stopped has deleted some.
        left = _asked_again(workspace, repository, borg, trouble)
    left_ids = {one.id for one in left.archives}
    gone = [one for one in archives if one.id not in left_ids]
    for archive in gone:
        listing_file(workspace, archive).unlink(missing_ok=True)
    if gone:
        workspace.store.repositories.remember_deletion(repository.id)
    if trouble is not None:
        raise type(trouble)(f"{trouble} {_how_many(len(gone), len(archives))}") from trouble
    if len(gone) < len(archives):
        raise BorgDeskError(_how_many(len(gone), len(archives)))
    return left


def renaming_note(workspace: Workspace) -> str:
    """Return a warning about renaming or commenting archives with the installed Borg; empty if there is none.

    Raises:
        BorgUnusable: there is no usable Borg.
    """
    version = usable_version(workspace)
    if version >= _FIRST_THAT_SIGNS:
        return ""
    return _(
        "Borg {version} does not sign a changed archive again. Newer versions of Borg refuse to open it until "
        "“borg upgrade --archives-tam” has been run on the repository."
    ).format(version=version)


def retention_note(repository: Repository, name: str = "") -> str:
    """Return a remark that retention leaves an archive alone that gets a name like *name*; empty if it does not."""
    template = repository.archive_name
    if not repository.retention or matches(template, identity_here(repository), name):
        return ""
    return _("Retention does not delete archives whose names do not match “{template}”.").format(template=template)


def _how_many(gone: int, wanted: int) -> str:
    return ngettext(
        "{gone} of {count} archive was deleted.", "{gone} of {count} archives were deleted.", wanted
    ).format(gone=gone, count=wanted)


def _replaced(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    name: str,
    make: Callable[[Borg], BorgCommand],
    cancel: Cancel | None,
) -> ArchiveList:
    """Let Borg replace an archive with one that has the same items and another id."""
    with _changing(workspace, repository, [archive], cancel) as borg:
        borg.ask(make)
        found = listed_by(borg, workspace, repository)
    new = found.get(name)
    old_file = listing_file(workspace, archive)
    hand_over(old_file, listing_file(workspace, new), new.id)
    measured = replace(
        new,
        original_size=archive.original_size,
        deduplicated_size=archive.deduplicated_size,
        files=archive.files,
    )
    found = replace(found, archives=tuple(measured if one.id == new.id else one for one in found.archives))
    keep(workspace, repository, found)
    return found


@contextmanager
def _changing(
    workspace: Workspace, repository: Repository, archives: Sequence[Archive], cancel: Cancel | None
) -> Iterator[Reader]:
    refuse_while_mounted(workspace, repository)
    with reading(workspace, repository, cancel or Cancel()) as borg:
        borg.confirm(*archives)
        yield borg


def _asked_again(
    workspace: Workspace, repository: Repository, borg: Reader, trouble: BorgDeskError | None
) -> ArchiveList:
    if trouble is None:
        return listed_by(borg, workspace, repository)
    try:
        # With a new flag, since *cancel* may be set.
        return listed_by(Reader(workspace, repository, Cancel()), workspace, repository)
    except BorgDeskError:
        raise trouble from None
