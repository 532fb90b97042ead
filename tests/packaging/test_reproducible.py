"""Two builds of the same commit are the same, byte for byte, whenever and in whatever folder they are made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILDS = {
    "deb": ["packaging/deb.py"],
    "tarball": ["packaging/tarball.py"],
    "wheel": ["-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d"],
}


def built(kind: str, folder: Path, umask: int) -> dict[str, str]:
    """Build into a folder; return the checksums of the files by their names."""
    folder.mkdir(parents=True)
    environment = {**os.environ, "TMPDIR": str(folder.parent), "TZ": f"XYZ{umask}"}
    subprocess.run([sys.executable, *BUILDS[kind], folder], cwd=ROOT, env=environment, umask=umask, check=True)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}


@pytest.mark.packages
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", BUILDS)
def test_two_builds_are_the_same(kind: str, tmp_path: Path) -> None:
    first = built(kind, tmp_path / "one" / "dist", 0o022)
    assert first
    assert built(kind, tmp_path / "another, longer" / "dist", 0o007) == first
