"""What the program that takes screenshots understands; nobody compares its pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import screenshots

ROOT = Path(__file__).parents[2]


def test_asking_for_help_makes_no_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.screenshots", "--help"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "usage:" in done.stdout) == (0, True), done.stderr
    assert not (tmp_path / "--help").exists()


@pytest.mark.parametrize(
    "words", [[], ["--size"], ["there", "wide"], ["there", "800x600", "double"], ["there", "800x600", "2", "arcives"]]
)
def test_what_is_not_understood_makes_no_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        screenshots.main(words)
    assert not (tmp_path / "there").exists()


def test_everything_but_the_folder_may_be_left_out() -> None:
    assert screenshots.parsed(["there"]).scenes == ["empty", "realistic", "archives", "ugly"]
    found = screenshots.parsed(["there", "800x600", "1.5", "ugly,empty"])
    assert (found.folder, found.size, found.scale, found.scenes) == (Path("there"), "800x600", 1.5, ["ugly", "empty"])
