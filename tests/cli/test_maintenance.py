"""Pruning, compacting and checking on the command line, with real Borg."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.repository import Retention
from tests.cli.lab import BorgDesk


def test_a_repository_is_pruned_compacted_and_checked(desk: BorgDesk) -> None:
    desk.add_repository("Papers", archive_name="papers-{now}", retention=Retention(last=1))
    (desk.source / "noise").write_bytes(bytes(range(256)) * 4000)
    none = desk("prune", "Papers", "--json")
    assert (none.code, none.json["pruned"]) == (0, 0)
    desk.back_up("Papers")
    check = desk("check", "Papers", "--archives-only", "--json")
    assert (check.code, check.json["kind"], check.json["archives_only"]) == (0, "check", True)
    asked = desk("check", "Papers", "--repair")
    assert (asked.code, asked.out) == (2, "")
    assert asked.said[-1].startswith("borgdesk: Repair “Papers”? What is damaged is deleted")
    compacted = desk("compact", "Papers", "--json")
    assert (compacted.code, compacted.json["kind"]) == (0, "compact")
    assert compacted.json["freed"] >= 0
    kinds = [run["kind"] for run in desk("history", "--repo", "Papers", "--json").json]
    assert kinds == ["compact", "check", "backup", "prune"]


def test_what_cannot_be_done(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    pruned = desk("prune", "Papers", "--yes")
    assert pruned.code == 2
    assert "has no rules of retention" in pruned.out + pruned.err
    both = desk("check", "Papers", "--repository-only", "--verify-data")
    assert (both.code, both.out) == (2, "")
    assert both.said == ["borgdesk: A repository-only check can neither verify data nor be limited to archives."]
    assert desk("check", "Papers", "--repository-only", "--archives-only").code == 64


@pytest.mark.parametrize("trouble", ["away", "locked", "wrong-passphrase"])
def test_information_that_cannot_be_read(desk: BorgDesk, trouble: str) -> None:
    if trouble == "wrong-passphrase":
        location = str(desk.folder / "secret.borg")
        words = ("repo", "add", "Papers", "--source", str(desk.source), "--location", location, "--init", "repokey")
        desk.ok(*words, "--passcommand", "printf right")
        repositories = desk.workspace.store.repositories
        repositories.update(replace(repositories.get("Papers"), passcommand="printf wrong"))
    else:
        place = Path(desk.add_repository("Papers").location)
        if trouble == "away":
            place.rename(desk.folder / "elsewhere")
        else:
            (place / "lock.exclusive").mkdir()
            (place / "lock.exclusive" / "nas@123.4567-0").touch()
    answer = desk("info", "Papers", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "could not be opened. " in answer.said[-1]
    assert "Traceback" not in answer.err
    (run,) = desk("history", "--json").json
    assert (run["kind"], run["status"], run["borg"][0]["step"]) == ("info", "failure", "info")
    assert run["error"] in answer.said[-1]
