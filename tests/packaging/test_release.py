"""Making a release, in a copy of the project whose tests are one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "pyproject.toml",
    "CHANGELOG.md",
    "borgdesk/domain/version.py",
    "packaging/release.py",
    "packaging/org.borgdesk.BorgDesk.metainfo.xml",
)
MAKEFILE = "test:\n\ttest ! -e broken\nwheel deb tarball:\n\ttouch $@.built\n"


class Project:
    """A small copy with a git repository of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        who = [f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
        self.environment = {**os.environ, **dict.fromkeys(who, "ann@example.invalid"), "GIT_CONFIG_GLOBAL": os.devnull}
        for name in NEEDED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "Makefile").write_text(MAKEFILE)
        (folder / ".gitignore").write_text("*.built\nbroken\n")
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "begin")

    def git(self, *arguments: str) -> str:
        return self._run("git", *arguments).stdout

    def release(self, version: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "packaging/release.py", version, check=False)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def _run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=check)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_release_is_tested_committed_tagged_and_built(project: Project) -> None:
    done = project.release("0.2.0")
    assert done.returncode == 0, done.stderr
    assert 'version = "0.2.0"' in project.text("pyproject.toml")
    assert 'VERSION = "0.2.0"' in project.text("borgdesk/domain/version.py")
    assert project.text("CHANGELOG.md").splitlines()[2].startswith("## 0.2.0 (20")
    assert '<release version="0.2.0" date="20' in project.text("packaging/org.borgdesk.BorgDesk.metainfo.xml")
    assert project.git("status", "--porcelain") == ""
    assert project.git("describe").strip() == "v0.2.0"
    assert {file.stem for file in project.folder.glob("*.built")} == {"wheel", "deb", "tarball"}


@pytest.mark.parametrize("version", ["0.2", "v0.2.0", "0.2.0rc1", ""])
def test_a_version_has_three_numbers(project: Project, version: str) -> None:
    assert "is not a version such as 1.2.3" in project.release(version).stderr


def test_versions_only_grow(project: Project) -> None:
    project.git("tag", "v0.10.0")
    assert "0.9.0 is not higher than 0.10.0, which is released" in project.release("0.9.0").stderr


def test_what_is_not_committed_is_not_released(project: Project) -> None:
    (project.folder / "note").touch()
    assert "not committed" in project.release("0.2.0").stderr


def test_a_release_without_changes_is_none(project: Project) -> None:
    assert project.release("0.2.0").returncode == 0
    assert "no section" in project.release("0.3.0").stderr


def test_after_failed_tests_everything_is_as_it_was(project: Project) -> None:
    (project.folder / "broken").touch()
    done = project.release("0.2.0")
    assert done.returncode == 1
    assert "release: the tests failed, so everything is as it was" in done.stderr
    assert project.git("status", "--porcelain") == ""
    assert not project.git("tag")
