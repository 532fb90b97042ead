"""Creation of repositories: either created and added, or without any trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InUse, SecretsUnavailable, Stopped
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.registration import add_repository, edit_repository
from tests.engine.desk import Desk, wait_until
from tests.real_borg import PROGRAM, needs_borg

REMOTE = "ssh://nobody@127.0.0.1:1/./there"

real = needs_borg


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", PROGRAM or "borg")
    yield desk
    desk.close()


def wanted(desk: Desk, location: str | Path) -> Repository:
    return Repository(RepositoryId(0), "Papers", str(location), sources=(str(desk.source),))


def played(desk: Desk, init: str, info: str = "exit 0") -> None:
    """Replace Borg by a shell script; its last argument is the location."""
    stub = desk.file("stub")
    stub.write_text(
        "#!/bin/bash\nfor last; do :; done\n"
        f"case $1 in --version) echo borg 1.2.4;; init) {init};; info) {info};; esac\n"
    )
    stub.chmod(0o700)
    desk.workspace.store.close()
    desk.environment["BORGDESK_BORG"] = str(stub)
    desk.workspace = type(desk.workspace).open(desk.environment)


def stopped(desk: Desk, repository: Repository, init: Encryption | None) -> str:
    """Return the message if adding is stopped while Borg is running."""
    cancel, said = Cancel(), list[Any]()

    def add() -> None:
        try:
            said.append(add_repository(desk.workspace, repository, None, init, cancel))
        except Exception as error:
            said.append(error)

    thread = threading.Thread(target=add)
    thread.start()
    wait_until(desk.file("began").exists)
    cancel.ask()
    thread.join(60)
    assert isinstance(said[0], Stopped)
    assert [one.name for one in desk.workspace.store.repositories.list()] == ["Docs"]
    return str(said[0])


HALF = 'mkdir -p "$last/data"; touch "$last/config" "$last/data/0"; touch $HOME/began; exec sleep 60'


@pytest.mark.parametrize("there", [False, True], ids=["new folder", "empty folder"])
def test_stopped_while_it_is_made(desk: Desk, there: bool) -> None:
    location = desk.file("papers")
    if there:
        location.mkdir()
    played(desk, HALF.replace("$HOME", str(desk.folder)))
    assert stopped(desk, wanted(desk, location), Encryption.NONE) == "Stopped; no repository was created."
    assert location.exists() == there
    assert not there or list(location.iterdir()) == []


def test_stopped_before_it_was_opened(desk: Desk) -> None:
    location = desk.file("papers")
    played(desk, 'mkdir "$last"; touch "$last/config"', f"touch {desk.file('began')}; exec sleep 60")
    assert stopped(desk, wanted(desk, location), Encryption.NONE) == "Stopped; nothing was changed."
    assert not location.exists()


def test_stopped_while_an_existing_one_is_opened(desk: Desk) -> None:
    location = desk.file("papers")
    location.mkdir()
    (location / "config").touch()
    played(desk, "exit 2", f"touch {desk.file('began')}; exec sleep 60")
    assert stopped(desk, wanted(desk, location), None) == "Stopped; nothing was changed."
    assert (location / "config").exists(), "it was not ours to remove"


def test_what_may_be_on_another_machine_is_said(desk: Desk) -> None:
    played(desk, f"touch {desk.file('began')}; exec sleep 60")
    words = stopped(desk, wanted(desk, REMOTE), Encryption.NONE)
    assert words == (
        f"Stopped while Borg was creating the repository {REMOTE}. To see whether it exists, add it as an existing "
        "repository."
    )
    played(desk, "exit 0", "echo no such luck >&2; exit 2")
    with pytest.raises(BorgDeskError) as caught:
        add_repository(desk.workspace, wanted(desk, REMOTE), None, Encryption.NONE)
    assert str(caught.value) == (
        f"The repository {REMOTE} could not be opened. no such luck The new repository {REMOTE} was created anyway: "
        "add it as an existing repository."
    )


@real
def test_a_passphrase_that_cannot_be_kept_leaves_nothing(desk: Desk) -> None:
    secrets = desk.workspace.paths.config / "secrets.json"
    secrets.write_text("[]")
    location = desk.file("papers")
    with pytest.raises(SecretsUnavailable, match=r"not a valid file of secrets. Move it away\.$"):
        add_repository(desk.workspace, wanted(desk, location), "phrase", Encryption.REPOKEY)
    assert not location.exists()
    assert [one.name for one in desk.workspace.store.repositories.list()] == ["Docs"]
    secrets.unlink()
    added = add_repository(desk.workspace, wanted(desk, location), "phrase", Encryption.REPOKEY)
    secrets.write_text("[]")
    with pytest.raises(SecretsUnavailable):
        edit_repository(desk.workspace, Repository(added.id, "Letters", added.location, added.sources), "phrase")
    assert desk.workspace.store.repositories.get(added.id) == added, "nothing was changed"


@real
def test_what_was_there_before_is_never_touched(desk: Desk) -> None:
    location = desk.file("papers")
    location.mkdir()
    (location / "letter.txt").write_text("dear me")
    with pytest.raises(BorgDeskError, match="could not be created"):
        add_repository(desk.workspace, wanted(desk, location), None, Encryption.NONE)
    assert (location / "letter.txt").read_text() == "dear me"


def test_what_somebody_else_made_meanwhile_is_not_touched(desk: Desk) -> None:
    said = (
        '{"type": "log_message", "levelname": "ERROR", "name": "", "msgid": "Repository.AlreadyExists", "message": ""}'
    )
    location = desk.file("papers")
    played(desk, f"mkdir $last; touch $last/config; echo '{said}' >&2; exit 2")
    with pytest.raises(BorgDeskError, match="There is already a repository at this location"):
        add_repository(desk.workspace, wanted(desk, location), None, Encryption.NONE)
    assert (location / "config").exists()


def test_one_at_a_time_at_a_location(desk: Desk) -> None:
    location = desk.file("papers")
    played(desk, "exit 1")
    turn = Turn.try_take(desk.workspace, str(location))
    assert turn is not None
    with turn, pytest.raises(InUse, match="Another process is using"):
        add_repository(desk.workspace, wanted(desk, location), None, Encryption.NONE)
