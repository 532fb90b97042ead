from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.processes import process
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.repositories.form_checks import Field, check_form, is_repository
from borgdesk.engine.repositories.sources import exclude_remarks
from tests.dead_disk import HurriedClock, dead_disk
from tests.engine.desk import Desk

NEW = Encryption.REPOKEY_BLAKE2


@pytest.fixture(autouse=True)
def _many_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All folders of the tests are on one disk, which would be said each time."""
    monkeypatch.setattr(same_disk, "remark", lambda _repository: "")


@pytest.fixture
def wanted(desk: Desk, tmp_path: Path) -> Repository:
    return Repository(RepositoryId(0), "Photos", str(tmp_path / "photos"), (str(desk.source),))


def test_nothing_is_wrong(desk: Desk, wanted: Repository) -> None:
    foreseen = check_form(desk.workspace, wanted, NEW)
    assert (foreseen.sentence, foreseen.prevents) == ("", False)


@pytest.mark.parametrize(
    ("change", "words", "field"),
    [
        ({"location": ""}, "location is empty", Field.LOCATION),
        ({"location": "relative/path"}, "not a location", Field.LOCATION),
        ({"location": "ssh://nas/x", "jump_host": "a b"}, "a b", Field.SERVER),
        ({"name": " "}, "name of the repository is empty", Field.NAME),
        ({"name": "Docs"}, "already a repository", Field.NAME),
        ({"sources": ()}, "nothing to back up", Field.SOURCES),
        ({"sources": ("home",)}, "absolute", Field.SOURCES),
        ({"excludes": ("re:(",)}, "not valid", Field.EXCLUDES),
        ({"compression": "zip"}, "compression", Field.COMPRESSION),
    ],
)
def test_what_prevents_adding(
    desk: Desk, wanted: Repository, change: dict[str, object], words: str, field: Field
) -> None:
    foreseen = check_form(desk.workspace, replace(wanted, **change), NEW)  # type: ignore[arg-type]
    assert words in foreseen.sentence
    assert (foreseen.prevents, foreseen.field, foreseen.part) == (True, field, field.part)


def test_every_hint_is_about_its_field(desk: Desk, wanted: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_disk, "remark", lambda _repository: "Same disk.")
    found = check_form(
        desk.workspace,
        replace(wanted, location=desk.repository.location, passcommand="cat ~/phrase", excludes=("node_modules",)),
        NEW,
    )
    fields = [one.field for one in (found, *found.others)]
    assert fields == [Field.LOCATION, Field.PASSPHRASE, Field.EXCLUDES, Field.SOURCES]
    assert found.others[-1].sentence == "Same disk."


def test_a_new_one_needs_an_empty_place(desk: Desk, wanted: Repository) -> None:
    folder = Path(wanted.location)
    folder.mkdir()
    assert not check_form(desk.workspace, wanted, NEW).prevents
    (folder / "letter").touch()
    assert "is not empty" in check_form(desk.workspace, wanted, NEW).sentence
    (folder / "config").touch()
    assert "is already a Borg repository" in check_form(desk.workspace, wanted, NEW).sentence
    file = replace(wanted, location=str(folder / "letter"))
    assert "is a file" in check_form(desk.workspace, file, NEW).sentence
    assert "There is no folder" in check_form(desk.workspace, replace(wanted, location="/no/such/place"), NEW).sentence


def test_an_existing_one_must_be_there(desk: Desk, wanted: Repository) -> None:
    folder = Path(wanted.location)
    assert "There is no folder" in check_form(desk.workspace, wanted, None).sentence
    folder.mkdir()
    assert "is not a Borg repository" in check_form(desk.workspace, wanted, None).sentence
    (folder / "config").touch()
    assert check_form(desk.workspace, wanted, None).sentence == ""


def test_a_location_in_the_home_folder(desk: Desk, wanted: Repository) -> None:
    typed = check_form(desk.workspace, replace(wanted, location="~/no/such/folder"), None)
    assert f"There is no folder {Path.home()}/no/such/folder." in typed.sentence


def test_other_machines_are_not_asked(desk: Desk, wanted: Repository) -> None:
    far = replace(wanted, location="ssh://nobody@127.0.0.1:1/./borg")
    assert check_form(desk.workspace, far, None).sentence == check_form(desk.workspace, far, NEW).sentence == ""


def test_archives_that_retention_would_mix_up(desk: Desk, wanted: Repository) -> None:
    same = replace(wanted, location=desk.repository.location, archive_name=desk.repository.archive_name)
    assert not check_form(desk.workspace, same, NEW).prevents
    desk.change(retention=Retention(last=3))
    foreseen = check_form(desk.workspace, same, NEW)
    assert ("its archive names are similar" in foreseen.sentence, foreseen.prevents) == (True, True)


def test_what_is_only_worth_knowing(desk: Desk, wanted: Repository, tmp_path: Path) -> None:
    gone = check_form(desk.workspace, replace(wanted, sources=("/no/such/source",)), NEW)
    assert ("/no/such/source" in gone.sentence, gone.prevents) == (True, False)
    inside = check_form(desk.workspace, replace(wanted, sources=(str(tmp_path),)), NEW)
    assert ("is inside" in inside.sentence, inside.prevents) == (True, False)
    for location in (desk.repository.location, f"{desk.repository.location}/"):
        same = check_form(desk.workspace, replace(wanted, location=location), NEW)
        assert ("take turns" in same.sentence, same.prevents) == (True, False)


@pytest.mark.parametrize(
    ("typed", "words", "prevents"),
    [
        ("node_modules", "use “sh:**/node_modules”.", False),
        ("~/x", "does not expand “~”, so enter the full path", False),
        ("- *.tmp", "is a rule from a Borg patterns file", True),
        ("# temporary", "looks like a comment", True),
        (" '*.tmp' ", "", False),
    ],
)
def test_excludes_that_never_match(desk: Desk, wanted: Repository, typed: str, words: str, prevents: bool) -> None:
    foreseen = check_form(desk.workspace, replace(wanted, excludes=(typed,)), NEW)
    assert (words in foreseen.sentence, foreseen.prevents) == (True, prevents)
    assert bool(foreseen.sentence) is bool(words)


def test_excludes_are_seen_from_where_a_link_leads(desk: Desk, wanted: Repository, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(desk.source)
    through_link = replace(wanted, sources=(str(link),))
    assert exclude_remarks([f"{desk.source}/*.tmp"], through_link.sources) == []
    (remark,) = exclude_remarks([f"{link}/*.tmp"], through_link.sources)
    assert "excludes nothing" in remark


def test_what_is_wrong_with_the_way_to_a_passphrase(desk: Desk, wanted: Repository) -> None:
    foreseen = check_form(desk.workspace, replace(wanted, passcommand="cat ~/phrase"), NEW)
    assert ("The passcommand is not run by a shell" in foreseen.sentence, foreseen.prevents) == (True, False)
    foreseen = check_form(desk.workspace, replace(wanted, passcommand="cat 'phrase"), NEW)
    assert ("is not closed" in foreseen.sentence, foreseen.prevents) == (True, True)


@pytest.mark.parametrize("location", ["sftp://host/x", "me@host:22/x", "/backup/{user}", "~me/backup"])
def test_locations_that_nobody_means(desk: Desk, wanted: Repository, location: str) -> None:
    assert check_form(desk.workspace, replace(wanted, location=location), NEW).prevents


@pytest.mark.parametrize("init", [None, NEW])
def test_a_disk_that_does_not_respond_is_not_waited_for(
    desk: Desk, wanted: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, init: Encryption | None
) -> None:
    with dead_disk(tmp_path / "dead") as dead:
        monkeypatch.setattr(process, "time", HurriedClock(dead))
        assert is_repository(f"{dead}/repository") is None
        found = check_form(desk.workspace, replace(wanted, location=f"{dead}/repository"), init)
    assert found.prevents
    assert found.sentence.startswith(f"{dead}/repository is not responding.")
