"""``borgdesk repo preview``."""

from __future__ import annotations

from tests.cli.lab import BorgDesk


def test_what_a_backup_would_contain(desk: BorgDesk) -> None:
    (desk.source / "big").write_bytes(b"x" * 4000)
    (desk.source / "left.tmp").write_bytes(b"x" * 100)
    location = str(desk.folder / "r")
    desk("repo", "add", "R", "--location", location, "--source", str(desk.source), "--init", "none",
         "--exclude", "sh:**/*.tmp")  # fmt: skip
    shown = desk("repo", "preview", "R", "--json").json
    assert set(shown) == set("repository files size left_out unknown biggest excluded warnings".split())
    assert shown["repository"] == "R"
    assert {"path": f"{desk.source}/big", "type": "file", "size": 4000} in shown["biggest"]
    assert {"path": f"{desk.source}/left.tmp", "type": "file", "size": 100} in shown["excluded"]
    text = desk("repo", "preview", "R", "--limit", "1")
    assert text.code == 0
    assert f"{desk.source}/" in text.out
    assert "before compression and deduplication" in text.out
    assert not [*(desk.folder / "home").glob("**/previews/*")]


def test_without_a_source_there_is_no_preview(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Docs")
    done = desk("repo", "edit", "Docs", "--source", "/not/there")
    assert done.code == 0, done.err
    done = desk("repo", "preview", "Docs")
    assert (done.code, done.out) == (2, "")
    assert "No source can be read at the moment" in done.err
