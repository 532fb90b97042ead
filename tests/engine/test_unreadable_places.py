"""Places that users name and that cannot even be looked at, as in a folder of somebody else.

For root, who runs these tests on some machines, there is no such folder; a name that is too long is as bad.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.destination import Destination
from borgdesk.engine.archives.listings import kept_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.configuration.exporting import export
from borgdesk.engine.imports.borgmatic import read_borgmatic
from borgdesk.engine.imports.findings import BORGMATIC
from borgdesk.engine.imports.sources import likely_place
from borgdesk.engine.repositories.form_checks import check_form
from borgdesk.engine.servers.ssh_keys import make_key
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk

WHY = "File name too long"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / ("x" * 300)
    with pytest.raises(OSError, match=WHY):
        place.exists()
    return place


@pytest.mark.parametrize("init", [None, Encryption.NONE])
def test_a_form_says_so(desk: Desk, place: Path, init: Encryption | None) -> None:
    wanted = Repository(RepositoryId(0), "Photos", str(place), (str(desk.source),))
    found = check_form(desk.workspace, wanted, init)
    assert (found.sentence, found.prevents) == (f"{place} cannot be read: {WHY}.", True)


def test_an_export_says_so(desk: Desk, place: Path) -> None:
    with pytest.raises(BorgDeskError, match=f"cannot be written: {WHY}"):
        export(desk.workspace, place)


def test_an_import_says_so(place: Path) -> None:
    with pytest.raises(InvalidInput, match=f"cannot be read: {WHY}"):
        read_borgmatic([place], Path("/"))


def test_the_usual_places_are_looked_at_without_errors(place: Path) -> None:
    assert likely_place(BORGMATIC, place) in (None, Path("/etc/borgmatic/config.yaml"), Path("/etc/borgmatic.d"))


def test_making_a_key_says_so(place: Path) -> None:
    with pytest.raises(BorgDeskError, match=f"cannot be written to {place}/key: {WHY}"):
        make_key(dict(os.environ), place / "key")


def test_a_restore_says_so(desk: Desk, place: Path) -> None:
    archive = listed(desk.workspace, ("one", 0o100644, 1000, 0, ""))
    listing = kept_listing(desk.workspace, archive)
    assert listing is not None
    with listing:
        destination = Destination(desk.workspace, Selection(listing, archive, RestoreRequest((), place)))
        with pytest.raises(InvalidInput, match=f"{place} cannot be read: {WHY}"):
            destination.check_now()
