"""Import contracts in pyproject.toml: each one is violated in a copy of the package, which must be detected."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

OFFENCES = [
    ("layers", "domain/offence.py", "import borgdesk.engine"),
    ("layers", "store/offence.py", "import borgdesk.borg"),
    ("layers", "cli.py", "import borgdesk.gui"),
    ("layers", "stray.py", ""),
    ("no-cycles", "engine/offence.py", "import borgdesk.engine.accomplice"),
    ("qt", "engine/offence.py", "import PySide6.QtCore"),
    ("qt", "cli.py", "from PySide6 import QtCore"),
    ("qscintilla", "gui/offence.py", "from PyQt6.Qsci import QsciScintilla"),
    ("sql", "engine/offence.py", "import sqlalchemy.orm"),
    ("sql", "gui/offence.py", "import sqlite3"),
    ("programs", "engine/offence.py", "import subprocess"),
    ("programs", "gui/offence.py", "import subprocess"),
    ("pure", "domain/offence.py", "import os.path"),
    ("pure", "borg/offence.py", "import jeepney"),
    ("engine", "engine/processes/offence.py", "import borgdesk.engine.runs.backup"),
    ("engine", "engine/scripts/offence.py", "import borgdesk.engine.lanes.preview"),
    ("engine", "engine/stray.py", ""),
    ("gui", "gui/runs/offence.py", "import borgdesk.gui.scripts.test_worker"),
    ("gui", "gui/look/offence.py", "import borgdesk.gui.shell.tray"),
]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    copy = tmp_path / "borgdesk"
    shutil.copytree(ROOT / "borgdesk", copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (copy / "gui" / "pages").mkdir(exist_ok=True)
    (copy / "gui" / "pages" / "__init__.py").touch()
    return copy


@pytest.mark.parametrize(("contract", "file", "offence"), OFFENCES)
def test_an_offence_breaks_its_contract(package: Path, contract: str, file: str, offence: str) -> None:
    offender = package / file
    shutil.rmtree(offender.with_suffix(""), ignore_errors=True)  # a folder of the same name would take precedence
    offender.parent.mkdir(exist_ok=True)
    offender.write_text(f"{offence}\n")
    (offender.parent / "accomplice.py").write_text(f"import {module_name(offender, package)}\n")

    lint = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(
        [lint, "--no-logo", "--no-cache", "--contract", contract],
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1, told.stdout + told.stderr
    assert offender.stem in told.stdout


def module_name(file: Path, package: Path) -> str:
    return ".".join(file.relative_to(package.parent).with_suffix("").parts)


def test_the_pure_folders_may_import_no_dependency() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    forbidden = next(set(contract["forbidden_modules"]) for contract in contracts if contract["id"] == "pure")
    dependencies = {
        normalised(match.group())
        for line in configuration["project"]["dependencies"]
        if (match := re.match(r"[\w.-]+", line))
    }
    imported = {
        module
        for module, distributions in packages_distributions().items()
        if dependencies & {normalised(name) for name in distributions} and is_importable(module)
    }
    assert imported >= {"sqlalchemy", "PySide6", "PyQt6"}
    assert imported <= forbidden


def is_importable(module: str) -> bool:
    """Tell packages and modules from data folders that a distribution installs beside them."""
    spec = find_spec(module)
    return spec is not None and spec.origin is not None and not module.startswith("_")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
