"""``borgdesk statistics``, and free space in the history."""

from __future__ import annotations

from tests.cli.lab import BorgDesk


def test_sizes_over_time(desk: BorgDesk) -> None:
    location = str(desk.folder / "r")
    desk("repo", "add", "R", "--location", location, "--source", str(desk.source), "--init", "none")
    nothing = desk("statistics", "R")
    assert (nothing.code, nothing.out) == (0, "")
    assert "“R” has no backups with known sizes yet." in nothing.err
    assert desk("statistics", "R", "--json").json == []
    (run,) = desk("run", "R", "--json").json
    (one,) = desk("statistics", "R", "--json").json
    assert set(one) == set(
        "repository at run archive files original_size new_size repository_size free_before free_after".split()
    )
    assert (one["run"], one["archive"], one["repository"]) == (run["id"], run["archive"], "R")
    assert one["repository_size"] > 0
    assert one["original_size"] == run["original_size"]
    shown = desk("history", "show", str(run["id"])).out
    assert "Free space" in shown
    assert run["archive"] in desk("statistics", "R", "--limit", "1").out
    told = desk("history", "show", str(run["id"]), "--json").json
    assert (told["free_before"], told["free_after"]) == (one["free_before"], one["free_after"])
    assert told["free_before"] > 0
