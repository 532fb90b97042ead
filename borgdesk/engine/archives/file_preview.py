"""Reads one small file of an archive for a preview."""

from __future__ import annotations

from borgdesk.borg.item_path import exact_path
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import reading
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listings import Entry
from borgdesk.translation import _

LARGEST = 1_000_000
"""Maximum bytes of a file that is shown."""


def read_file(
    workspace: Workspace, repository: Repository, archive: Archive, entry: Entry, cancel: Cancel | None = None
) -> bytes:
    """Return the contents of a file in an archive.

    Raises:
        InvalidInput: it is not a file, or too large to be shown.
        NotFound: the archive does not exist any more.
        BorgDeskError: Borg could not read it.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    if not entry.is_file:
        raise InvalidInput(_("“{entry}” is not a file.").format(entry=entry.name))
    if entry.size > LARGEST:
        raise InvalidInput(_("“{entry}” is too large to be shown.").format(entry=entry.name))
    if not entry.size:
        return b""
    # In Borg 1.x, further names of a hard link have no content of their own.
    path = exact_path(entry.target or entry.path)
    content = bytearray()

    def take(chunk: bytes) -> None:
        content.extend(chunk[: LARGEST - len(content)])

    with reading(workspace, repository, cancel or Cancel()) as borg:
        borg.confirm(archive)
        borg.ask(lambda call: call.print_file(repository.location, archive, path), take)
    return bytes(content)
