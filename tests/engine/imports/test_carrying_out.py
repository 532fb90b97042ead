"""Importing: all or nothing, nothing twice, and equal scripts once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from borgdesk.domain.errors import InvalidInput, SecretsUnavailable
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import ALWAYS, Hook, RunOn
from borgdesk.domain.script import DEFAULT_TIMEOUT, NewScript
from borgdesk.engine.imports.carrying_out import Imported, carry_out
from borgdesk.engine.imports.findings import Found, FoundRepository, FoundUse
from borgdesk.engine.imports.planning import plan
from borgdesk.engine.imports.script_folder import read_script_folder
from borgdesk.engine.workspace import Workspace
from borgdesk.store.secrets import Secrets
from tests import empty_database

STOP = NewScript("stop", b"#!/bin/sh\nstop\n")
START = NewScript("start", b"#!/bin/sh\nstart\n")
SECRET = NewScript("token", b"#!/bin/sh\n# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\n")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = empty_database.opened(
        {**os.environ, "BORGDESK_HOME": str(tmp_path / "desk"), "BORGDESK_SECRETS": "file"}
    )
    yield workspace
    workspace.store.close()


def repository(name: str = "Home", **values: Any) -> FoundRepository:
    plain = FoundRepository(
        name,
        f"/backup/{name.lower()}",
        ("/srv",),
        uses=(FoundUse(STOP, Hook.PRE_BACKUP), FoundUse(START, Hook.POST_BACKUP)),
    )
    return replace(plain, **values)


def found(*repositories: FoundRepository) -> Found:
    return Found("vorta", repositories)


def do(workspace: Workspace, what: Found) -> Imported:
    return carry_out(workspace, plan(workspace, what))


def library(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.paths.library.iterdir())


def test_repositories_scripts_assignments_schedules_and_secrets_are_added(workspace: Workspace) -> None:
    use = FoundUse(SECRET, Hook.POST_RUN, RunOn.parse("failure"), parameters={"TOKEN": "t0ken"})
    what = found(repository(passphrase="pass", cron="5 4 * * *", uses=(*repository().uses, use)))
    imported = do(workspace, what)
    (added,) = workspace.store.repositories.list()
    assert added.has_passphrase
    assert workspace.secrets.get(f"repository:{added.id}", "passphrase") == "pass"
    made = workspace.store.assignments.list(added.id)
    assert [(one.script, one.hook, one.effective.run_on) for one in made] == [
        ("stop", Hook.PRE_BACKUP, ALWAYS),
        ("start", Hook.POST_BACKUP, ALWAYS),
        ("token", Hook.POST_RUN, RunOn.parse("failure")),
    ]
    assert made[2].secrets == {"TOKEN"}
    assert workspace.secrets.get(f"assignment:{made[2].id}", "TOKEN") == "t0ken"
    schedule = workspace.store.schedules.get(added.id)
    assert schedule is not None
    assert schedule.cron == "5 4 * * *"
    assert library(workspace) == ["start.sh", "stop.sh", "token.sh"]
    assert (len(imported.repositories), len(imported.scripts), imported.schedules) == (1, 3, 1)


def test_importing_twice_doubles_nothing(workspace: Workspace) -> None:
    what = replace(found(repository()), scripts=(SECRET,))
    do(workspace, what)
    again = plan(workspace, what)
    assert not again.changes_anything
    assert [one.present for one in again.repositories] == ["Home"]
    assert carry_out(workspace, again) == Imported()
    renamed = replace(workspace.store.repositories.get("Home"), name="At home")
    workspace.store.repositories.update(renamed)
    assert [one.present for one in plan(workspace, what).repositories] == ["At home"]
    assert plan(workspace, what).not_taken == ()
    assert len(workspace.store.scripts.list()) == 3


def test_it_is_said_which_scripts_of_a_repository_that_is_here_are_left(workspace: Workspace) -> None:
    do(workspace, found(repository(uses=(FoundUse(STOP, Hook.PRE_BACKUP),))))
    (left,) = plan(workspace, found(repository())).not_taken
    assert left.what == "Home: script “start”"
    assert left.reason.startswith("“Home” is here already, and stays as it is.")


def test_equal_commands_become_one_script(workspace: Workspace) -> None:
    quick = FoundUse(replace(STOP, name="quick stop", timeout=7, run_on=RunOn.parse("failure")), Hook.POST_RUN)
    do(workspace, found(repository(), repository("Work", uses=(FoundUse(STOP, Hook.PRE_BACKUP), quick))))
    assert {script.name for script in workspace.store.scripts.list()} == {"start", "stop"}
    work = workspace.store.assignments.list(workspace.store.repositories.get("Work").id)
    assert [(one.script, one.effective.timeout, str(one.effective.run_on)) for one in work] == [
        ("stop", DEFAULT_TIMEOUT, "always"),
        ("stop", 7, "failure"),
    ]


def test_a_name_that_is_taken_gets_a_number(workspace: Workspace) -> None:
    workspace.store.scripts.add(NewScript("stop", b"another\n"))
    do(workspace, found(repository(), repository(location="/elsewhere")))
    assert [one.name for one in workspace.store.repositories.list()] == ["Home", "Home 2"]
    assert {one.name for one in workspace.store.scripts.list()} == {"start", "stop", "stop 2"}


def test_archives_of_two_set_ups_in_one_repository_stay_apart(workspace: Workspace) -> None:
    name = "{hostname}-{now}"
    kept: dict[str, Any] = {"retention": Retention(daily=3), "location": "/backup/both", "archive_name": name}
    planned = plan(workspace, found(repository(**kept), repository("Work", sources=("/other",), **kept)))
    assert [one.repository.archive_name for one in planned.repositories] == [
        name,
        "{hostname}-work-{now:%Y-%m-%dT%H:%M:%S}",
    ]
    assert "Retention leaves the old archives alone" in planned.repositories[1].notes[0]


def test_what_cannot_be_added_is_said_and_the_rest_is_added(workspace: Workspace) -> None:
    bad = (
        repository("Nowhere", location="nowhere"),
        repository("Nothing", sources=()),
        repository("Relative", sources=("here", "../x")),
    )
    planned = plan(workspace, found(repository(), *bad))
    assert [bool(one.problem) for one in planned.repositories] == [False, True, True, True]
    assert {one.what for one in planned.not_taken} == {
        "Relative: source “here”",
        "Relative: source “../x”",
    }
    assert [one.name for one in carry_out(workspace, planned).repositories] == ["Home"]


def test_only_what_was_chosen_is_added(workspace: Workspace) -> None:
    what = replace(found(repository(), repository("Work", uses=())), scripts=(SECRET,))
    carry_out(workspace, plan(workspace, what), [1], [])
    assert [one.name for one in workspace.store.repositories.list()] == ["Work"]
    assert workspace.store.scripts.list() == []


class TestNothingIsLeft:
    """After an error at any point."""

    WHAT = found(repository(passphrase="one"), repository("Work", passphrase="two", cron="1 1 * * *"))

    def check(self, workspace: Workspace) -> None:
        assert workspace.store.repositories.list() == []
        assert workspace.store.scripts.list() == []
        assert workspace.store.schedules.list() == []
        assert library(workspace) == []
        assert workspace.secrets.get("repository:1", "passphrase") is None
        assert len(do(workspace, self.WHAT).repositories) == 2

    def test_when_a_name_was_taken_meanwhile(self, workspace: Workspace) -> None:
        planned = plan(workspace, self.WHAT)
        rival = workspace.store.repositories.add(planned.repositories[1].repository)
        with pytest.raises(InvalidInput, match="already a repository called “Work”"):
            carry_out(workspace, planned)
        workspace.store.repositories.remove(rival.id)
        self.check(workspace)

    def test_when_a_passphrase_cannot_be_stored(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        keep = Secrets.set

        def one_only(secrets: Secrets, owner: str, name: str, value: str) -> None:
            if value == "two":
                raise SecretsUnavailable("The keyring is locked.")
            keep(secrets, owner, name, value)

        with monkeypatch.context() as patched:
            patched.setattr(Secrets, "set", one_only)
            with pytest.raises(SecretsUnavailable):
                do(workspace, self.WHAT)
        self.check(workspace)

    def test_when_the_disk_fails_at_the_end(self, workspace: Workspace) -> None:
        def fail(_connection: object) -> None:
            raise OSError("no commit")

        planned = plan(workspace, self.WHAT)
        with workspace.store.database.reading() as session:
            engine = session.connection().engine
        event.listen(engine, "commit", fail)
        with pytest.raises(OSError, match="no commit"):
            carry_out(workspace, planned)
        event.remove(engine, "commit", fail)
        self.check(workspace)


# A folder of scripts


def test_a_folder_of_scripts(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    (folder / "below").mkdir(parents=True)
    (folder / "docker-stop.sh").write_text("#!/bin/sh\ndocker stop db\n")
    (folder / "below" / "again.sh").write_text("#!/bin/sh\r\ndocker stop db\r\n")
    (folder / "we\nird.sh").write_text("echo weird\n")
    (folder / "-rf.sh").write_text("echo rf\n")
    (folder / "README.txt").write_text("These scripts stop the database.\n")
    (folder / "really.txt").write_text("#!/bin/sh\necho really\n")
    (folder / "picture.png").write_bytes(b"\0\1\2")
    (folder / "empty.sh").write_text("")
    (folder / ".hidden").write_text("echo no\n")
    (folder / "shadow.sh").symlink_to("/etc/passwd")
    (folder / "loop.sh").symlink_to("loop.sh")
    os.mkfifo(folder / "pipe.sh")
    what = read_script_folder(folder)
    no_scripts = {"picture.png", "empty.sh", "shadow.sh", "loop.sh", "pipe.sh", "README.txt"}
    assert {one.what for one in what.not_taken} == no_scripts
    do(workspace, what)
    names = {one.name: Path(one.file_path).name for one in workspace.store.scripts.list()}
    assert names == {"Docker stop": "docker-stop.sh", "Weird": "weird.sh", "Rf": "-rf.sh", "Really": "really.txt"}


@pytest.mark.parametrize("name", ["missing", "file", "nul\0", ""])
def test_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput) if name else pytest.MonkeyPatch.context():
        read_script_folder(tmp_path / name)


@pytest.mark.parametrize("timeout", [-5, 2**62])
def test_a_timeout_that_is_none_is_left_out(workspace: Workspace, timeout: int) -> None:
    planned = plan(workspace, found(repository(uses=(FoundUse(STOP, Hook.PRE_BACKUP, timeout=timeout),))))
    assert [one.what for one in planned.not_taken] == ["timeout of the script “stop”"]
    (made,) = carry_out(workspace, planned).assignments
    assert made.timeout is None
