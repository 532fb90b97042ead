"""Pinned requirements: complete, hashed, independent of an index, and consistent with the wheel's dependencies."""

import re
import tomllib
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"


def project_names(requirements: list[str]) -> set[str]:
    """Return the names, as an index compares them, of requirement lines such as `SQLAlchemy>=2,<3`."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", match.group()).lower() for match in found if match}


def lines_of(name: str) -> list[str]:
    return (PACKAGING / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-mutants.txt"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    lines = lines_of(name)
    starts = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z0-9]", line)]
    assert starts
    for start in starts:
        assert re.fullmatch(r"[a-z0-9-]+==\S+ \\", lines[start])
        hashes = list(takewhile(lambda line: line.startswith("    --hash=sha256:"), lines[start + 1 :]))
        assert hashes, lines[start]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-mutants.txt"])
def test_no_index_and_no_path_is_named(name: str) -> None:
    options = [
        line for line in lines_of(name) if line.startswith("-") or "://" in line or line.lstrip("# ").startswith("/")
    ]
    assert options == []


def test_what_runs_is_pinned_to_the_same_versions_for_tests() -> None:
    pins = {line for line in lines_of("requirements.txt") if "==" in line}
    assert pins
    assert pins <= set(lines_of("requirements-dev.txt"))


def test_the_wheel_depends_on_what_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project_names(project["dependencies"]) == project_names(lines_of("requirements.in"))


@pytest.mark.parametrize("name", ["apt-run.txt", "apt-test.txt"])
def test_debian_packages_stand_one_a_line(name: str) -> None:
    for line in lines_of(name):
        assert re.fullmatch(r"#.*|[a-z0-9][a-z0-9+.-]+( +# .+)?", line), line
