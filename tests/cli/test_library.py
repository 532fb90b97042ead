"""``borgdesk library``: a script library in git, on two machines with a real remote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.run import Hook
from tests.cli.lab import BorgDesk
from tests.engine.git.machines import bare, git


def machine(folder: Path, remote: Path) -> BorgDesk:
    desk = BorgDesk(folder)
    library = desk.workspace.paths.library
    git(library, "init", "--quiet", "--initial-branch=main")
    git(library, "config", "user.name", "Anna")
    git(library, "config", "user.email", "anna@example.org")
    git(library, "remote", "add", "origin", str(remote))
    return desk


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare(tmp_path / "remote.git")


@pytest.fixture
def one(tmp_path: Path, remote: Path) -> Iterator[BorgDesk]:
    desk = machine(tmp_path / "one", remote)
    yield desk
    desk.close()


@pytest.fixture
def other(tmp_path: Path, remote: Path) -> Iterator[BorgDesk]:
    desk = machine(tmp_path / "other", remote)
    yield desk
    desk.close()


def write(desk: BorgDesk, name: str, text: str) -> str:
    file = desk.folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    return str(file)


def test_a_library_that_is_not_in_git(desk: BorgDesk) -> None:
    for words in (["status"], ["log"], ["diff"], ["commit", "-m", "x"], ["pull"], ["push"]):
        answer = desk.here("library", *words)
        assert (answer.code, answer.out) == (2, "")
        assert "“git init" in answer.err


def test_two_machines_edit_the_same_script(one: BorgDesk, other: BorgDesk) -> None:
    one.ok("script", "add", write(one, "stop.sh", "echo first"), "--name", "Stop")
    assert [entry["message"] for entry in one.ok("library", "log", "--json").json] == ["Add “Stop”"]
    assert one.ok("library", "push").said == ["1 commit was sent."]
    pulled = other.ok("library", "pull", "--json").json
    assert [(found["path"], found["state"], found["done"]) for found in pulled["changes"]] == [
        ("stop.sh", "free", "taken")
    ]
    other.ok("script", "add", str(other.workspace.paths.library / "stop.sh"), "--name", "Copy")
    registered = other.workspace.store.scripts.register(other.workspace.paths.library / "stop.sh")
    other.add_pretended_repository("Docs")
    other.assign("Docs", registered.name, Hook.PRE_BACKUP)

    one.ok("script", "edit", "Stop", "--file", write(one, "new", "echo second"))
    one.ok("library", "push")
    shown = other("library", "pull")
    assert shown.code == 1
    assert "+echo second" in shown.out
    assert "It is used by “Docs”, so it waits for --yes." in shown.out
    assert "1 change waits for a decision." in shown.err
    assert "echo first" in other.ok("script", "show", "stop", "--json").json["content"]
    assert other.ok("library", "status", "--json").json["behind"] == 1

    taken = other.ok("library", "pull", "--yes", "stop", "--json").json
    assert (taken["moved"], taken["changes"][0]["done"]) == (True, "taken")
    assert "echo second" in other.ok("script", "show", "stop", "--json").json["content"]

    one.ok("script", "edit", "Stop", "--file", write(one, "new", "echo on one"))
    one.ok("library", "push")
    other.ok("script", "edit", "stop", "--file", write(other, "new", "echo on the other"))
    refused = other("library", "push")
    assert (refused.code, refused.err) == (
        2,
        "borgdesk: The remote has changes that the library does not have. Pull them first.\n",
    )
    conflict = other("library", "pull", "--json")
    assert (conflict.code, conflict.json["changes"][0]["state"]) == (1, "conflict")
    assert other("library", "pull", "--yes", "stop", "--mine", "stop.sh").code == 2
    other.ok("library", "pull", "--mine", "stop")
    assert other.ok("library", "push").code == 0
    one.ok("library", "pull")
    assert "echo on the other" in one.ok("script", "show", "Stop", "--json").json["content"]
    assert one.ok("library", "status", "--json").json["changes"] == []


def test_status_diff_and_commit(one: BorgDesk) -> None:
    one.ok("settings", "set", "library.commit-on-save", "false")
    one.ok("script", "add", write(one, "stop.sh", "echo first"), "--name", "Stop")
    status = one.ok("library", "status", "--json").json
    assert (status["branch"], status["commit"], status["ahead"]) == ("main", None, 0)
    assert [(found["path"], found["change"], found["script"]["name"]) for found in status["changes"]] == [
        ("stop.sh", "added", "Stop")
    ]
    assert "stop.sh" in one.ok("library", "status").out
    assert one.ok("library", "log").said == ["There is no commit yet."]
    made = one.ok("library", "commit", "-m", "First", "--json").json
    assert (made["author"], made["email"], made["message"]) == ("Anna", "anna@example.org", "First")
    one.ok("script", "edit", "Stop", "--file", write(one, "new", "echo second"))
    assert "-echo first\n+echo second\n" in one.ok("library", "diff", "Stop").out
    assert one.ok("library", "diff", "--json").json[0]["diff"][-1] == "+echo second"
    one.ok("library", "commit", "-m", "Second")
    assert one.ok("library", "diff").said == ["Nothing has changed since the last commit."]
    assert "Second" in one.ok("library", "log", "Stop").out
    assert one.ok("library", "commit", "-m", "Third").said == ["Nothing has changed since the last commit."]


def test_what_is_removed_is_committed(one: BorgDesk) -> None:
    one.ok("script", "add", write(one, "stop.sh", "echo first"), "--name", "Stop")
    one.ok("script", "remove", "Stop")
    assert [entry["message"] for entry in one.ok("library", "log", "--json").json] == ["Remove “Stop”", "Add “Stop”"]
    assert one.ok("library", "status", "--json").json["changes"] == []


def test_names_that_nothing_has(one: BorgDesk) -> None:
    one.ok("script", "add", write(one, "stop.sh", "echo first"), "--name", "Stop")
    for words in (["log", "None"], ["diff", "None"], ["diff", "Stop"], ["pull", "--yes", "Stop"]):
        answer = one("library", *words)
        assert answer.code == 2, words
        assert answer.err.startswith("borgdesk: "), words
