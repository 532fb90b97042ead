"""Borg 2 on the command line, if BORGDESK_BORG names one: lists and restores, with a note that this is experimental."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.lab import BorgDesk
from tests.engine.archives.lab import borg, is_borg2

pytestmark = pytest.mark.skipif(not is_borg2(), reason="BORGDESK_BORG does not name a Borg 2")

EXPERIMENTAL = (
    "Borg 2 is experimental: archives can be listed and restored only. Everything else needs Borg 1.2 or 1.4."
)


def test_a_file_is_restored_and_nothing_is_backed_up(desk: BorgDesk, tmp_path: Path) -> None:
    source, location = tmp_path / "source", tmp_path / "two"
    source.mkdir()
    (source / "file").write_text("one")
    borg(tmp_path, "repo-create", "--encryption=none-sha256", f"--repo={location}")
    borg(tmp_path, "create", f"--repo={location}", "docs", str(source))
    added = desk("repo", "add", "Two", "--location", str(location), "--source", str(source))
    assert added.code == 0, added.err
    listed = desk("archive", "list", "Two", "--json")
    assert (listed.code, [one["name"] for one in listed.json]) == (0, ["docs"])
    assert EXPERIMENTAL in listed.err
    refused = desk("run", "Two")
    assert refused.code == 2
    assert EXPERIMENTAL in refused.out + refused.err
    restored = desk("restore", "Two", "docs", f"{source}/file", "--to", str(tmp_path / "out"))
    assert restored.code == 0, restored.err
    assert (tmp_path / "out" / "file").read_text() == "one"
