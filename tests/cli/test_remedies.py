"""Repositories that do not open until the user decides, with real Borg: moved or locked."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.lab import BorgDesk
from tests.cli.screen import Terminal


def lock(repository: Path) -> None:
    (repository / "lock.exclusive").mkdir()
    (repository / "lock.exclusive" / "nas@123.4567-0").touch()
    (repository / "lock.roster").write_text(json.dumps({"exclusive": [["nas@123", 4567, 0]]}))


def test_moved(desk: BorgDesk) -> None:
    docs = desk.add_repository("Docs")
    target = str(desk.folder / "moved.borg")
    Path(docs.location).rename(target)
    refused = desk("repo", "edit", "Docs", "--location", target)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.strip().endswith("To confirm, run the command again with --moved.")
    assert f"When it was last used, it was at {docs.location}." in refused.err
    desk.ok("repo", "edit", "Docs", "--location", target, "--moved")
    desk.ok("run", "Docs")


def test_moved_and_added_again(desk: BorgDesk) -> None:
    docs = desk.add_repository("Docs")
    desk.ok("repo", "remove", "Docs")
    target = str(desk.folder / "moved.borg")
    Path(docs.location).rename(target)
    words = ("repo", "add", "Again", "--location", target, "--source", str(desk.source))
    assert desk(*words).code == 2
    desk.ok(*words, "--moved")


def test_a_lock_of_another_machine(desk: BorgDesk) -> None:
    docs = desk.add_repository("Docs")
    lock(Path(docs.location))
    unasked = desk("break-lock", "Docs")
    assert unasked.code == 2
    assert "It is held by process 4567 on nas since 20" in unasked.err
    assert "There is no terminal to ask on. To confirm, use --yes." in unasked.err
    assert (Path(docs.location) / "lock.exclusive").exists()
    done = desk.ok("break-lock", "Docs", "--yes", "--json")
    assert done.json["repository"] == "Docs"
    assert done.json["held_by"][0].startswith("process 4567 on nas since")
    assert not (Path(docs.location) / "lock.exclusive").exists()
    desk.ok("run", "Docs")


def test_on_a_terminal_it_asks(desk: BorgDesk) -> None:
    docs = desk.add_repository("Docs")
    lock(Path(docs.location))
    for answer, code, there in (("n\n", 2, True), ("\n", 2, True), ("y\n", 0, False)):
        with Terminal(desk, "break-lock", "Docs") as terminal:
            terminal.wait_for("[y/N]")
            terminal.press(answer)
            assert terminal.end()[0] == code
        assert (Path(docs.location) / "lock.exclusive").exists() is there


def test_making_and_removing_speak_of_key_and_passphrase(desk: BorgDesk) -> None:
    words = ("repo", "add", "Docs", "--location", str(desk.folder / "docs"), "--source", str(desk.source))
    made = desk.ok(*words, "--init", "keyfile", "--passphrase-stdin", stdin="correct horse\n")
    assert "“borgdesk key export” saves the key." in made.err
    removed = desk.ok("repo", "remove", "Docs")
    assert "you need it and the key file on this machine." in removed.err
    again = desk.ok(*words, "--passphrase-stdin", stdin="correct horse\n")
    assert "key export" not in again.err


def test_excludes_are_tidied_refused_and_remarked_upon(desk: BorgDesk) -> None:
    new = ("repo", "add", "Docs", "--location", str(desk.folder / "docs.borg"), "--source", str(desk.source), "--init")
    refused = desk(*new, "none", "--exclude", "- *.tmp")
    assert refused.code == 64
    assert "is a rule from a Borg patterns file" in refused.err
    done = desk.ok(*new, "none", "--exclude", " '*.tmp' ", "--exclude", "node_modules", "--json")
    assert done.json["excludes"] == ["*.tmp", "node_modules"]
    remark = "“node_modules” excludes nothing: it matches only /node_modules itself. To match"
    assert remark in done.err
    assert remark in desk.ok("plan", "Docs").err
    assert remark not in desk.ok("repo", "edit", "Docs", "--compression", "none").err
