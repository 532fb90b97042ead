"""Adding, changing and removing repositories, with real Borg."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, BorgUnusable, InUse, InvalidInput, NotFound, SecretsUnavailable
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.repositories.registration import add_repository, edit_repository, remove_repository
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from tests.engine.desk import PRE, Desk, wait_until
from tests.real_borg import PROGRAM, needs_borg

PHRASE = "correct horse battery"

pytestmark = needs_borg


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    assert PROGRAM is not None
    desk = Desk(tmp_path / "work", PROGRAM)
    desk.workspace.store.repositories.remove(desk.repository.id)
    yield desk
    desk.close()


def wanted(desk: Desk, **values: Any) -> Repository:
    given = {"name": "Papers", "location": str(desk.file("papers")), "sources": (str(desk.source),), **values}
    return Repository(RepositoryId(0), **given)


def names(desk: Desk) -> list[str]:
    return [repository.name for repository in desk.workspace.store.repositories.list()]


def stored_phrase(desk: Desk, repository: Repository) -> str | None:
    return desk.workspace.secrets.get(passphrase_owner(repository.id), PASSPHRASE)


@pytest.mark.parametrize("encryption", [Encryption.REPOKEY_BLAKE2, Encryption.AUTHENTICATED])
def test_a_new_one(real: Desk, encryption: Encryption) -> None:
    added = add_repository(real.workspace, wanted(real, name="  Papers "), PHRASE, encryption)
    assert (added.name, added.encryption, added.has_passphrase) == ("Papers", encryption, True)
    assert added.archive_name == "{hostname}-papers-{now:%Y-%m-%dT%H:%M:%S}"
    assert stored_phrase(real, added) == PHRASE
    assert (real.file("papers") / "config").exists()
    assert PHRASE.encode() not in real.workspace.paths.database.read_bytes()


def test_a_new_one_without_encryption(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    assert (added.encryption, added.has_passphrase, stored_phrase(real, added)) == ("none", False, None)


def test_an_existing_one(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    remove_repository(real.workspace, first)
    assert stored_phrase(real, first) is None
    assert (real.file("papers") / "config").exists(), "what Borg keeps is left alone"
    again = add_repository(real.workspace, wanted(real), PHRASE)
    assert (again.encryption, again.has_passphrase) == ("repokey", True)


def test_an_existing_one_without_encryption_forgets_a_passphrase_it_does_not_need(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    remove_repository(real.workspace, first)
    again = add_repository(real.workspace, wanted(real), "not needed")
    assert (again.has_passphrase, stored_phrase(real, again)) == (False, None)


def test_a_passcommand(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real, passcommand=f"echo {PHRASE}"), None, Encryption.REPOKEY)
    assert (added.passcommand, added.has_passphrase) == (f"echo {PHRASE}", False)


def test_a_location_by_another_name_is_kept_by_its_real_one(real: Desk) -> None:
    real.file("real").mkdir()
    real.file("link").symlink_to(real.file("real"))
    added = add_repository(real.workspace, wanted(real, location=f"{real.file('link')}/papers/"), None, Encryption.NONE)
    assert added.location == f"{real.file('real')}/papers"


REFUSED: list[tuple[dict[str, Any], str | None, Encryption | None, str]] = [
    ({"name": " "}, None, Encryption.NONE, "The name of the repository is empty."),
    ({"location": "papers"}, None, Encryption.NONE, "“papers” is not a location: "),
    ({"sources": ()}, None, Encryption.NONE, "There is nothing to back up. Add at least one source."),
    ({"sources": ("docs",)}, None, Encryption.NONE, "The source “docs” must be an absolute path."),
    ({"excludes": ("re:[",)}, None, Encryption.NONE, "The exclude pattern “re:[” is not valid: "),
    ({"compression": "zip"}, None, Encryption.NONE, "“zip” is not a valid compression"),
    ({"archive_name": "{nonsense}"}, None, Encryption.NONE, ""),
    ({}, None, Encryption.REPOKEY, "repokey encryption needs a passphrase, or a command that prints it."),
    ({}, "", Encryption.REPOKEY, "The passphrase is empty."),
    ({}, "one\ttwo", Encryption.REPOKEY, "The new passphrase contains a line break or another character"),
    ({}, "x" * 1001, Encryption.REPOKEY, "The new passphrase has 1001 characters; 1000 are the most."),
    (
        {"passcommand": "echo x"},
        PHRASE,
        Encryption.REPOKEY,
        "Give either a passphrase or a command that prints it, not both.",
    ),
]


@pytest.mark.parametrize(("values", "phrase", "encryption", "sentence"), REFUSED)
def test_what_is_refused_before_anything_is_made(
    real: Desk, values: dict[str, Any], phrase: str | None, encryption: Encryption | None, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        add_repository(real.workspace, wanted(real, **values), phrase, encryption)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value)
    assert names(real) == []
    assert not real.file("papers").exists()


def test_a_name_that_is_taken(real: Desk) -> None:
    add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    other = wanted(real, location=str(real.file("other")))
    with pytest.raises(InvalidInput, match=r"^There is already a repository called “Papers”\.$"):
        add_repository(real.workspace, other, None, Encryption.NONE)
    assert not real.file("other").exists()


def test_what_borg_refuses(real: Desk) -> None:
    location = str(real.file("papers"))
    with pytest.raises(BorgDeskError) as caught:
        add_repository(real.workspace, wanted(real), PHRASE)
    assert str(caught.value) == (
        f"The repository {location} could not be opened. "
        "There is no repository at this location. Check the path, and that the disk is mounted."
    )
    real.file("papers").mkdir()
    (real.file("papers") / "something").write_text("")
    with pytest.raises(BorgDeskError) as caught:
        add_repository(real.workspace, wanted(real), PHRASE)
    assert str(caught.value).startswith(f"The repository {location} could not be opened. ")
    with pytest.raises(BorgDeskError) as caught:
        add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    assert str(caught.value).startswith(f"The repository {location} could not be created. ")
    assert names(real) == []


def test_a_wrong_passphrase(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    remove_repository(real.workspace, first)
    for phrase in ("wrong", None):
        with pytest.raises(BorgDeskError, match=r"could not be opened\. .*[Pp]assphrase") as caught:
            add_repository(real.workspace, wanted(real), phrase)
        assert "wrong:" not in str(caught.value)
    assert names(real) == []


def test_without_borg(real: Desk) -> None:
    real.environment["BORGDESK_BORG"] = "no-such-borg"
    workspace = type(real.workspace).open(real.environment)
    with pytest.raises(BorgUnusable, match="Borg is not installed"):
        add_repository(workspace, wanted(real), None, Encryption.NONE)
    workspace.store.close()


def test_changing_what_needs_no_borg(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    shutil.rmtree(real.file("papers"))
    edited = edit_repository(real.workspace, replace(added, name="Letters", excludes=("*.tmp",)))
    assert (edited.name, edited.excludes, edited.has_passphrase) == ("Letters", ("*.tmp",), True)
    assert stored_phrase(real, edited) == PHRASE


def test_retention_never_takes_the_archives_of_another(real: Desk) -> None:
    first = add_repository(real.workspace, wanted(real, archive_name="{hostname}-{now}"), None, Encryption.NONE)
    same = wanted(real, name="Letters", archive_name="{hostname}-{now:%Y-%m-%dT%H:%M:%S}")
    second = add_repository(real.workspace, same)
    alike = "“Papers” is at the same location and its archive names are similar"
    with pytest.raises(InvalidInput, match=alike):
        edit_repository(real.workspace, replace(second, retention=Retention(daily=7)))
    edited = edit_repository(
        real.workspace, replace(second, retention=Retention(daily=7), archive_name="letters-{now}")
    )
    assert edited.retention == Retention(daily=7)
    with pytest.raises(InvalidInput, match="“Letters” is at the same location"):
        edit_repository(real.workspace, replace(first, archive_name="letters-{now}"))
    with pytest.raises(InvalidInput, match="“Letters” is at the same location"):
        add_repository(real.workspace, replace(same, name="Third", archive_name="letters-{now}"))


def test_changing_the_passphrase_tries_it_first(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    with pytest.raises(BorgDeskError, match="could not be opened"):
        edit_repository(real.workspace, replace(added, name="Letters"), "wrong")
    assert (names(real), stored_phrase(real, added)) == (["Papers"], PHRASE)
    edited = edit_repository(real.workspace, added, PHRASE)
    assert (edited.has_passphrase, stored_phrase(real, edited)) == (True, PHRASE)


@pytest.mark.parametrize("printing", ["yes", "sh -c 'yes >&2'"])
def test_a_passcommand_that_prints_without_end_is_ended(real: Desk, printing: str) -> None:
    added = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    with pytest.raises(SecretsUnavailable, match="prints more than 1 MiB and was ended"):
        edit_repository(real.workspace, replace(added, passcommand=printing))
    assert real.workspace.store.repositories.get(added.id).passcommand is None


def test_a_passcommand_instead_of_a_passphrase_and_back(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    with pytest.raises(BorgDeskError, match="could not be opened"):
        edit_repository(real.workspace, replace(added, passcommand="echo wrong"))
    edited = edit_repository(real.workspace, replace(added, passcommand=f"echo {PHRASE}"))
    assert (edited.has_passphrase, stored_phrase(real, edited)) == (False, None)
    back = edit_repository(real.workspace, edited, PHRASE)
    assert (back.passcommand, back.has_passphrase, stored_phrase(real, back)) == (None, True, PHRASE)


def test_changing_the_location_tries_it_first(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    with pytest.raises(BorgDeskError, match="could not be opened"):
        edit_repository(real.workspace, replace(added, location=str(real.file("elsewhere"))))
    assert real.workspace.store.repositories.get(added.id).location == added.location


def test_a_repository_in_use_is_not_removed(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    there, go = real.file("there"), real.file("go")
    real.add("Stop", PRE, f"touch {there}; while [ ! -e {go} ]; do sleep 0.02; done")
    running = real.start()
    wait_until(there.exists)
    with pytest.raises(InUse, match="A backup of Papers is running"):
        remove_repository(real.workspace, real.repository)
    go.touch()
    run = running.result()
    remove_repository(real.workspace, real.repository)
    with pytest.raises(NotFound):
        real.workspace.store.repositories.get("Papers")
    kept = real.workspace.store.runs.get(run.id)
    assert (kept.repository_id, kept.repository) == (None, "Papers"), "history stays"


def test_removing_forgets_all_secrets(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), PHRASE, Encryption.REPOKEY)
    real.add("Dump", PRE, header="[parameters.TOKEN]\nsecret = true", parameters={"TOKEN": "abc-token"})
    kept = (real.workspace.paths.config / "secrets.json").read_text()
    assert PHRASE in kept
    assert "abc-token" in kept
    remove_repository(real.workspace, real.repository)
    kept = (real.workspace.paths.config / "secrets.json").read_text()
    assert PHRASE not in kept
    assert "abc-token" not in kept
