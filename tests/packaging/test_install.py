"""`pip install .` installs a working command, with the resources inside the package."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("borgdesk", "resources", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where pip installed the project. Its dependencies are those of the running interpreter."""

    prefix: Path
    packages: Path

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.prefix),
            "BORGDESK_HOME": str(self.prefix / "home"),
            "PYTHONPATH": str(self.packages),
        }

    def run(self, *argv: str | Path) -> str:
        done = subprocess.run(argv, cwd=self.prefix, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def metadata(self) -> Message:
        (file,) = self.packages.glob("borgdesk-*.dist-info/METADATA")
        return Parser().parsestr(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    source = tmp_path_factory.mktemp("source")
    prefix = tmp_path_factory.mktemp("prefix")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--no-warn-script-location", "--ignore-installed", "--prefix", prefix, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (packages,) = prefix.glob("lib/python3*/site-packages")
    return Installation(prefix, packages)


def test_the_command_works_from_the_installed_package(installation: Installation) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert version in installation.run(installation.prefix / "bin" / "borgdesk", "--version")
    where = installation.run(sys.executable, "-c", "import borgdesk.cli; print(borgdesk.cli.__file__)")
    assert Path(where.strip()).is_relative_to(installation.packages)


def test_every_resource_is_inside(installation: Installation) -> None:
    resources = {
        file.relative_to(ROOT / "resources")
        for file in (ROOT / "resources").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    installed = installation.packages / "borgdesk" / "resources"

    assert resources
    assert {file.relative_to(installed) for file in installed.rglob("*") if file.is_file()} == resources


def test_nothing_but_the_package_is_installed(installation: Installation) -> None:
    names = {path.name for path in installation.packages.iterdir() if not path.name.endswith(".dist-info")}

    assert names == {"borgdesk"}
    assert [path.name for path in (installation.prefix / "bin").iterdir()] == ["borgdesk"]


def test_the_metadata_names_licence_and_python(installation: Installation) -> None:
    metadata = installation.metadata()

    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert metadata["Requires-Python"] == ">=3.11"


def test_the_guide_that_f1_shows_is_inside_the_package(installation: Installation) -> None:
    installed = installation.packages / "borgdesk" / "docs"
    assert {file.name for file in installed.iterdir()} == {file.name for file in (ROOT / "docs").iterdir()}
