"""Predicts what a restore would do, for a dry run and for the window."""

from __future__ import annotations

import os
from dataclasses import dataclass

from borgdesk.domain.archive import Archive
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.destination import Destination
from borgdesk.engine.archives.listings import ask_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listings import Listing
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restore would do, before it does it."""

    items: int
    size: int
    target: str
    """Where the first selected item will be."""
    is_all: bool
    """Whether it is the only one, so that everything is in it."""


def owners_note() -> str:
    """Return what becomes of the owners of restored files; empty for root, for whom Borg sets them."""
    if os.geteuid() == 0:
        return ""
    return _("Restored files belong to you: only root can set other owners.")


def preview(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    request: RestoreRequest,
    cancel: Cancel | None = None,
) -> Preview:
    """What a restore would do.

    Raises:
        NotFound, InvalidInput: as for :class:`Selection` and :class:`Destination`.
        BorgDeskError: the archive cannot be read; the sentence says why.
    """

    def foresee(listing: Listing) -> Preview:
        selection = Selection(listing, archive, request)
        Destination(workspace, selection).check_kind()
        items, size = selection.amount()
        first, *others = selection.entries
        return Preview(items, size, str(selection.place_of(first)), not others)

    return ask_listing(workspace, repository, archive, foresee, cancel)
