"""Command line in a pseudo language: help, a failing command, wrong usage; and JSON, which stays English."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pseudo

ROOT = Path(__file__).parents[2]
SPOKEN = """
import sys
from borgdesk import translation
translation.FOLDER = sys.argv.pop(1)
from borgdesk.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pseudo.install(tmp_path / "locale")
    return tmp_path / "locale"


def borgdesk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LANGUAGE": pseudo.NAME, "LC_ALL": "C.UTF-8", "COLUMNS": "1000"}
    command = [sys.executable, "-c", SPOKEN, str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


COMMANDS = [(), ("repo", "add"), ("script", "test"), ("archive", "list"), ("run",), ("history",), ("key",)]


def untranslated(line: str) -> list[str]:
    """Return the parts of a line of help outside brackets, except what users type: names, options, arguments."""
    if re.match(r" {2,4}\S", line):
        line = line.replace("lz4, zstd,6, auto,zstd", "")
        line = line[4:].partition("  ")[2]  # the description, which is on the next line if the name is long
    while (shorter := re.sub(r"\[[^\[\]]*\]", " ", line)) != line:
        line = shorter
    return [word for word in re.findall(r"[A-Za-z][\w-]+", line) if not re.fullmatch(r"[A-Z_]+", word)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_translated(folder: Path, command: tuple[str, ...]) -> None:
    said = borgdesk(folder, *command, "--help")

    assert said.returncode == 0, said.stderr
    about = said.stdout.split("\n\n", 1)[1]
    assert [line for line in about.splitlines() if untranslated(line)] == []


def test_wrong_usage_and_errors_are_translated(folder: Path) -> None:
    wrong = borgdesk(folder, "repo", "show")
    assert wrong.returncode == 64
    assert "[ţhé" in wrong.stderr or "[thé" in wrong.stderr
    assert "REPO" in wrong.stderr

    missing = borgdesk(folder, "repo", "show", "Docs")
    assert missing.returncode == 2
    assert missing.stderr.startswith("borgdesk: [Théŕé íš ñó ŕépóšítóŕý “Docs”.~")


def test_programs_are_told_english(folder: Path) -> None:
    missing = borgdesk(folder, "repo", "show", "Docs", "--json")
    assert missing.stderr == "borgdesk: There is no repository “Docs”.\n"

    listed = borgdesk(folder, "repo", "list", "--json")
    assert listed.stderr == "There are no repositories yet. See “borgdesk repo add --help”.\n" or not listed.stderr
    assert json.loads(listed.stdout) == []
