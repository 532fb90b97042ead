"""Command line in a pseudo language: help, a failing command, wrong usage; and JSON, which stays English."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.domain.run import OnFailure, Outcome
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


def spoken() -> dict[str, str]:
    return {**os.environ, "LANGUAGE": pseudo.NAME, "LC_ALL": "C.UTF-8", "COLUMNS": "1000"}


def borgdesk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SPOKEN, str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, env=spoken(), capture_output=True, text=True, check=False)


HELP = """
import argparse, json, sys
from borgdesk import translation
translation.FOLDER = sys.argv.pop(1)
from borgdesk.cli.parser import build

def pages(parser):
    yield parser.prog, parser.format_help()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from pages(command)

print(json.dumps(dict(pages(build()))))
"""
STATUS_WORDS = {word.value for kind in (Outcome, OnFailure) for word in kind}
"""The same in every language, because options take them."""


def untranslated(line: str) -> list[str]:
    """Return the parts of a line of help outside brackets, except what users type: names, options, arguments."""
    if re.match(r" {2,4}\S", line):
        line = line.replace("lz4, zstd,6, auto,zstd", "")
        line = line[4:].partition("  ")[2]  # the description, which is on the next line if the name is long
    while (shorter := re.sub(r"\[[^\[\]]*\]", " ", line)) != line:
        line = shorter
    return [word for word in re.findall(r"[A-Za-z][\w-]+", line) if not re.fullmatch(r"[A-Z_]+", word)]


def test_all_help_is_translated(folder: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", HELP, str(folder)], cwd=ROOT, env=spoken(), capture_output=True, text=True, check=True
    )
    pages = json.loads(said.stdout)
    assert len(pages) > 80
    english = {
        command: words
        for command, text in pages.items()
        for line in text.split("\n\n", 1)[1].splitlines()
        if (words := set(untranslated(line)) - STATUS_WORDS)
    }
    assert english == {}


@pytest.mark.parametrize("command", [("settings", "list"), ("script", "list"), ("ssh-key", "list")], ids=" ".join)
def test_headings_of_lists_are_translated(folder: Path, command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "stop.sh").write_text("#!/bin/sh\n")
    assert borgdesk(folder, "script", "add", str(tmp_path / "stop.sh")).returncode == 0
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519.pub").write_text("ssh-ed25519 AAAA me@here\n")
    listed = borgdesk(folder, *command)
    assert listed.returncode == 0, listed.stderr
    heading = (listed.stdout or listed.stderr).splitlines()[0]
    assert heading
    assert untranslated(heading.strip()) == []


@pytest.mark.parametrize(
    "command",
    [("repo", "list"), ("history",), ("owed",), ("restore", "list"), ("pack", "list")],
    ids=" ".join,
)
def test_that_there_is_nothing_is_said_in_the_language(folder: Path, command: tuple[str, ...]) -> None:
    told = borgdesk(folder, *command)
    (line,) = (told.stdout + told.stderr).splitlines()
    assert untranslated(line.strip()) == []


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
