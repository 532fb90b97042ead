from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.foresight import foresee
from tests.engine.desk import Desk

NEW = Encryption.REPOKEY_BLAKE2


@pytest.fixture
def wanted(desk: Desk, tmp_path: Path) -> Repository:
    return Repository(0, "Photos", str(tmp_path / "photos"), (str(desk.source),))


def test_nothing_is_wrong(desk: Desk, wanted: Repository) -> None:
    foreseen = foresee(desk.workspace, wanted, NEW)
    assert (foreseen.sentence, foreseen.prevents) == ("", False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"location": ""}, "location is empty"),
        ({"location": "relative/path"}, "not a location"),
        ({"name": " "}, "name of the repository is empty"),
        ({"name": "Docs"}, "already a repository"),
        ({"sources": ()}, "nothing to back up"),
        ({"sources": ("home",)}, "absolute"),
        ({"excludes": ("re:(",)}, "malformed"),
        ({"compression": "zip"}, "compression"),
    ],
)
def test_what_prevents_adding(desk: Desk, wanted: Repository, change: dict[str, object], words: str) -> None:
    foreseen = foresee(desk.workspace, replace(wanted, **change), NEW)  # type: ignore[arg-type]
    assert words in foreseen.sentence
    assert foreseen.prevents


def test_a_new_one_needs_an_empty_place(desk: Desk, wanted: Repository) -> None:
    folder = Path(wanted.location)
    folder.mkdir()
    assert not foresee(desk.workspace, wanted, NEW).prevents
    (folder / "letter").touch()
    assert "is not empty" in foresee(desk.workspace, wanted, NEW).sentence
    (folder / "config").touch()
    assert "is a Borg repository already" in foresee(desk.workspace, wanted, NEW).sentence
    file = replace(wanted, location=str(folder / "letter"))
    assert "is a file" in foresee(desk.workspace, file, NEW).sentence
    assert "There is no folder" in foresee(desk.workspace, replace(wanted, location="/no/such/place"), NEW).sentence


def test_an_existing_one_must_be_there(desk: Desk, wanted: Repository) -> None:
    folder = Path(wanted.location)
    assert "There is no folder" in foresee(desk.workspace, wanted, None).sentence
    folder.mkdir()
    assert "is not a Borg repository" in foresee(desk.workspace, wanted, None).sentence
    (folder / "config").touch()
    assert foresee(desk.workspace, wanted, None).sentence == ""


def test_other_machines_are_not_asked(desk: Desk, wanted: Repository) -> None:
    far = replace(wanted, location="ssh://nobody@127.0.0.1:1/./borg")
    assert foresee(desk.workspace, far, None).sentence == foresee(desk.workspace, far, NEW).sentence == ""


def test_archives_that_retention_would_mix_up(desk: Desk, wanted: Repository) -> None:
    same = replace(wanted, location=desk.repository.location, archive_name=desk.repository.archive_name)
    assert not foresee(desk.workspace, same, NEW).prevents
    desk.change(retention=Retention(last=3))
    foreseen = foresee(desk.workspace, same, NEW)
    assert ("names its archives alike" in foreseen.sentence, foreseen.prevents) == (True, True)


def test_what_is_only_worth_knowing(desk: Desk, wanted: Repository, tmp_path: Path) -> None:
    gone = foresee(desk.workspace, replace(wanted, sources=("/no/such/source",)), NEW)
    assert ("/no/such/source" in gone.sentence, gone.prevents) == (True, False)
    inside = foresee(desk.workspace, replace(wanted, sources=(str(tmp_path),)), NEW)
    assert ("lies inside" in inside.sentence, inside.prevents) == (True, False)
    for location in (desk.repository.location, f"{desk.repository.location}/"):
        same = foresee(desk.workspace, replace(wanted, location=location), NEW)
        assert ("take turns" in same.sentence, same.prevents) == (True, False)
