"""User decisions if a repository does not open, with real Borg: moved, locked by others, key elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, CannotOpen, InUse, InvalidInput, Remedy
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.engine.borg_calls.borg_diagnosis import lock_holders
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.registration import add_repository, edit_repository
from borgdesk.engine.repositories.repository_access import try_connection
from borgdesk.engine.repositories.repository_keys import import_key
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs.maintenance import break_lock
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM, needs_borg

PHRASE = "correct horse battery"

pytestmark = needs_borg


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    desk.workspace.store.repositories.remove(desk.repository.id)
    yield desk
    desk.close()


def wanted(desk: Desk, **values: Any) -> Repository:
    given = {"name": "Papers", "location": str(desk.file("papers")), "sources": (str(desk.source),), **values}
    return Repository(RepositoryId(0), **given)


def borg(desk: Desk, *arguments: str, **environment: str) -> None:
    subprocess.run(
        [str(PROGRAM), *arguments],
        env=desk.environment | {"BORG_PASSPHRASE": PHRASE} | environment,
        capture_output=True,
        check=True,
    )


def lock_as_another_machine(desk: Desk) -> None:
    """Leave the lock of a Borg that was killed on another machine."""
    papers = desk.file("papers")
    (papers / "lock.exclusive").mkdir()
    (papers / "lock.exclusive" / "nas@123.4567-0").touch()
    (papers / "lock.roster").write_text(json.dumps({"exclusive": [["nas@123", 4567, 0]]}))


@pytest.mark.parametrize("encryption", [Encryption.NONE, Encryption.REPOKEY])
def test_a_repository_that_was_moved(real: Desk, encryption: Encryption) -> None:
    phrase = None if encryption is Encryption.NONE else PHRASE
    real.repository = add_repository(real.workspace, wanted(real), phrase, encryption)
    real.run()
    target = str(real.file("moved"))
    real.file("papers").rename(target)
    elsewhere = replace(real.repository, location=target)
    with pytest.raises(CannotOpen) as caught:
        edit_repository(real.workspace, elsewhere)
    assert caught.value.remedy is Remedy.MOVED
    assert str(caught.value) == (
        f"The repository {target} could not be opened. When it was last used, it was at {real.file('papers')}. If it "
        "was moved or its host was renamed, confirm that; otherwise, something else may have been put in its place."
    )
    assert real.workspace.store.repositories.get("Papers").location == real.repository.location
    real.repository = edit_repository(real.workspace, elsewhere, moved=True)
    assert real.repository.location == target
    assert real.run().outcome is Outcome.SUCCESS
    try_connection(real.workspace, real.repository)


def test_a_repository_that_was_moved_is_added_again(real: Desk) -> None:
    added = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    real.workspace.store.repositories.remove(added.id)
    real.file("papers").rename(real.file("moved"))
    again = wanted(real, location=str(real.file("moved")))
    with pytest.raises(CannotOpen) as caught:
        add_repository(real.workspace, again)
    assert caught.value.remedy is Remedy.MOVED
    real.repository = add_repository(real.workspace, again, moved=True)
    assert real.run().outcome is Outcome.SUCCESS


def test_confirming_is_for_once(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    real.file("papers").rename(real.file("moved"))
    real.repository = edit_repository(
        real.workspace, replace(real.repository, location=str(real.file("moved"))), moved=True
    )
    shutil.copytree(real.file("moved"), real.file("copy"))
    with pytest.raises(CannotOpen):
        edit_repository(real.workspace, replace(real.repository, location=str(real.file("copy"))))


def test_the_same_place_under_another_name_is_confirmed_without_a_change(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    elsewhere = real.file("elsewhere")
    shutil.copytree(real.file("papers"), elsewhere)
    borg(real, "info", str(elsewhere), BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")
    with pytest.raises(CannotOpen) as caught:
        try_connection(real.workspace, real.repository)
    assert caught.value.remedy is Remedy.MOVED
    edit_repository(real.workspace, real.repository, moved=True)
    try_connection(real.workspace, real.repository)


def test_a_lock_of_another_machine(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    lock_as_another_machine(real)
    (holder,) = lock_holders(real.repository.location)
    assert holder.startswith("process 4567 on nas since 20")
    with pytest.raises(CannotOpen) as caught:
        try_connection(real.workspace, real.repository)
    assert caught.value.remedy is Remedy.BREAK_LOCK
    assert f"It is held by {holder}." in str(caught.value)
    assert break_lock(real.workspace, real.repository, Trigger.CLI) == (holder,)
    (run,) = real.workspace.store.runs.list()
    assert (run.kind, run.status, run.report) == (RunKind.BREAK_LOCK, RunStatus.SUCCESS, {"held_by": [holder]})
    assert lock_holders(real.repository.location) == ()
    assert real.run().outcome is Outcome.SUCCESS


def test_a_lock_that_a_run_of_ours_has_is_not_broken(real: Desk) -> None:
    real.repository = add_repository(real.workspace, wanted(real), None, Encryption.NONE)
    lock_as_another_machine(real)
    turn = Turn.try_take(real.workspace, turn_of(real.repository))
    assert turn is not None
    with turn, pytest.raises(InUse, match="A run of BorgDesk is using “Papers” right now"):
        break_lock(real.workspace, real.repository, Trigger.CLI)
    assert lock_holders(real.repository.location)


@pytest.fixture
def keyfile(real: Desk) -> Path:
    """Provide a repository whose key is on another machine, and a copy of that key."""
    key = real.file("papers.key")
    other = str(real.file("other-machine"))
    borg(real, "init", "--encryption=keyfile", str(real.file("papers")), BORG_BASE_DIR=other)
    borg(real, "key", "export", str(real.file("papers")), str(key), BORG_BASE_DIR=other)
    return key


def test_a_key_of_another_machine_is_imported(real: Desk, keyfile: Path) -> None:
    with pytest.raises(CannotOpen, match="is not on this machine") as caught:
        add_repository(real.workspace, wanted(real), PHRASE)
    assert caught.value.remedy is Remedy.IMPORT_KEY
    real.repository = add_repository(real.workspace, wanted(real), PHRASE, key_file=keyfile)
    assert real.repository.encryption == "keyfile"
    assert real.run().outcome is Outcome.SUCCESS


def test_a_key_that_was_lost_later_is_imported_again(real: Desk, keyfile: Path) -> None:
    real.repository = add_repository(real.workspace, wanted(real), PHRASE, key_file=keyfile)
    shutil.rmtree(Path(real.environment["BORG_BASE_DIR"]) / ".config" / "borg" / "keys")
    with pytest.raises(CannotOpen) as caught:
        try_connection(real.workspace, real.repository)
    assert caught.value.remedy is Remedy.IMPORT_KEY
    import_key(real.workspace, real.repository.location, keyfile)
    try_connection(real.workspace, real.repository)


def test_what_is_no_key_of_it(real: Desk, keyfile: Path) -> None:
    location = str(real.file("papers"))
    with pytest.raises(InvalidInput, match="There is no file"):
        import_key(real.workspace, location, real.file("nothing"))
    with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
        import_key(real.workspace, location, real.source)
    real.file("text").write_text("text")
    with pytest.raises(InvalidInput, match="is not a Borg key"):
        import_key(real.workspace, location, real.file("text"))
    first, _, rest = keyfile.read_text().partition("\n")
    keyfile.write_text(first[:-64] + "0" * 64 + "\n" + rest)
    with pytest.raises(BorgDeskError, match=r"could not be imported\. This key belongs to another repository\."):
        import_key(real.workspace, location, keyfile)
